"""The end of a terminal's day: once at its hour, over power cuts, and each payment in exactly one day."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import DayClosed, Fact, Handed, Paid, PaymentIntent, Sale
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.dayend import DayEnds, Hours
from edge.checkout.payments.terminal import ZVT
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Order
from proofs.ground import BEGAN_MS
from proofs.loop import SimulatedLoop
from tests.payments.life import Life
from tests.payments.scene import CURRENCY, TOTAL_MINOR, Part, Shopper, draft
from tests.payments.zvt.cable import Cable
from tests.payments.zvt.shop import DAYS, NEXT, ONCE, Cut, Day, World

_Fact = TypeVar("_Fact")

ZONE: Final = "Europe/Berlin"
CLOSE: Final = bytes.fromhex("0650")
DAY_S: Final = 24 * 3_600.0
LATER: Final = Shopper("sale-3", (Part(ZVT, tries=1),), comes_s=30.0)
ONE: Final = Handed(1, TOTAL_MINOR)


def in_(minutes: int) -> str:
    """The time of day in the shop, so long after the world began."""
    began = datetime.fromtimestamp(BEGAN_MS / 1_000, ZoneInfo(ZONE))
    return (began + timedelta(minutes=minutes)).strftime("%H:%M")


class Shop(World):
    """A world with a terminal whose day ends at an hour; `asks_s` is when somebody orders one besides."""

    def __init__(self, hour: str | None, day: Day = DAYS["ok"], asks_s: float | None = None) -> None:
        super().__init__(day)
        self.hours = Hours(ZONE, hour)
        self.asks_s = asks_s

    def _cable(self, life: Life, loop: SimulatedLoop) -> Cable:
        cable = super()._cable(life, loop)
        assert cable.provider is not None
        days = DayEnds(cable.provider, life.book, life.register, life.clock, self.hours)
        life.also(days.run())
        if self.asks_s is not None:
            loop.call_later(self.asks_s, days.ask)
        return cable

    def closes(self) -> list[DayClosed]:
        """What the journal says of days."""
        return self.facts(DayClosed)

    def facts(self, kind: type[_Fact]) -> list[_Fact]:
        """All facts of a kind."""
        with self.opened() as life:
            bodies: Sequence[Any] = life.pen._db.execute("SELECT body FROM entry ORDER BY seq").fetchall()
        facts = [decode_body(body).fact for (body,) in bodies]
        return [fact for fact in facts if isinstance(fact, kind)]

    @contextmanager
    def opened(self) -> Iterator[Life]:
        """The ledger, while nobody works by it."""
        loop = SimulatedLoop()
        life = Life(self.scene, loop, lambda _step, _name: None)
        try:
            yield life
        finally:
            life.pen.close()
            loop.close()

    def hand(self, **order: Any) -> None:
        """A hand at the terminal."""
        self.device.obey(order, self.scene.now_ns)


def closed(own: Handed, told: Handed | None = None, reason: str = "") -> tuple[object, ...]:
    return "closed", own, told or own, reason


def said(days: Sequence[DayClosed]) -> list[tuple[object, ...]]:
    return [(day.outcome, day.own, day.told, day.reason) for day in days]


def test_a_day_ends_at_its_hour_and_once_however_often_the_object_starts() -> None:
    shop = Shop(in_(60))
    shop.live([ONCE, NEXT], seconds=7_200)
    # Another till took a payment before: our books cannot know of it, and a person has to.
    first = closed(Handed(2, 2 * TOTAL_MINOR), Handed(3, 3 * TOTAL_MINOR))
    assert said(shop.closes()) == [first]
    (day,) = shop.closes()
    assert (day.provider, day.currency, day.differs) == (ZVT, CURRENCY, True)
    for _ in range(3):
        shop.live(seconds=3_600)
    assert said(shop.closes()) == [first]
    shop.live([LATER], seconds=DAY_S)
    assert said(shop.closes()) == [first, closed(ONE)]
    shop.live(seconds=DAY_S)
    assert said(shop.closes()) == [first, closed(ONE), closed(Handed(0, 0))]
    shop.scene.over()


def test_an_hour_that_nobody_was_awake_at_is_made_up_for() -> None:
    shop = Shop(in_(60))
    shop.live([ONCE], seconds=1_200)
    shop.dark(DAY_S / 2)
    shop.live(seconds=300)
    assert said(shop.closes()) == [closed(ONE, Handed(2, 2 * TOTAL_MINOR))]
    shop.scene.over()


def test_a_new_object_waits_for_the_next_hour() -> None:
    shop = Shop(in_(-60))
    shop.live(seconds=3_600)
    assert shop.closes() == []
    shop.scene.over()


def test_without_an_hour_a_day_ends_when_the_shop_says_so() -> None:
    shop = Shop(None)
    shop.live([ONCE], seconds=DAY_S)
    assert shop.closes() == []
    shop.asks_s = 60
    shop.live([NEXT], seconds=600)
    assert said(shop.closes()) == [closed(Handed(2, 2 * TOTAL_MINOR), Handed(3, 3 * TOTAL_MINOR))]
    shop.scene.over()


def test_nobody_who_pays_is_disturbed() -> None:
    shop = Shop(None, Day(setup={"taps_after_ms": 50_000}), asks_s=10)
    shop.live([ONCE], seconds=600)
    assert shop.told == ["paid"]
    assert said(shop.closes()) == [closed(ONE, Handed(2, 2 * TOTAL_MINOR))]
    shop.scene.over()


def test_what_went_back_is_in_neither_sum() -> None:
    shop = Shop(None, DAYS["partial"], asks_s=600)
    shop.live([ONCE], seconds=1_200)
    assert shop.told == ["gives-back"]
    assert said(shop.closes()) == [closed(Handed(0, 0), ONE)]
    shop.scene.over()


def test_a_day_that_cannot_be_closed_calls_a_person_once_and_is_tried_on() -> None:
    shop = Shop(in_(10))
    shop.live([ONCE], seconds=300)
    shop.hand(verb="host", reachable=False)
    shop.live(seconds=2 * 3_600)
    assert shop.closes() == []
    shop.live(seconds=4 * 3_600)
    shop.live(seconds=4 * 3_600)
    assert said(shop.closes()) == [("open", ONE, msgspec.UNSET, "terminal.no-host")]
    shop.hand(verb="host", reachable=True)
    shop.live(seconds=600)
    assert said(shop.closes()[1:]) == [closed(ONE, Handed(2, 2 * TOTAL_MINOR))]
    shop.scene.over()


def test_an_end_of_day_without_an_answer_is_said_beside_the_next_one() -> None:
    shop = Shop(None, asks_s=60)
    shop.orders = {CLOSE: {"verb": "trouble", "what": "lose-end"}}
    shop.live([ONCE], seconds=DAY_S / 4)
    assert said(shop.closes()) == [closed(ONE, Handed(0, 0), "terminal.unanswered")]
    shop.scene.over()


@pytest.mark.parametrize("first", range(4))
def test_the_power_goes_at_every_step_and_each_payment_is_of_one_day(first: int) -> None:
    whole = Shop(None, asks_s=20)
    steps = whole.live([ONCE, NEXT], seconds=300)
    whole.scene.over()
    for step in range(first, steps, 4):
        shop = Shop(None, asks_s=20)
        shop.live([ONCE, NEXT], Cut(step), seconds=300)
        shop.live([LATER], seconds=300)
        shop.live(seconds=60)
        sales, days = shop.facts(Sale), shop.closes()
        assert Handed(len(sales), TOTAL_MINOR * len(sales)) == Handed(
            sum(day.own.count for day in days), sum(day.own.amount_minor for day in days)
        ), (step, days)
        assert {day.outcome for day in days} == {"closed"}
        shop.scene.over()


HOURS: Final = [
    ("03:00", "Europe/Berlin", "2026-03-29T00:59:00", "2026-03-28T02:00:00"),
    ("03:00", "Europe/Berlin", "2026-03-29T01:00:00", "2026-03-29T01:00:00"),  # the clock goes from 2 to 3
    ("02:30", "Europe/Berlin", "2026-03-29T12:00:00", "2026-03-29T01:30:00"),  # an hour that never comes
    ("02:30", "Europe/Berlin", "2026-10-25T12:00:00", "2026-10-25T00:30:00"),  # and one that comes twice
    ("00:00", "Asia/Kolkata", "2026-05-01T18:29:59", "2026-04-30T18:30:00"),
    ("23:59", "UTC", "2026-05-01T23:59:00", "2026-05-01T23:59:00"),
]


@pytest.mark.parametrize(("hour", "zone", "now", "last"), HOURS)
def test_the_hour_is_that_of_the_site(hour: str, zone: str, now: str, last: str) -> None:
    def ms(moment: str) -> int:
        return round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1_000)

    assert Hours(zone, hour).last_end_ms(ms(now)) == ms(last)


def test_a_payment_that_was_open_at_the_close_is_of_the_next_day() -> None:
    shop = Shop(None)
    sale = draft("sale-1")
    paid = Paid("attempt-1", ZVT, TOTAL_MINOR, "12345678/000002/0002")
    facts: tuple[Fact, ...] = (
        PaymentIntent(sale.sale, paid.attempt, ZVT, TOTAL_MINOR, CURRENCY, draft=sale),
        DayClosed(ZVT, "2026-02-25", "closed", CURRENCY, Handed(0, 0)),
        msgspec.structs.replace(sale, payments=(paid,)),
    )
    with shop.opened() as life:
        for number, fact in enumerate(facts):
            (written,) = life.pen.write([Order(fact, f"fact/{number}")])
            assert isinstance(written, Appended)
            life.book.apply(written.body)
        while life.pen.fold():
            pass
        loaded = PaymentBook.load(life.pen._db.execute)
        assert life.book.of_the_day(ZVT) == loaded.of_the_day(ZVT) == [paid]
        assert life.book.day_closed_ms(ZVT) == loaded.day_closed_ms(ZVT)
    shop.scene.over()
