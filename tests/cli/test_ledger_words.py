"""What an entry says to people, where the sum of it is what they ask about."""

from typing import Any

import pytest

from cloud_sync.contract.facts import DayClosed, Handed
from edge.cli.ledger.words import words

OWN = Handed(3, 4_260)
DAYS: list[tuple[dict[str, Any], str]] = [
    ({"told": OWN}, "the day at zvt is closed: 3 payments, €42.60, our books say the same"),
    (
        {"told": Handed(2, 3_110), "reason": "terminal.other"},
        "the day at zvt is closed: 2 payments, €31.10, our books say 3 payments, €42.60 (terminal.other)",
    ),
    ({}, "the day at zvt is closed, and it said no sum: 3 payments, €42.60 by our books"),
    (
        {"outcome": "open", "reason": "terminal.no-host"},
        "the day at zvt could not be closed yet (terminal.no-host): 3 payments, €42.60 by our books",
    ),
]


@pytest.mark.parametrize(("more", "said"), DAYS)
def test_a_day_of_a_terminal_is_said_beside_our_own_books(more: dict[str, Any], said: str) -> None:
    day: dict[str, Any] = {"provider": "zvt", "business_date": "2026-02-25", "outcome": "closed", "own": OWN}
    assert words(DayClosed(**{**day, "currency": "EUR", **more})) == said


def test_a_day_of_nothing_needs_no_currency() -> None:
    day = DayClosed("zvt", "2026-02-25", "closed", "XXX", Handed(0, 0), Handed(0, 0))
    assert "0 payments" in words(day)
