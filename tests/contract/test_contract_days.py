"""A terminal's day: when its word and our books call for a person."""

import pytest
from msgspec import UNSET, UnsetType

from cloud_sync.contract.facts import DayClosed, Handed

OWN = Handed(2, 2_140)
DAYS = [(OWN, False), (Handed(2, 2_141), True), (Handed(1, 2_140), True), (UNSET, False)]


@pytest.mark.parametrize(("told", "differs"), DAYS)
def test_a_day_differs_by_a_payment_or_a_cent(told: Handed | UnsetType, *, differs: bool) -> None:
    assert DayClosed("zvt", "2026-02-25", "closed", "EUR", OWN, told).differs is differs
