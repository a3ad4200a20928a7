"""A shop whose till has an attendant: two people of the shop, their badges, and what they are shown."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from edge.checkout.attendant import Attendant, Bench
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.returns import Returns, Rooms
from edge.checkout.sold import Sold
from edge.checkout.staff import RETURN, UNPROVEN, VOID, StaffDoor, StaffList
from edge.checkout.staffed import Staffed
from edge.checkout.state import Answer, Stage, Tap
from edge.events import CodeShown, Event, Left, Presented, Purpose
from edge.sensors.shown import BADGE_PREFIX
from retail.return_policy import PriceFrom, ReturnPolicy
from tests.checkout.pay_shop import Machine, PayShop
from tests.checkout.test_staff import ANNA, BERT, QUICK, WORDS, member
from tests.checkout.till_hand import SWEATER, item, price_book

RED, BLUE = item(SWEATER, 1), item(SWEATER, 2)
LISTED: Final = StaffList(
    (member("17", ANNA, WORDS[0], RETURN, VOID, UNPROVEN), member("18", BERT, WORDS[1], RETURN)), QUICK
)


class StaffShop(PayShop):
    """A `PayShop` at which somebody of the shop can work."""

    def __init__(self, file: Path, *machines: Machine, **told: Any) -> None:
        self.prices: list[PriceFrom] = []
        self.heard: list[Event] = []
        self._tickets = count(1_000)
        super().__init__(file, *machines, **told)

    def start(self) -> None:
        super().start()
        self.sold = Sold(self._pen._db, self.epoch)
        rooms = Rooms(self.sold, self.till.books, self.book, self.till.register)
        names = (f"unproven-{self.head}-{number:04d}" for number in count(1))
        self.returns = Returns(self._shop, rooms, self, ReturnPolicy(), lambda: next(names))
        self.giving = GivingBack(self.cashier, self.till.register, self)
        self.returns.on_more = self.cashier.on_more
        door = StaffDoor(LISTED, self.till.register, self.till.books, self, f"boot{self.head}")
        bench = Bench(
            *(door, self.returns, self.sold, self.book, self.shown.get),
            book=price_book,
            prices=self._prices,
        )
        self.attendant = Attendant(bench, self)
        self.till.attend(self.attendant)
        self.till.serving.calling.on_event = self.heard.append

    async def _prices(self, _gtins: frozenset[str]) -> Sequence[PriceFrom]:
        return self.prices

    @property
    def work(self) -> Staffed:
        """What the glass shows of it."""
        assert self.state.staffed is not None
        return self.state.staffed

    def show(self, text: str, purpose: Purpose) -> None:
        """Hold a code up."""
        ticket = next(self._tickets)
        self.shown[ticket] = text
        self.till.hear(CodeShown(purpose, ticket))

    def badge(self, digits: str = "17") -> None:
        self.show(BADGE_PREFIX + digits, Purpose.BADGE)

    async def type(self, digits: str) -> Answer:
        for digit in digits:
            assert await self.tap(Tap.DIGIT, digit) is Answer.ACCEPTED
        return await self.tap(Tap.ENTER)

    async def come(self, digits: str = "17", pin: str = WORDS[0]) -> None:
        """A badge and a right PIN."""
        self.badge(digits)
        await self.type(pin)
        assert self.work.step == "menu"

    async def sell(self, *epcs: str) -> str:
        """A shopper buys these items; the receipt as a compact JWS."""
        for epc in epcs or (RED,):
            self.till.hear(Presented(epc))
        await self.tap(Tap.BUY)
        if self.state.stage is Stage.CHOOSING:
            await self.tap(Tap.METHOD, next(iter(self.machines)))
        await self.until(Stage.DONE)
        assert self.state.sold is not None
        receipt = self.state.sold.receipt
        for epc in epcs or (RED,):
            self.till.hear(Left(epc))
        await self.tap(Tap.DONE)
        return receipt


StaffShops = Callable[..., StaffShop]
"""Makes one more of them, of the machines that it is given (see the fixture `staff_shops`)."""
