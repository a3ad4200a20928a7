"""Numbers and dates on a label mean what they mean to another library, without floats."""

from datetime import date, datetime, time
from typing import Final

import pytest

from retail.identity.answer import Refused
from retail.identity.gs1 import elements
from retail.identity.gs1.dates import clock, day
from retail.identity.gs1.fields import AI_DIGITS
from retail.identity.gs1.measures import currency_of, decimal, in_minor, weight_mg
from retail.identity.gs1.strictness import Strictness
from tests.retail.identity.gs1.rows import Row, Vectors

THIS_YEAR: Final = 2026
"""When the rows were taken: some of them count from it."""

REFUSED_BY_GS1: Final = {
    "biip_elements-16d8379cb0": "its check digit is wrong, which the other library does not look at",
    "biip_elements-80574a7baf": "its hour is 99, which GS1's own check refuses",
}
"""Rows that the other library reads and GS1 does not: id -> why."""

DATES: Final = frozenset(
    {"11", "12", "13", "15", "16", "17", "4324", "4325", "4326", "7003", "7006", "7011", "8008"}
)


def facts(ai: str, value: str) -> Row:
    """What a row may expect of a value, in its own words."""
    found: Row = {"expected_currency": currency_of(ai, value)}
    if number := decimal(ai, value):
        digits, decimals = number
        text = f"{digits:0{decimals + 1}}"
        found |= dict.fromkeys(
            ("expected", "expected_decimal"),
            f"{text[: len(text) - decimals]}.{text[len(text) - decimals :]}".strip("."),
        )
    if ai in DATES:
        named, at = day(value, THIS_YEAR), clock(value)
        found |= dict.fromkeys(("expected", "expected_date", "date"), named.isoformat())
        found |= {"expected_datetime": None if at is None else str(datetime.combine(named, at))}
    return found


def test_values_mean_what_they_mean_to_another_library(vectors: Vectors) -> None:
    rows = [
        row
        for row in vectors("gs1/biip_elements.jsonl")
        if "expected" not in row or len(row["expected"]) < 20
    ]
    assert rows
    for row in rows:
        text: str = row["input"] if "input" in row else row["value"]
        ai, value = text[: AI_DIGITS[text[:2]]], text[AI_DIGITS[text[:2]] :]
        ours = facts(ai, value)
        for name in ours.keys() & row.keys():
            assert normal(ours[name]) == normal(row[name]), row


def normal(fact: str | None) -> str | None:
    """A number without the zeros that one writes in front, and the other behind."""
    return fact if fact is None or "-" in fact else fact.rstrip("0").rstrip(".") if "." in fact else fact


def test_values_of_another_library_are_read_unless_gs1_refuses_them(vectors: Vectors) -> None:
    for row in vectors("gs1/biip_elements.jsonl"):
        text: str = row["input"] if "input" in row else row["value"]
        found = elements.raw("^" + text, Strictness(association=False))
        assert isinstance(found, Refused) is (row["id"] in REFUSED_BY_GS1), (row, found)


@pytest.mark.parametrize(
    ("text", "this_year", "expected"),
    [
        ("760526", 2026, date(2076, 5, 26)),
        ("770526", 2026, date(1977, 5, 26)),
        ("490101", 2000, date(2049, 1, 1)),
        ("510101", 2000, date(1951, 1, 1)),
        ("010101", 2060, date(2101, 1, 1)),
        ("000200", 2001, date(2000, 2, 29)),
        ("210200", 2026, date(2021, 2, 28)),
    ],
)
def test_two_digits_of_a_year_mean_the_nearest_one(text: str, this_year: int, expected: date) -> None:
    assert day(text, this_year) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("260101", None), ("2601019999", None), ("26010114", time(14)), ("260101141516", time(14, 15, 16))],
)
def test_a_time_of_day_stands_behind_a_date_or_does_not(text: str, expected: time | None) -> None:
    assert clock(text) == expected


@pytest.mark.parametrize(
    ("ai", "value", "expected_mg"),
    [
        ("3103", "000195", 195_000),
        ("3100", "000001", 1_000_000),
        ("3105", "000001", 10),
        ("3202", "000100", 453_592),
        ("3560", "000001", 31_103),
    ],
)
def test_a_weight_is_a_whole_number_of_milligrams(ai: str, value: str, expected_mg: int) -> None:
    assert weight_mg(ai, value) == expected_mg


@pytest.mark.parametrize(
    ("digits", "decimals", "currency", "minor"),
    [
        (299, 2, "EUR", 299),
        (299, 0, "EUR", 29_900),
        (2990, 3, "EUR", 299),
        (2995, 3, "EUR", None),
        (300, 2, "JPY", 3),
        (1, 2, "KWD", 10),
        (299, 2, None, 299),
    ],
)
def test_an_amount_is_counted_in_the_smallest_coin_or_not_at_all(
    digits: int, decimals: int, currency: str | None, minor: int | None
) -> None:
    assert in_minor(digits, decimals, currency) == minor
