"""A number with a weight or a price inside names its product without it, and says what is inside."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity import rcn
from retail.identity.answer import Refused
from retail.identity.gs1.label import Label
from retail.identity.gtin import completed
from tests.retail.identity.gs1.rows import Row, Vectors


def minor(text: str | None) -> int | None:
    return None if text is None else int(Decimal(text) * 100)


def milligrams(text: str | None) -> int | None:
    return None if text is None else int(Decimal(text) * 10**6)


def expected(row: Row) -> Row:
    """The facts of a row in our units."""
    facts = {
        "lookup_code": "without_variable_measure",
        "count": "count",
        "currency": "currency",
        "circulation": "usage",
    }
    found = {ours: row[theirs] for ours, theirs in facts.items() if theirs in row}
    if "weight" in row:
        found |= {"weight_mg": milligrams(row["weight"]), "price_minor": minor(row["price"])}
    return found


def test_numbers_of_nine_countries_are_read_as_another_library_reads_them(vectors: Vectors) -> None:
    rows = vectors("gs1/rcn_variable_measure.jsonl")
    assert rows
    for row in rows:
        label = rcn.read(row["value"], row["region"])
        assert isinstance(label, Label), row
        facts = expected(row)
        assert {name: getattr(label, name) for name in facts} == facts, row


def test_a_price_is_guarded_by_a_check_digit_of_its_own() -> None:
    assert isinstance(rcn.read("2211114002394", "de"), Label)
    wrong = completed(221111300239)[1:]
    assert rcn.read(wrong, "de") == Refused(f"expected check digit 4 of 00239, got 3 in {wrong}")
    assert rcn.read("2011122912346", "gb") == Label(
        text="2011122912346",
        gtin14=completed(201112291234),
        lookup_code="2011122000005",
        price_minor=1_234,
        currency="GBP",
        circulation="geo",
    )


def test_a_shop_may_have_rules_of_its_own() -> None:
    own = {"corner": rcn.Region({"29": rcn.Measure(rcn.Carries.COUNT, "PPPPPPPPPVVV")})}
    label = rcn.read(completed(290000012007)[1:], "corner", own)
    assert isinstance(label, Label)
    assert label.count == 7


def test_a_region_that_nobody_knows_is_a_reason() -> None:
    assert rcn.read("2302148210869", "xx") == Refused(
        "expected a region of de, dk, ee, fi, gb, lt, lv, no, se, got 'xx'"
    )


@pytest.mark.parametrize("region", sorted(rcn.REGIONS))
@given(st.integers(0, 9), st.integers(0, 10**10 - 1))
def test_a_number_is_looked_up_by_one_that_means_the_same_without_a_measure(
    region: str, second: int, rest: int
) -> None:
    text = completed(200_000_000_000 + second * 10**10 + rest)[1:]
    label = rcn.read(text, region)
    if isinstance(label, Label) and label.lookup_code:
        again = rcn.read(label.lookup_code, region)
        assert isinstance(again, Label)
        assert again.lookup_code == label.lookup_code
        assert {again.weight_mg, again.price_minor, again.count} <= {None, 0}
