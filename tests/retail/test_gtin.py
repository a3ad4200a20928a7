"""A printed number is a product or a reason, and a wrong digit never sells another product."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity import gtin
from retail.identity.answer import Refused

Vectors = Callable[[str], list[dict[str, Any]]]

PRINTED = [
    ("96385074", "00000096385074"),
    ("00123457", "00000000123457"),
    ("036000291452", "00036000291452"),
    ("4006381333931", "04006381333931"),
    ("5901234123457", "05901234123457"),
    ("98765432109213", "98765432109213"),
]

REFUSED = [
    ("", "expected 8, 12, 13 or 14 digits, got 0 characters"),
    ("9638507", "expected 8, 12, 13 or 14 digits, got 7 characters"),
    ("1" * 5000, "expected 8, 12, 13 or 14 digits, got 5000 characters"),
    ("96385075", "expected check digit 4, got 5 in 96385075"),
    ("4006381333932", "expected check digit 1, got 2 in 4006381333932"),
    ("40063813339ab", "expected digits only, got '40063813339ab'"),
    ("+006381333931", "expected digits only, got '+006381333931'"),
    ("4_06381333931", "expected digits only, got '4_06381333931'"),
    (" 006381333931", "expected digits only, got ' 006381333931'"),
    ("400638133393\u0661", "expected digits only, got '400638133393\u0661'"),
    ("012345678\u2070\u2070\u2070", "expected digits only, got '012345678\u2070\u2070\u2070'"),
]

bodies = st.integers(min_value=0, max_value=10**13 - 1)


def weighed(digits: str) -> int:
    """The sum of the standard, digit by digit: 1, 3, 1, 3 ... from the right."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))


@pytest.mark.parametrize(("text", "number"), PRINTED)
def test_a_printed_number_is_the_gtin_14_of_its_product(text: str, number: str) -> None:
    assert gtin.parse(text) == number


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_number_that_is_none_says_what_was_expected(text: str, reason: str) -> None:
    assert gtin.parse(text) == Refused(reason)


@given(bodies)
def test_the_check_digit_makes_the_weighed_sum_a_multiple_of_ten(body: int) -> None:
    assert 0 <= gtin.check_digit(body) <= 9
    assert weighed(gtin.completed(body)) % 10 == 0


@given(bodies)
def test_a_completed_number_is_read_as_itself(body: int) -> None:
    number = gtin.completed(body)
    assert gtin.parse(number) == number


@given(bodies, st.integers(0, 13), st.integers(1, 9))
def test_one_misread_digit_is_never_another_product(body: int, place: int, shift: int) -> None:
    number = gtin.completed(body)
    wrong = str((int(number[place]) + shift) % 10)
    assert isinstance(gtin.parse(number[:place] + wrong + number[place + 1 :]), Refused)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_reason(text: str) -> None:
    found = gtin.parse(text)
    assert isinstance(found, Refused) or weighed(found) % 10 == 0


def test_numbers_of_another_library_are_read_alike(vectors: Vectors) -> None:
    rows = [row for row in vectors("gs1/biip_gtin_upc.jsonl") if row["src"].startswith("biip/gtin.")]
    assert rows
    for row in rows:
        found = gtin.parse(row["value"])
        assert not isinstance(found, Refused), row
        if not row["should_fail"] and row["expected"]:
            assert found == row["expected"].zfill(14), row


def test_upc_a_of_another_library_is_read_alike_and_its_upc_e_is_refused(vectors: Vectors) -> None:
    rows = [row for row in vectors("gs1/biip_gtin_upc.jsonl") if row["src"].startswith("biip/upc.")]
    assert rows
    for row in rows:
        found = gtin.parse(row["value"])
        is_upc_a = len(row["value"]) == 12 and not row["should_fail"]
        assert isinstance(found, Refused) is not is_upc_a, row


def test_printed_codes_are_judged_as_the_gs1_engine_judges_them(vectors: Vectors) -> None:
    digits = {"]E0": 13, "]E4": 8}
    rows = [row for row in vectors("gs1/oracle_ean.jsonl") if row["input"][:3] in digits]
    plain = [row for row in rows if len(row["input"]) == 3 + digits[row["input"][:3]]]
    assert plain
    for row in plain:
        assert isinstance(gtin.parse(row["input"][3:]), str) is row["valid"], row
