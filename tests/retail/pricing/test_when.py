"""When an offer runs: by the wall of the site, past midnight, in the hour that comes twice, or perhaps."""

from datetime import UTC, datetime

import pytest

from retail.locale import UnknownTimezoneError
from retail.pricing.basket import Moment
from retail.pricing.calendar import runs, wall, zone
from retail.pricing.promotions import Amount, Hours, Percent, When
from tests.retail.pricing.shop import TEA, offer, paid, saved

HAPPY = (Hours("17:00", "19:30"),)
LATE = (Hours("22:00", "02:00"),)

# What the offer asks, the wall's time (21 November 2026 is a Saturday), and whether it runs.
TIMES = [
    (When(hours=HAPPY), "2026-11-21T16:59", False),
    (When(hours=HAPPY), "2026-11-21T17:00", True),
    (When(hours=HAPPY), "2026-11-21T19:29", True),
    (When(hours=HAPPY), "2026-11-21T19:30", False),
    (When(hours=(*HAPPY, Hours("08:00", "09:00"))), "2026-11-21T08:30", True),
    (When(weekdays=(6,)), "2026-11-21T00:00", True),
    (When(weekdays=(6,)), "2026-11-22T00:00", False),
    (When(weekdays=(6,), hours=LATE), "2026-11-21T23:00", True),
    (When(weekdays=(6,), hours=LATE), "2026-11-22T01:59", True),
    (When(weekdays=(6,), hours=LATE), "2026-11-21T01:59", False),
    (When(weekdays=(6,), hours=LATE), "2026-11-22T02:00", False),
    (When(first_day="2026-12-01", last_day="2026-12-24"), "2026-11-30T23:59", False),
    (When(first_day="2026-12-01", last_day="2026-12-24"), "2026-12-01T00:00", True),
    (When(first_day="2026-12-01", last_day="2026-12-24"), "2026-12-24T23:59", True),
    (When(first_day="2026-12-01", last_day="2026-12-24"), "2026-12-25T00:00", False),
    (When(last_day="2026-12-24", hours=LATE), "2026-12-25T01:00", True),
    (When(hours=(Hours("00:00", "24:00"),)), "2026-11-21T23:59", True),
    (When(), "2026-11-21T12:00", True),
    (When(hours=(Hours("02:00", "03:00"),)), "2026-10-25T02:30", True),  # the hour that comes twice
]


def ms(text: str, timezone: str = "Europe/Berlin") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone(timezone)).timestamp() * 1000)


@pytest.mark.parametrize(("when", "text", "running"), TIMES)
def test_an_offer_runs_by_the_wall_of_the_site(when: When, text: str, running: bool) -> None:
    assert runs(when, wall(ms(text), "Europe/Berlin")) is running


def test_an_hour_that_comes_twice_counts_twice() -> None:
    first = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() * 1000)
    hour = When(hours=(Hours("02:00", "03:00"),))
    assert [runs(hour, wall(first + add, "Europe/Berlin")) for add in (0, 3_600_000, 7_200_000)] == [
        True,
        True,
        False,
    ]


def test_the_same_moment_is_another_day_in_another_town() -> None:
    saturday = offer("o", Percent(1_000), when=When(weekdays=(6,)))
    moment = Moment(ms("2026-11-21T00:30"))
    assert saved(paid({TEA: 1}, saturday, at=moment)) == {"o": 45}
    assert not runs(When(weekdays=(6,)), wall(moment.wall_ms, "America/New_York"))


def test_a_clock_that_nobody_trusts_is_settled_for_the_shopper_and_flagged() -> None:
    happy = offer("happy", Percent(2_000), when=When(hours=HAPPY))
    assert saved(paid({TEA: 1}, happy)) == {}
    priced = paid({TEA: 1}, happy, at=Moment(0, trusted=False))
    assert [(each.promotion, each.amount_minor, each.unsure) for each in priced.discounts] == [
        ("happy", 90, True)
    ]
    assert priced.lines[0].discounts[0].unsure


def test_what_may_be_over_never_costs_the_shopper_what_surely_runs() -> None:
    over = offer("over", Percent(500), when=When(last_day="2000-01-01"), priority=9)
    sure = offer("sure", Amount(100))
    priced = paid({TEA: 1}, over, sure, at=Moment(0, trusted=False))
    assert [(each.promotion, each.unsure) for each in priced.discounts] == [("sure", False)]


def test_a_zone_that_nobody_knows_is_said() -> None:
    with pytest.raises(UnknownTimezoneError):
        wall(0, "Europe/Atlantis")
