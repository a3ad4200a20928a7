"""Shoppers tap twice, side by side, and have had enough at any moment: each pays once, or nothing."""

from collections import Counter
from typing import Final

import pytest

from proofs.luck import seeded
from tests.payments.bank import BEHAVIOURS, Kind
from tests.payments.scene import TOTAL_MINOR, Part, Shopper
from tests.payments.worlds import KINDS, Case, moments, played

_A_LITTLE_S: Final = 0.001

CASES: Final = [Case((kind,), (behaviour,)) for kind in KINDS for behaviour in BEHAVIOURS]

FEW: Final = [Case((kind,), (behaviour,)) for kind in KINDS for behaviour in ("ok", "lost request", "late")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_who_has_had_enough_at_any_moment_pays_once_or_nothing(case: Case) -> None:
    with seeded(1):
        for moment_s in sorted({0.0, *(each + _A_LITTLE_S for each in moments(case) if each < 200)}):
            ledger = played(
                case.scene(), [Shopper("sale-1", (Part("psp-0", tries=1, stops_after_s=moment_s),))]
            )
            assert len(ledger.sales) <= 1


@pytest.mark.parametrize("case", FEW, ids=lambda case: case.name)
def test_a_second_tap_for_the_same_sale_at_any_moment_charges_nothing(case: Case) -> None:
    with seeded(1):
        for moment_s in sorted({0.0, *(each - _A_LITTLE_S for each in moments(case) if each < 200)}):
            scene = case.scene()
            taps = [case.shopper(), case.shopper(comes_s=moment_s)]
            ledger = played(scene, taps)
            assert len(ledger.sales) == 1


@pytest.mark.parametrize("case", FEW, ids=lambda case: case.name)
def test_two_shoppers_of_the_same_amount_never_pay_for_each_other(case: Case) -> None:
    with seeded(1):
        for moment_s in sorted({0.0, *(each + _A_LITTLE_S for each in moments(case))}):
            ledger = played(case.scene(), [case.shopper("hers"), case.shopper("his", moment_s)])
            assert {*ledger.sales} <= {"hers", "his"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_terminal_serves_one_shopper_at_a_time(kind: Kind) -> None:
    with seeded(1):
        case = Case((kind,), ("ok",))
        scene = case.scene()
        once = (Part("psp-0", tries=1),)
        played(scene, [Shopper("hers", once), Shopper("his", once, comes_s=1.0)])
    said = Counter((told.result, told.reason) for told in scene.told)
    if kind == "fenced":
        assert said == {("paid", ""): 1, ("unavailable", "busy"): 1}
    else:
        assert said == {("paid", ""): 2}


@pytest.mark.parametrize("behaviour", ["ok", "lost reply", "declined", "late", "partial"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_shopper_who_leaves_between_two_parts_has_it_all_back(kind: Kind, behaviour: str) -> None:
    with seeded(1):
        case = Case((kind, "knows"), (behaviour, "refused"))
        parts = (Part("psp-0", 400), Part("psp-1", TOTAL_MINOR - 400, tries=1))
        scene = case.scene()
        ledger = played(scene, [Shopper("sale-1", parts)])
        assert not ledger.sales
        assert not ledger.persons
        assert all(not bank.net_minor for bank in scene.banks.values())
