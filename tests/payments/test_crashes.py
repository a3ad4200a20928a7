"""The power goes at every step of a payment, and again at the steps of the recovery: no money is lost."""

import random
from typing import Final
from zlib import crc32

import pytest

from proofs.luck import seeded
from tests.payments.bank import BEHAVIOURS, Kind
from tests.payments.worlds import KINDS, Case, crashes

# Of each case so many lives at least: 48 with one provider and 24 with two make more than 1,500 of them.
_LIVES_MIN: Final = 21
_WANTED: Final = 20


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("kind", KINDS)
def test_power_cuts_at_every_step_of_a_payment_lose_and_double_nothing(kind: Kind, behaviour: str) -> None:
    case = Case((kind,), (behaviour,))
    with seeded(crc32(case.name.encode())) as luck:
        assert crashes(case, luck, _WANTED) >= _LIVES_MIN


def _splits() -> list[Case]:
    """Every two kinds side by side, and every behaviour once as the first part and once as the second."""
    luck = random.Random(7)
    cases = []
    for turn, behaviour in enumerate(BEHAVIOURS):
        for at in (0, 1):
            kinds = (KINDS[(turn + at) % 4], KINDS[(turn // 3 + at) % 4])
            other = luck.choice([*BEHAVIOURS])
            cases.append(Case(kinds, (behaviour, other) if at else ("ok", behaviour)))
    return cases


@pytest.mark.parametrize("case", _splits(), ids=lambda case: case.name)
def test_power_cuts_between_the_parts_of_a_sale_give_back_what_was_paid(case: Case) -> None:
    with seeded(crc32(case.name.encode())) as luck:
        assert crashes(case, luck, _WANTED) >= _LIVES_MIN
