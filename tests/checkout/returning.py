"""An object that takes goods back: a real ledger, cashier and register, providers with their own books."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any, Final

import msgspec

from cloud_sync.contract.entry import Body, decode_body
from cloud_sync.contract.facts import PaymentClosed, Posting, Refund, Sale, SaleLine, TaxLine
from edge.checkout.books import Books, ShopProjection
from edge.checkout.credit import ReturnedUnits, credit, units_left
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Result
from edge.checkout.returns import Answer, Returns, Rooms
from edge.checkout.sale import billed
from edge.checkout.sold import Past, Sold
from edge.checkout.staff import RETURN, UNPROVEN, VOID, Allowed
from edge.offline_queue.outcomes import JournalClosedError
from edge.offline_queue.projections import catch_up
from proofs.loop import SimulatedLoop
from retail.pricing.book import Version
from retail.return_policy import ReturnPolicy
from tests.payments.life import Life, quiet
from tests.payments.scene import Scene

MUG: Final = "09520001000027"
SCARF: Final = "09520001000010"
STAFF: Final = "k3Rz8mV1qN6s"
BY: Final = {act: Allowed(STAFF, act) for act in (RETURN, UNPROVEN, VOID)}
TOTAL_MINOR: Final = 1_999
ACCOUNT: Final = "a7Kx2mQ9vR4t"

Script = Callable[["Till"], Awaitable[None]]


def draft(sale: str = "sale-00000000001", mug_epcs: tuple[str, ...] = ()) -> Sale:
    """Three mugs for 9.99 together, and a scarf: 19.99."""
    lines = (
        SaleLine(MUG, "Mug", 3, 400, 999, "reduced", mug_epcs),
        SaleLine(SCARF, "Scarf", 1, 1_000, 1_000, "standard"),
    )
    return Sale(
        *(sale, "", "2026-03-02", "en", "EUR", TOTAL_MINOR, "", Version(1, 1), lines),
        taxes=(TaxLine("reduced", 700, 999, 65), TaxLine("standard", 1900, 1_000, 160)),
        postings=(
            Posting("tendered", TOTAL_MINOR, "EUR"),
            Posting("revenue", 225 - TOTAL_MINOR, "EUR"),
            Posting("tax/reduced", -65, "EUR"),
            Posting("tax/standard", -160, "EUR"),
        ),
        moves=(),
    )


class Till(Life):
    """One life of it; `returns` is what is tried."""

    policy = ReturnPolicy()

    def __init__(self, scene: Scene, loop: SimulatedLoop, watch: Callable[[int, str], None]) -> None:
        super().__init__(scene, loop, watch)
        self.sold = Sold(self.pen._db, self.pen.epoch)
        rooms = Rooms(self.sold, self.books, self.book, self.register)
        names = (f"unproven-{scene.lives}-{number:05d}" for number in count(1))
        self.returns = Returns(self.register._shop, rooms, self.clock, self.policy, lambda: next(names))
        self.returns.on_more = self.cashier.on_more

    async def pay(self, sale: str = "sale-00000000001", parts: Sequence[tuple[str, int]] = ()) -> None:
        """A shopper buys; without parts everything at the first provider."""
        meant = draft(sale)
        for bank, amount_minor in parts or [(next(iter(self.scene.banks)), TOTAL_MINOR)]:
            ended = await self.cashier.pay(meant, bank, amount_minor)
        assert ended.result is Result.PAID
        await asyncio.sleep(5)  # what was stored is handed in

    async def bill(self, sale: str = "sale-00000000001") -> None:
        """A shopper of a house account buys."""
        await self.register.record(billed(draft(sale), ACCOUNT))

    async def back(self, *returned: tuple[int, int], sale: str = "sale-00000000001") -> Answer:
        """So many units of so many lines come back, with their receipt."""
        past = self.past(sale)
        return await self.returns.take_back(past, [ReturnedUnits(*each) for each in returned], BY[RETURN])

    def past(self, sale: str = "sale-00000000001") -> Past:
        past = self.sold.by_sale(sale)
        assert past is not None
        return past

    def bodies(self) -> list[Body]:
        rows: list[Any] = self.pen._db.execute("SELECT body FROM entry ORDER BY seq").fetchall()
        return [decode_body(body) for (body,) in rows]

    def accounts(self) -> dict[str, int]:
        """All accounts that are not empty."""
        sums = Counter[str]()
        for body in self.bodies():
            for posting in getattr(body.fact, "postings", ()):
                sums[posting.account] += posting.amount_minor
        return {account: amount for account, amount in sums.items() if amount}

    def refunds(self) -> list[Refund]:
        return [body.fact for body in self.bodies() if isinstance(body.fact, Refund)]

    def ends(self) -> list[PaymentClosed]:
        return [body.fact for body in self.bodies() if isinstance(body.fact, PaymentClosed)]


def play(
    scene: Scene,
    script: Script,
    watch: Callable[[int, str], None] = lambda _step, _name: None,
    till: type[Till] = Till,
) -> None:
    """One life, with everything that goes on beside; all promises are checked at its end."""

    async def all_of_it() -> None:
        life = till(scene, loop, watch)
        try:
            await life.returns.recover()
            life.also(life._turn())
            life.also(life.giving.run())
            await life.cashier.recover()
            await script(life)
            await asyncio.sleep(7_200)
            check(life)
        finally:
            for work in life._beside:
                work.cancel()
            ended = await asyncio.gather(*life._beside, return_exceptions=True)
            life.pen.close()
            wrong = [each for each in ended if isinstance(each, Exception)]
        assert [each for each in wrong if not isinstance(each, JournalClosedError)] == []

    loop = SimulatedLoop()
    with quiet():
        loop.live(all_of_it())


def check(till: Till) -> None:
    """No money and no goods are lost or made, by the books of everybody."""
    accounts, banks = till.accounts(), till.scene.banks
    assert accounts.get("refund-due", 0) == 0
    assert accounts.get("tendered", 0) == 0
    for name, bank in banks.items():
        assert accounts.get(f"settlement/{name}", 0) == bank.net_minor
        assert all(money.net_minor >= 0 for money in bank.books.values())
    sales = {body.fact.sale: body.fact for body in till.bodies() if isinstance(body.fact, Sale)}
    for sale in sales.values():
        refunds = till.sold.refunds(sale.sale)
        assert min(units_left(sale, refunds)) >= 0
        assert sum(each.total_minor for each in refunds) <= sale.total_minor
        assert credit(sale, refunds, (), (), "quarantine") == ()
    numbers = [each.number.rpartition("-R")[2] for each in till.refunds()]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    check_books(till)


def check_books(till: Till) -> None:
    """What is in memory is what a next start reads, and what the entries say."""
    while catch_up(till.pen._db, [ShopProjection()]):
        pass
    rows = till.pen._db.execute
    read, folded = Books.load(rows, till.pen.epoch), Books()
    for body in till.bodies():
        folded.apply(body)
    for books in (read, folded):
        held = {place: units for place, units in books.stock.items() if units}
        assert held == {place: units for place, units in till.books.stock.items() if units}
        assert (books.items, books.refunds) == (till.books.items, till.books.refunds)
        assert (books.last_refund, books.wrong_pins) == (till.books.last_refund, till.books.wrong_pins)
        assert sum(books.stock.values()) == 0
    payments = PaymentBook.load(rows)
    for refund in till.refunds():
        due, known = till.book.due(refund.refund), payments.due(refund.refund)
        assert due is not None
        assert known is not None
        assert msgspec.structs.astuple(due) == msgspec.structs.astuple(known)
