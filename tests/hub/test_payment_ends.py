"""What the hub makes of payments that ended, goods that came back, and what people of the shop did."""

from typing import Any

import pytest

from cloud_sync.contract.facts import Operator, PaymentClosed, Posting, Refund, SaleLine, TaxLine
from cloud_sync.hub.store import schema
from retail.custody import SOLD, Move
from tests.hub.hub_world import SCARF, SCARF_MINOR, HubWorld, PaperJournal

ATTEMPT = "attempt-number-1"
DUE = (Posting("settlement/stripe", 3450, "EUR"), Posting("refund-due", -3450, "EUR"))
BACK = (Posting("refund-due", 3450, "EUR"), Posting("settlement/stripe", -3450, "EUR"))


def ended(outcome: Any, **more: Any) -> PaymentClosed:
    return PaymentClosed("s-1", ATTEMPT, "stripe", outcome, 3450, "EUR", **more)


def given_back(**changes: Any) -> Refund:
    honest: dict[str, Any] = {
        "refund": "refund-number-1",
        "sale": "s-1",
        "attempt": ATTEMPT,
        "provider": "stripe",
        "number": "e1-R0001",
        "business_date": "2026-03-02",
        "language": "en",
        "currency": "EUR",
        "total_minor": SCARF_MINOR,
        "lines": (SaleLine(SCARF, "Scarf", 1, SCARF_MINOR, SCARF_MINOR, "standard"),),
        "taxes": (TaxLine("standard", 1900, SCARF_MINOR, 550),),
        "postings": (
            Posting("revenue", 2900, "EUR"),
            Posting("tax/standard", 550, "EUR"),
            Posting("refund-due", -3450, "EUR"),
        ),
        "moves": (Move(SCARF, SOLD, "quarantine", 1),),
        "reason": "size",
    }
    return Refund(**{**honest, **changes})


def money(hub: HubWorld) -> dict[str, int]:
    return {account: amount for _, _, account, _, amount in hub.rows("money") if amount}


def tell(hub: HubWorld, journal: PaperJournal) -> None:
    hub.send(journal, 1)
    hub.project()


def reasons(hub: HubWorld) -> list[str]:
    return [row[5] for row in hub.rows("quarantine")]


def test_money_that_came_too_late_is_due_until_it_went_back(hub: HubWorld, mirror: PaperJournal) -> None:
    mirror.write(ended("cancelled"), idem=f"closed/{ATTEMPT}")
    mirror.write(ended("refund-due", reason="late", postings=DUE), idem=f"due/{ATTEMPT}")
    tell(hub, mirror)
    before = money(hub)
    mirror.write(ended("refunded", reference="re_1", postings=BACK), idem=f"refunded/{ATTEMPT}")
    tell(hub, mirror)

    assert (before["settlement/stripe"], before["refund-due"]) == (3450, -3450)
    assert not {"settlement/stripe", "refund-due"} & set(money(hub))
    ends = [(row[2], row[6], row[7], row[9], row[10]) for row in hub.rows("payment_end")]
    assert sorted(ends) == [
        (f"closed/{ATTEMPT}", "cancelled", 3450, "", ""),
        (f"due/{ATTEMPT}", "refund-due", 3450, "", "late"),
        (f"refunded/{ATTEMPT}", "refunded", 3450, "re_1", ""),
    ]
    assert hub.rows("alarm") == []


def test_a_refund_is_owed_and_its_goods_leave_what_was_sold(hub: HubWorld, mirror: PaperJournal) -> None:
    mirror.write(given_back(), idem="refund/refund-number-1")
    tell(hub, mirror)

    assert hub.stock()["quarantine", SCARF] == 1
    assert (SOLD, SCARF) not in hub.stock()
    assert money(hub) == {"receivable/a7Kx": 3450, "refund-due": -3450}
    (refund,) = hub.rows("refund", "entry", "wall_ms")
    assert refund == (
        *("mirror-4", "refund-number-1", "s-1", ATTEMPT, "stripe", "e1-R0001", "2026-03-02"),
        *("EUR", 3450, 1, "size"),
    )
    assert hub.rows("refund_line", "entry") == [(0, SCARF, "Scarf", 1, 3450, 3450, "standard")]
    assert len(hub.rows("takings")) == 1  # what was taken stays what was taken: money goes back elsewhere


def test_what_a_person_of_the_shop_did_is_a_line_to_read(hub: HubWorld, mirror: PaperJournal) -> None:
    mirror.write(Operator("p7Rk", "void", "s-1"))
    tell(hub, mirror)

    assert hub.rows("deed", "entry", "wall_ms") == [("mirror-4", "p7Rk", "void", "s-1")]


CALLS = [
    (ended("person", reason="unknown"), f"closed/{ATTEMPT}", "nobody knows"),
    (ended("person", reason="declined"), f"person/{ATTEMPT}", "give it back by hand"),
    (ended("person", refund="refund-number-1"), "person/refund-number-1", "give it back by hand"),
    (ended("person", reason="sold-elsewhere", refund="s-1-1"), "person/s-1-1", "another object had sold"),
    (ended("person", reason="silent"), f"person/{ATTEMPT}", "look there, and give it back by hand if it did"),
]


@pytest.mark.parametrize(("end", "idem", "said"), CALLS)
def test_a_person_is_called_once_however_often_the_books_are_made_again(
    hub: HubWorld, mirror: PaperJournal, end: PaymentClosed, idem: str, said: str
) -> None:
    mirror.write(end, idem=idem)
    tell(hub, mirror)
    before = hub.rows("alarm")
    hub.projector.rebuild()

    ((_, kind, subject, sentence, times, *_),) = hub.rows("alarm")
    assert (kind, subject, times) == ("payment.person", f"mirror-4/{idem}", 1)
    assert said in sentence
    assert "3450 EUR" in sentence
    assert hub.rows("alarm") == before


def test_a_badge_that_is_locked_is_an_alarm_and_each_wrong_pin_a_line(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    for number in range(1, 6):
        mirror.write(Operator("k3Rz8mV1qN6s", "pin.wrong"), idem=f"operator/boot/{number}")
    mirror.write(Operator("k3Rz8mV1qN6s", "pin.locked"), idem="operator/boot/6")
    tell(hub, mirror)
    hub.projector.rebuild()

    assert len(hub.rows("deed")) == 6
    ((_, kind, subject, sentence, times, *_),) = hub.rows("alarm")
    assert (kind, subject, times) == ("staff.locked", "mirror-4/operator/boot/6", 1)
    assert "k3Rz8mV1qN6s" in sentence


def test_nobody_is_called_for_what_ended_by_itself(hub: HubWorld, mirror: PaperJournal) -> None:
    for outcome in ("captured", "declined", "cancelled"):
        mirror.write(ended(outcome), idem=f"{outcome}/{ATTEMPT}")
    tell(hub, mirror)

    assert len(hub.rows("payment_end")) == 3
    assert hub.rows("alarm") == []


def test_what_is_told_again_in_another_epoch_is_counted_once(hub: HubWorld, mirror: PaperJournal) -> None:
    for fact, idem in (
        (ended("refund-due", postings=DUE), f"due/{ATTEMPT}"),
        (given_back(), "refund/refund-number-1"),
    ):
        mirror.write(fact, idem=idem)
    tell(hub, mirror)
    before = money(hub), hub.stock()
    again = PaperJournal("mirror-4", mirror.key, epoch="e2")
    again.begin()
    again.write(ended("refund-due", postings=DUE), idem=f"due/{ATTEMPT}")
    again.write(given_back(), idem="refund/refund-number-1")
    tell(hub, again)

    assert (money(hub), hub.stock()) == before
    assert reasons(hub) == ["doubled", "doubled"]


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (ended("declined", reason="x" * 200), "limit"),
        (PaymentClosed("s", ATTEMPT, "p", "declined", 1, "Euro"), "currency"),
        (PaymentClosed("s", ATTEMPT, "p", "declined", 10**13, "EUR"), "limit"),
        (ended("declined", refund="r" * 200), "limit"),
        (given_back(total_minor=10**13), "limit"),
        (given_back(moves=(Move(SCARF, SOLD, "q", 10**7),)), "limit"),
        (given_back(lines=(SaleLine(SCARF, "Scarf", 10**7, 1, 1, "standard"),)), "limit"),
        (Operator("p7Rk", "void", "a" * 200), "limit"),
    ],
)
def test_what_no_shop_has_is_set_aside(
    hub: HubWorld, mirror: PaperJournal, fact: PaymentClosed | Refund | Operator, reason: str
) -> None:
    mirror.write(fact)
    tell(hub, mirror)

    assert reasons(hub) == [reason]
    for name in ("payment_end", "refund", "refund_line", "deed"):
        assert hub.rows(name) == []


def test_what_is_made_again_is_the_same(hub: HubWorld, mirror: PaperJournal) -> None:
    mirror.write(ended("refund-due", postings=DUE), idem=f"due/{ATTEMPT}")
    mirror.write(given_back(), idem="refund/refund-number-1")
    mirror.write(Operator("p7Rk", "void", "s-1"))
    tell(hub, mirror)
    before = {table.name: hub.rows(table.name) for table in schema.PROJECTIONS}
    hub.projector.rebuild()

    assert {table.name: hub.rows(table.name) for table in schema.PROJECTIONS} == before
