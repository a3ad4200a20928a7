"""Stock elsewhere: the hub is asked about what a shopper looks at, and again while they look."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from cloud_sync.contract.stock import PRODUCTS_MAX, StockAsked, StockTold
from edge.checkout.state import Looked, State
from edge.checkout.supply import Supply
from edge.clock import Clock
from edge.offline_queue.questions import NoAnswerError, Questions, UnreadableQuestionError
from retail.pricing.book import Assortment

# Soon enough for whoever has just lifted something: the answer itself takes about as long.
_LOOK_S: Final = 0.25

# Two askings may fail before what was told is too old to be shown.
_RENEWED_NS: Final = 5 * 60 * 1_000_000_000

# Who lifts one thing after another asks the hub once a second, and a hub that is silent is left alone.
_BETWEEN_NS: Final = 1_000_000_000
_UNANSWERED_NS: Final = 30_000_000_000


class Showing(Protocol):
    """All that is asked of a till."""

    @property
    def state(self) -> State:
        """What is on the glass."""
        ...

    def supplied(self, supply: Supply) -> None:
        """What the hub says lies elsewhere."""
        ...


class StockRoom:
    """Keeps a till supplied with what the hub says of other places, by one question at a time.

    `await watch()` beside the rest. `holder` is the place that the object sells from, `book` the price book
    in force.
    """

    def __init__(
        self,
        till: Showing,
        questions: Questions,
        new_id: Callable[[], str],
        book: Callable[[], Assortment | None],
        holder: str,
    ) -> None:
        self._till, self._questions, self._new_id = till, questions, new_id
        self._book, self._holder = book, holder
        self._told: frozenset[str] = frozenset()
        """The products that the last answer was about."""
        self._old_ns = self._rests_ns = 0
        """When that answer is too old, and until when nothing is asked."""

    async def watch(self, clock: Clock) -> None:
        """Ask whenever there is something to ask, for ever."""
        while True:
            await self._look(clock)
            await asyncio.sleep(_LOOK_S)

    async def _look(self, clock: Clock) -> None:
        looked, now_ns = self._till.state.looked, clock.now_ns()
        if looked is None or not self._questions.hub_answers or now_ns < self._rests_ns:
            return
        if now_ns < self._old_ns and self._told.issuperset(_in_sight(looked)):
            return
        answer = await self._ask(self._wanted(looked))
        now_ns = clock.now_ns()
        if answer is None:
            self._rests_ns = now_ns + _UNANSWERED_NS
            return
        self._told = frozenset(answer.shop.keys() & answer.elsewhere.keys())
        self._old_ns, self._rests_ns = now_ns + _RENEWED_NS, now_ns + _BETWEEN_NS
        # It was said just now, whatever the two clocks make of each other.
        as_of_ms = min(answer.as_of_ms, clock.wall_ms())
        self._till.supplied(Supply(as_of_ms, answer.shop, answer.elsewhere))

    async def _ask(self, gtins: tuple[str, ...]) -> StockTold | None:
        """What the hub says; None where it says nothing, or nothing of this."""
        try:
            answer = await self._questions.ask(self._new_id(), StockAsked(self._holder, gtins))
        except (NoAnswerError, UnreadableQuestionError):
            return None
        return answer if isinstance(answer, StockTold) else None

    def _wanted(self, looked: Looked) -> tuple[str, ...]:
        """What is in sight, and after it whatever a tap on a size or a colour may bring there."""
        book = self._book()
        product = None if book is None else book.by_gtin.get(looked.goods.gtin)
        family = book.of_model(product.model) if book is not None and product and product.model else ()
        companions = (gtin for each in family for gtin in each.goes_with or ())
        wanted = (*_in_sight(looked), *(each.gtin for each in family), *companions)
        return tuple(dict.fromkeys(wanted))[:PRODUCTS_MAX]


def _in_sight(looked: Looked) -> tuple[str, ...]:
    return (looked.goods.gtin, *(each.gtin for each in looked.goes_with))
