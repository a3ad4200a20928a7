"""The counter: the ways to pay of one object, as its till asks for them; the till knows no provider."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from cloud_sync.contract.facts import Sale
from edge.checkout.payments.cashier import Cashier, Ended, Result
from edge.checkout.payments.desk import code_of
from edge.checkout.payments.house import DESK
from edge.checkout.payments.pursuit import SECOND_NS
from edge.checkout.state import Way
from edge.readings import TerminalNeeds
from retail.units import Money

# So that the till says "not any more" instead of paying by nothing.
CODE_GONE: Final = "code.gone"
TOO_LITTLE: Final = "wallet.balance"
"""The reason of a card that has something, and not as much as was asked for."""

Reveal = Callable[[int], str | None]
"""What the code of a ticket holds; None once it is forgotten."""


class Lent(Protocol):
    """All that the counter asks of wallets and gift cards."""

    @property
    def name(self) -> str:
        """The name of this way to pay."""
        ...

    def left_minor(self, code: str, currency: str) -> int:
        """How much may be paid by what is shown, as far as is known here."""
        ...


class Counter:
    """The payments of a till. `methods` are the ways that are offered; `reveal` opens what was shown.

    A card of `lent` that has too little pays what it has, and the rest is paid otherwise.
    """

    def __init__(
        self, cashier: Cashier, methods: Sequence[str], reveal: Reveal, lent: Lent | None = None
    ) -> None:
        self._cashier = cashier
        self._methods = methods
        self._reveal = reveal
        self._lent = lent
        self._prompt = "", TerminalNeeds.NOTHING
        self.on_change: Callable[[], None] = lambda: None
        self._wanted: set[str] = set()
        """The sales that are being paid, and whose shopper has not had enough of it."""

    def ways(self, left: Money, *, online: bool) -> tuple[Way, ...]:
        """How so much could be paid now."""
        return tuple(
            self._way(name, left) for name in self._methods if self._takes(name, left, online=online)
        )

    async def pay(self, draft: Sale, way: Way, ticket: int | None) -> Ended:
        """Have what `way` takes of `draft` paid, by the code of `ticket` where it needs one."""
        code = "" if ticket is None else self._reveal(ticket)
        if code is None:
            return Ended(Result.UNAVAILABLE, draft.sale, way.name, CODE_GONE)
        self._wanted.add(draft.sale)
        try:
            ended = await self._cashier.pay(draft, way.name, way.amount.amount_minor, code)
            if ended.reason != TOO_LITTLE or (part_minor := self._part_minor(draft, way, code)) == 0:
                return ended
            return await self._cashier.pay(draft, way.name, part_minor, code)
        finally:
            self._wanted.discard(draft.sale)

    def stop(self, sale: str) -> None:
        """End the attempt that is under way, unless it is paid already."""
        self._wanted.discard(sale)
        self._cashier.stop(sale)

    async def give_up(self, sale: str) -> None:
        """The sale will not be done: what is paid of it goes back."""
        self._wanted.discard(sale)
        await self._cashier.give_up(sale, "shopper")

    def paid_minor(self, draft: Sale) -> int:
        """What of a sale is paid already."""
        return draft.total_minor - self._cashier.left_minor(draft)

    def prompted(self, attempt: str, needs: TerminalNeeds) -> None:
        """A terminal that is at work for an attempt says what it waits for."""
        self._prompt = attempt, needs
        self.on_change()

    def prompt(self, sale: str) -> TerminalNeeds:
        """What the card terminal waits for, while it is at work for this sale."""
        attempt, needs = self._prompt
        lines = self._cashier.book.of_sale(sale)
        is_at_it = any(line.standing == "open" and line.attempt.id == attempt for line in lines)
        return needs if is_at_it else TerminalNeeds.NOTHING

    def code(self, sale: str) -> str:
        """What the shopper says at the desk; '' where nothing waits there."""
        lines = self._cashier.book.of_sale(sale)
        waits = (line.attempt for line in lines if line.standing == "open")
        return next((code_of(attempt.id) for attempt in waits if attempt.provider == DESK), "")

    def _part_minor(self, draft: Sale, way: Way, code: str) -> int:
        """How much of a sale a card pays that cannot pay all of it."""
        if self._lent is None or way.name != self._lent.name or draft.sale not in self._wanted:
            return 0
        return min(self._lent.left_minor(code, draft.currency), way.amount.amount_minor)

    def _takes(self, name: str, left: Money, *, online: bool) -> bool:
        way = self._cashier.providers[name].capabilities
        if way.needs_network and not online:
            return False
        return (
            not way.currencies or left.currency in way.currencies
        ) and left.amount_minor >= way.least_minor

    def _way(self, name: str, left: Money) -> Way:
        way = self._cashier.providers[name].capabilities
        return Way(name, way.shows, left, way.patience_ns // SECOND_NS)
