"""A receipt says what was bought, what it cost and which tax is in it, on paper as on the glass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.receipt import Part, Row, Slip, SlipLine, SlipTax, columns, rows, text
from retail.units import Money

NBSP = "\u00a0"
TIMES = "\u00d7"


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


def slip(language: str = "en", name: str = "Merino Crew Sweater", shop: str = "Corner") -> Slip:
    return Slip(
        shop=shop,
        number="R4-0831",
        business_date="2026-03-09",
        language=language,
        lines=(
            SlipLine(name, 1, eur(11_900), eur(11_900)),
            SlipLine("Ethiopia Yirgacheffe", 2, eur(1_190), eur(2_380)),
        ),
        taxes=(SlipTax(700, eur(2_380), eur(156)), SlipTax(1900, eur(11_900), eur(1_900))),
        total=eur(14_280),
    )


ENGLISH = f"""\
Corner
Receipt R4-0831                Mar 9, 2026
Merino Crew Sweater                €119.00
Ethiopia Yirgacheffe                €23.80
  2 {TIMES} €11.90
Total                              €142.80
incl. 7% tax on €23.80               €1.56
incl. 19% tax on €119.00            €19.00"""

GERMAN = f"""\
Corner
Beleg R4-0831                   09.03.2026
Merino Crew Sweater               119,00 €
Ethiopia Yirgacheffe               23,80 €
  2 {TIMES} 11,90 €
Summe                             142,80 €
inkl. 7 % MwSt. aus 23,80 €         1,56 €
inkl. 19 % MwSt. aus 119,00 €      19,00 €"""


@pytest.mark.parametrize(("language", "paper"), [("en", ENGLISH), ("de", GERMAN), ("sv-FI", None)])
def test_a_receipt_reads_in_the_shoppers_language(language: str, paper: str | None) -> None:
    lines = text(slip(language))
    if paper is not None:
        assert "\n".join(lines).replace(NBSP, " ") == paper
    else:
        assert lines[1].startswith("Receipt R4-0831")


@pytest.mark.parametrize(
    ("language", "total"), [("es", "Total"), ("zh", "合计"), ("zh-Hant", "合计"), ("ar", "المجموع")]
)
def test_the_total_is_called_as_the_language_calls_it(language: str, total: str) -> None:
    row = next(row for row in rows(slip(language)) if row.part is Part.TOTAL)
    assert row.words == total


def test_a_glass_can_tell_the_parts_of_a_receipt_apart() -> None:
    said = rows(slip())
    assert [row.part for row in said] == [
        Part.SHOP,
        Part.NUMBER,
        Part.GOODS,
        Part.GOODS,
        Part.EACH,
        Part.TOTAL,
        Part.TAX,
        Part.TAX,
    ]
    assert said[2] == Row(Part.GOODS, "Merino Crew Sweater", "€119.00")


def test_a_long_name_goes_on_in_the_next_line_at_a_space() -> None:
    lines = text(slip(name="A sweater of the finest merino wool with a crew neck"), 42)
    assert lines[2:4] == [
        "A sweater of the finest merino wool with a",
        "crew neck                          €119.00",
    ]


@pytest.mark.parametrize("letters", [42, 41, 36, 35])
def test_an_amount_that_does_not_fit_beside_its_words_stands_below_them(letters: int) -> None:
    lines = text(slip(name="x" * letters), 42)
    assert lines[2:4] == ["x" * letters, f"{'€119.00':>42}"]


def test_an_amount_stands_beside_its_words_when_a_space_is_left_between_them() -> None:
    assert text(slip(name="x" * 34), 42)[2] == "x" * 34 + " €119.00"


def test_a_wide_character_takes_two_columns_and_a_mark_none() -> None:
    assert columns("咖啡") == 4
    assert columns("e\u0301\u200f") == 1


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=80),
    st.integers(24, 60),
    st.sampled_from(["en", "de", "zh", "ar", "es"]),
)
def test_no_line_is_wider_than_the_paper_and_no_letter_is_lost(name: str, width: int, language: str) -> None:
    lines = text(slip(language, name=name), width)
    assert all(columns(line) <= width for line in lines)
    printed, letters = "".join("".join(lines).split()), "".join(name.split())
    assert all(printed.count(letter) >= letters.count(letter) for letter in letters)
