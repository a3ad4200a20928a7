"""What the hub makes of a terminal's day: nothing where the sums agree, a person's call where they do not."""

from typing import Any

import pytest

from cloud_sync.contract.facts import DayClosed, Handed
from tests.hub.hub_world import HubWorld, PaperJournal

OWN = Handed(3, 4_260)
IDEM = "close/zvt/1772000000000"


def closed(outcome: Any = "closed", **more: Any) -> DayClosed:
    return DayClosed("zvt", "2026-02-25", outcome, "EUR", OWN, **more)


def tell(hub: HubWorld, journal: PaperJournal, day: DayClosed) -> None:
    journal.write(day, idem=IDEM)
    hub.send(journal, 1)
    hub.project()


@pytest.mark.parametrize("day", [closed(told=OWN), closed()], ids=["agrees", "says no sum"])
def test_nobody_is_called_for_a_right_day(hub: HubWorld, mirror: PaperJournal, day: DayClosed) -> None:
    tell(hub, mirror, day)
    assert hub.rows("alarm") == hub.rows("quarantine") == []


CALLS = [
    (closed(told=Handed(2, 3_110)), "handed in 2 of 3110, and mirror-4 was paid 3 payments of 4260 EUR"),
    (closed(told=Handed(3, 4_259)), "handed in 3 of 4259"),
    (closed(told=Handed(0, 0), reason="terminal.unanswered"), "(terminal.unanswered)"),
    (closed("open", reason="terminal.no-host"), "could not close its day yet (terminal.no-host)"),
]


@pytest.mark.parametrize(("day", "said"), CALLS)
def test_a_day_that_is_not_as_the_sales_are_calls_a_person_once(
    hub: HubWorld, mirror: PaperJournal, day: DayClosed, said: str
) -> None:
    tell(hub, mirror, day)
    before = hub.rows("alarm")
    hub.projector.rebuild()
    ((_, kind, subject, sentence, times, *_),) = hub.rows("alarm")
    assert (kind, subject, times) == ("payment.day", f"mirror-4/{IDEM}", 1)
    assert said in sentence
    assert hub.rows("alarm") == before


WRONG = [
    (closed(told=Handed(1, 10**13)), "limit"),
    (closed(reason="a" * 200), "limit"),
    (DayClosed("zvt", "2026-02-25", "closed", "money", OWN), "currency"),
]


@pytest.mark.parametrize(("day", "reason"), WRONG)
def test_a_day_that_no_shop_has_goes_to_quarantine(
    hub: HubWorld, mirror: PaperJournal, day: DayClosed, reason: str
) -> None:
    tell(hub, mirror, day)
    assert [row[5] for row in hub.rows("quarantine")] == [reason]
    assert hub.rows("alarm") == []
