"""Goods that may not be sold are known by their label: past their day, called back, or of another shop."""

from datetime import date

import pytest

from retail.identity import rcn
from retail.identity.gs1 import elements
from retail.identity.gs1.label import Label
from retail.identity.standing import Recall, Standing, standing
from retail.units import Gtin

NEW_YEAR = date(2026, 1, 1)
GOODS = Gtin("09520123456788")


def label(text: str) -> Label:
    found = elements.bracketed(f"(01){GOODS}{text}")
    assert isinstance(found, Label)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Standing.SELLABLE),
        ("(17)260101", Standing.SELLABLE),
        ("(17)251231", Standing.EXPIRED),
        ("(17)251200", Standing.EXPIRED),
        ("(17)260100", Standing.SELLABLE),
        ("(7003)2512312359", Standing.EXPIRED),
        ("(15)251231", Standing.SELLABLE),
    ],
)
def test_goods_are_sold_until_the_end_of_their_last_day(text: str, expected: Standing) -> None:
    assert standing(label(text), NEW_YEAR) is expected


@pytest.mark.parametrize(
    ("recall", "text", "expected"),
    [
        (Recall(GOODS), "", Standing.RECALLED),
        (Recall(GOODS), "(10)A(17)251231", Standing.RECALLED),
        (Recall(GOODS, lot="A"), "(10)A", Standing.RECALLED),
        (Recall(GOODS, lot="A"), "(10)B", Standing.SELLABLE),
        (Recall(GOODS, lot="A"), "", Standing.SELLABLE),
        (Recall(GOODS, serial="7"), "(21)7", Standing.RECALLED),
        (Recall(GOODS, serial="7"), "(21)8", Standing.SELLABLE),
        (Recall(Gtin("00000000000000")), "", Standing.SELLABLE),
    ],
)
def test_what_was_called_back_is_known_by_product_lot_or_item(
    recall: Recall, text: str, expected: Standing
) -> None:
    assert standing(label(text), NEW_YEAR, {recall}) is expected


def test_a_number_of_another_shop_names_nothing_here() -> None:
    found = rcn.read("2302148210869", "no")
    assert isinstance(found, Label)
    assert standing(found, NEW_YEAR) is Standing.ELSEWHERE
    assert standing(found, NEW_YEAR, own={"geo"}) is Standing.SELLABLE
