"""A shop whose till can be paid at: a real ledger, a real cashier, and machines that do what a test says."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Fact, PaymentClosed, Sale
from edge.checkout.books import Books, ShopProjection
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier
from edge.checkout.payments.counter import Counter
from edge.checkout.payments.provider import Attempt, Capabilities, Said, Shows, Taken
from edge.checkout.sale import Shop
from edge.checkout.state import Answer, Stage, State, Tap, Way
from edge.checkout.till import Till
from edge.offline_queue.outcomes import Appended, JournalClosedError
from edge.offline_queue.pen import Order, Pen
from edge.readings import Nanoseconds
from proofs.loop import SimulatedLoop
from proofs.shop import key
from retail.tender import Outcome
from retail.units import Money
from tests.checkout.till_hand import catalogue

BEGAN_MS: Final = 1_790_000_000_000
SECOND_NS: Final = 1_000_000_000
CODE: Final = "134567890123456789"

_T = TypeVar("_T")
_Answer = tuple[Outcome, float]


class Machine:
    """A way to pay that answers each start by the next of `plan`: what it says, and after how many seconds.

    With nothing left in the plan it takes what it is asked for, after two seconds.
    """

    def __init__(
        self, name: str = "zvt", shows: Shows = "terminal", *, network: bool = False, patience_s: int = 120
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            shows, network, Nanoseconds(patience_s * SECOND_NS), (Nanoseconds(SECOND_NS),)
        )
        self.plan: list[_Answer] = []
        self.attempts: list[Attempt] = []
        self.held: dict[str, int] = {}
        """Attempt -> what was taken for it and not given back."""
        self._stands: dict[str, Outcome] = {}

    async def fence(self) -> str:
        return ""

    async def start(self, attempt: Attempt) -> Said:
        self.attempts.append(attempt)
        outcome, after_s = self.plan.pop(0) if self.plan else ("captured", 2.0)
        self._stands[attempt.id] = "in-progress"
        await asyncio.sleep(after_s)
        if self._stands[attempt.id] == "in-progress":
            self._stands[attempt.id] = outcome
            if outcome == "captured":
                self.held[attempt.id] = attempt.amount_minor
        return self._said(attempt)

    async def query(self, attempt: Attempt) -> Said:
        return self._said(attempt)

    async def cancel(self, attempt: Attempt) -> Said:
        if self._stands.get(attempt.id, "in-progress") == "in-progress":
            self._stands[attempt.id] = "cancelled"
        return self._said(attempt)

    async def capture(self, attempt: Attempt) -> Said:
        return self._said(attempt)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        self.held[attempt.id] -= amount_minor
        return Said("refunded", amount_minor, attempt.currency, f"back-{len(refund)}")

    async def taken(self) -> tuple[Taken, ...]:
        return ()

    def _said(self, attempt: Attempt) -> Said:
        outcome = self._stands.get(attempt.id, "not-found")
        return Said(outcome, attempt.amount_minor, attempt.currency, "ref-1", card="Visa 4242")


class Parted(Counter):
    """A counter whose way `name` takes no more than `most_minor`, as a gift card does."""

    name = ""
    most_minor = 0

    def ways(self, left: Money, *, online: bool) -> tuple[Way, ...]:
        found = super().ways(left, online=online)
        most = Money(min(self.most_minor, left.amount_minor), left.currency)
        return tuple(Way(way.name, way.shows, most) if way.name == self.name else way for way in found)


class PayShop:
    """The till and all that it is paid by; `account` '' means that there is no house account."""

    def __init__(
        self, file: Path, *machines: Machine, account: str = "a7Kxa7Kxa7Kx", counter: type[Counter] = Counter
    ) -> None:
        self.loop = SimulatedLoop()
        self.machines = {machine.name: machine for machine in machines}
        self.shown: dict[int, str] = {}
        """Ticket -> what a shopper has shown."""
        self.fails = False
        self.tick_s = 0.25
        self._file = file
        self._counter = counter
        self._numbers = count(1)
        self._shop = Shop("mirror-4", "floor", account, "UTC", methods=(*self.machines, "house-account"))
        self.start()

    def start(self) -> None:
        """Start the object, or start it again after a power cut."""
        self._pen = Pen(self._file, key(0), "mirror-4", self, [ShopProjection()])
        self._pen.begin("1.0")
        rows = self._pen._db.execute
        books, self.book = Books.load(rows, self.epoch), PaymentBook.load(rows)
        self.till = Till(self._shop, self, books, self, lambda: f"sale-{next(self._numbers):011}")
        providers: Mapping[str, Any] = self.machines
        self.cashier = Cashier(
            self.till.register, self.book, providers, self, lambda: f"attempt-{next(self._numbers):010}"
        )
        self.cashier.on_ended = self.till.comeback.recovered
        self.counter = self._counter(self.cashier, tuple(self.machines), self.shown.get)
        self.till.take(self.counter)
        self.till.use(catalogue())

    def cut(self) -> None:
        """The power goes, and comes back."""
        self._pen.close()
        self.start()

    @property
    def epoch(self) -> str:
        return self._pen.epoch

    @property
    def head(self) -> int:
        return self._pen.head

    async def append(self, fact: Fact, idem: str) -> Appended:
        if self.fails:
            raise JournalClosedError("the card is gone")
        (done,) = self._pen.write([Order(fact, idem)])
        if isinstance(done, ValueError):
            raise done
        return done

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.loop.now_ns)

    def wall_ms(self) -> int:
        return BEGAN_MS + self.loop.now_ns // 1_000_000

    def quality(self) -> Literal["trusted"]:
        return "trusted"

    def live(self, life: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Let a shopper do something, while the till looks at its clock four times a second."""

        async def both() -> _T:
            ticking = asyncio.ensure_future(self._tick())
            watching = asyncio.ensure_future(self.till.afoot.watch())
            try:
                return await life()
            finally:
                ticking.cancel()
                if watching.done():
                    watching.result()  # what ends a real object ends a test
                watching.cancel()

        return self.loop.live(both())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.tick_s)
            self.till.tick()

    @property
    def state(self) -> State:
        return self.till.state

    async def tap(self, tap: Tap, value: str | None = None) -> Answer:
        return await self.till.tap(tap, self.state.number, value)

    async def pay_by(self, way: str) -> None:
        """Buy what is there, and choose how to pay for it."""
        await self.tap(Tap.BUY)
        await self.tap(Tap.METHOD, way)

    async def until(self, *stages: Stage, seconds: int = 2_000) -> Stage:
        """Wait until the till is at one of these stages."""
        async with asyncio.timeout(seconds):
            while self.state.stage not in stages:
                await asyncio.sleep(0.25)
        return self.state.stage

    def facts(self) -> list[Fact]:
        bodies = self._pen._db.execute("SELECT body FROM entry ORDER BY seq")
        return [decode_body(body).fact for (body,) in bodies]

    def sales(self) -> list[Sale]:
        return [fact for fact in self.facts() if isinstance(fact, Sale)]

    def closed(self) -> list[PaymentClosed]:
        return [fact for fact in self.facts() if isinstance(fact, PaymentClosed)]

    def accounts(self) -> dict[str, int]:
        """The sum of all postings by account, those that are zero left out."""
        sums: dict[str, int] = {}
        for fact in self.facts():
            for posting in getattr(fact, "postings", ()):
                sums[posting.account] = sums.get(posting.account, 0) + posting.amount_minor
        return {account: minor for account, minor in sums.items() if minor}

    def close(self) -> None:
        self._pen.close()
        self.loop.close()
