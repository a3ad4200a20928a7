"""Amounts, dates and times read as the shopper's own language writes them, and never say another amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.locale import (
    AmountParts,
    UnknownLanguageError,
    UnknownTimezoneError,
    amount,
    amount_parts,
    business_date,
    clock_time,
    day,
    direction,
    is_currency,
    is_language,
    less,
    percent,
    whole,
)
from retail.units import Money

LANGUAGES = (
    "en",
    "en-GB",
    "de",
    "de-CH",
    "es",
    "zh",
    "zh-Hant",
    "ar",
    "fr",
    "fa",
    "he",
    "hi",
    "ja",
    "sv",
    "nl",
)

# No-break space, and the marks that keep right-to-left amounts in order.
NBSP, NARROW, RLM = "\u00a0", "\u202f", "\u200f"

AMOUNTS = [
    (5_990, "EUR", "en", AmountParts("€", "59", ".", "90", "")),
    (5_990, "EUR", "de", AmountParts("", "59", ",", "90", f"{NBSP}€")),
    (5_990, "EUR", "es", AmountParts("", "59", ",", "90", f"{NBSP}€")),
    (5_990, "EUR", "zh", AmountParts("€", "59", ".", "90", "")),
    (5_990, "EUR", "ar", AmountParts(RLM, "59", ".", "90", f"{NBSP}€")),
    (5_990, "CHF", "de-CH", AmountParts(f"CHF{NBSP}", "59", ".", "90", "")),
    (123_456_789, "EUR", "en", AmountParts("€", "1,234,567", ".", "89", "")),
    (123_456_789, "EUR", "de", AmountParts("", "1.234.567", ",", "89", f"{NBSP}€")),
    (123_456_789, "EUR", "fr", AmountParts("", f"1{NARROW}234{NARROW}567", ",", "89", f"{NBSP}€")),
    (5, "EUR", "en", AmountParts("€", "0", ".", "05", "")),
    (0, "EUR", "en", AmountParts("€", "0", ".", "00", "")),
    (-5_990, "EUR", "en", AmountParts("-€", "59", ".", "90", "")),
    (1_200, "JPY", "en", AmountParts("¥", "1,200", "", "", "")),
    (1_500, "KWD", "en", AmountParts(f"KWD{NBSP}", "1", ".", "500", "")),
    (1_500, "KWD", "de", AmountParts("", "1", ",", "500", f"{NBSP}KWD")),
    (123_400, "RSD", "en", AmountParts(f"RSD{NBSP}", "1,234", ".", "00", "")),
]

# 2026-03-29 01:00 UTC is when Berlin goes from 02:00 to 03:00; 2026-10-25 01:00 UTC is when it goes back.
DATES = [
    (1_774_738_799_999, "Europe/Berlin", "2026-03-28"),
    (1_774_738_800_000, "Europe/Berlin", "2026-03-29"),
    (1_774_738_800_000, "America/New_York", "2026-03-28"),
    (1_774_738_800_000, "Asia/Tokyo", "2026-03-29"),
    (1_774_821_600_000, "Europe/Berlin", "2026-03-30"),
    (0, "UTC", "1970-01-01"),
]

TIMES = [
    (1_774_745_999_999, "en-GB", "01:59"),
    (1_774_746_000_000, "en-GB", "03:00"),
    (1_774_746_000_000, "de", "03:00"),
    (1_774_787_520_000, "en", f"2:32{NARROW}PM"),
    (1_774_787_520_000, "zh", "14:32"),
]


@pytest.mark.parametrize(("amount_minor", "currency", "language", "parts"), AMOUNTS)
def test_an_amount_is_taken_apart_as_its_language_writes_it(
    amount_minor: int, currency: str, language: str, parts: AmountParts
) -> None:
    assert amount_parts(Money(amount_minor, currency), language) == parts


@given(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.sampled_from(["EUR", "USD", "CHF", "CNY", "JPY", "KWD", "IQD", "RSD", "CLF"]),
    st.sampled_from(LANGUAGES),
)
def test_the_digits_on_the_glass_are_the_digits_of_the_amount(
    amount_minor: int, currency: str, language: str
) -> None:
    money = Money(amount_minor, currency)
    parts = amount_parts(money, language)
    digits = "".join(character for character in parts.whole + parts.cents if character.isdecimal())
    assert int(digits) == abs(amount_minor)
    assert "".join([parts.before, parts.whole, parts.point, parts.cents, parts.after]) == amount(
        money, language
    )
    assert ("-" in parts.before or "\u2212" in parts.before) is (amount_minor < 0)


@pytest.mark.parametrize(
    ("rate_bp", "language", "text"),
    [
        (1900, "en", "19%"),
        (1900, "de", f"19{NBSP}%"),
        (770, "en", "7.7%"),
        (5, "en", "0.05%"),
        (0, "en", "0%"),
    ],
)
def test_a_rate_is_a_percentage_with_no_more_decimals_than_it_has(
    rate_bp: int, language: str, text: str
) -> None:
    assert percent(rate_bp, language) == text


@pytest.mark.parametrize(("wall_ms", "timezone", "date"), DATES)
def test_a_sale_belongs_to_the_day_on_the_shops_own_calendar(wall_ms: int, timezone: str, date: str) -> None:
    assert business_date(wall_ms, timezone) == date


@pytest.mark.parametrize(("wall_ms", "language", "time"), TIMES)
def test_the_clock_shows_the_shops_own_time(wall_ms: int, language: str, time: str) -> None:
    assert clock_time(wall_ms, "Europe/Berlin", language) == time


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Mar 9, 2026"), ("en-GB", "9 Mar 2026"), ("de", "09.03.2026"), ("zh", "2026年3月9日")],
)
def test_a_date_reads_as_its_language_writes_it(language: str, text: str) -> None:
    assert day("2026-03-09", language) == text


@pytest.mark.parametrize("language", ["", "xx", "en_US", "../etc", "e" * 1000])
def test_a_language_that_nobody_writes_is_an_error(language: str) -> None:
    assert not is_language(language)
    with pytest.raises(UnknownLanguageError, match="expected a BCP 47 language"):
        amount(Money(1, "EUR"), language)


@pytest.mark.parametrize("timezone", ["", "Europe/Atlantis", "../../etc/passwd", "/etc/localtime", "Europe"])
def test_a_time_zone_that_is_nowhere_is_an_error(timezone: str) -> None:
    with pytest.raises(UnknownTimezoneError, match="expected a time zone"):
        business_date(0, timezone)


def test_languages_and_currencies_of_the_world_are_known() -> None:
    assert all(is_language(language) for language in LANGUAGES)
    assert all(is_currency(currency) for currency in ("EUR", "JPY", "KWD", "CNY"))
    assert not any(is_currency(currency) for currency in ("", "eur", "EUX", "EURO"))


GROUPED = [("en", "1,200"), ("de", "1.200"), ("es", "1.200"), ("zh-Hans", "1,200"), ("ar", "1,200")]


@pytest.mark.parametrize(("language", "text"), GROUPED)
def test_a_whole_number_is_grouped_as_its_language_does(language: str, text: str) -> None:
    assert whole(1200, language) == text


@pytest.mark.parametrize(
    ("language", "way"), [("en", "ltr"), ("zh-Hans", "ltr"), ("ar", "rtl"), ("he", "rtl")]
)
def test_a_language_is_written_its_way(language: str, way: str) -> None:
    assert direction(language) == way


LESS = [
    ("en", "\N{MINUS SIGN}€5.00"),
    ("de", "\N{MINUS SIGN}5,00\N{NO-BREAK SPACE}€"),
    ("zh-Hans", "\N{MINUS SIGN}€5.00"),
    ("ar", "\N{RIGHT-TO-LEFT MARK}\N{LEFT-TO-RIGHT MARK}\N{MINUS SIGN}5.00\N{NO-BREAK SPACE}€"),
]


@pytest.mark.parametrize(("language", "text"), LESS)
def test_what_is_taken_off_has_its_sign_before_the_digits(language: str, text: str) -> None:
    assert less(Money(500, "EUR"), language) == text
