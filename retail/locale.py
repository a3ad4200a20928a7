"""Amounts, dates and times as people read them, in their language and with their currency's decimals.

The words come from Unicode's locale data (CLDR, through babel), the decimals from ISO 4217 (see `units`).
Languages are named as BCP 47 does: `en`, `en-GB`, `zh-Hans`.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from babel import Locale, UnknownLocaleError, dates, lists, numbers

from retail.units import Money, minor_digits

# A shop speaks a dozen languages; the rest of the room is for a hub with many shops.
LANGUAGES_KEPT: Final = 64
ZONES_KEPT: Final = 64

_NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"
_LEFT_TO_RIGHT_MARK: Final = "\N{LEFT-TO-RIGHT MARK}"
_MINUS: Final = "\N{MINUS SIGN}"
_NUMBER: Final = re.compile(r"(\D*)(\d(?:.*\d)?)(\D*)", re.DOTALL)


class UnknownLanguageError(ValueError):
    """Nobody has taught us to write amounts and dates in this language."""

    def __init__(self, language: str) -> None:
        super().__init__(f"expected a BCP 47 language such as en or zh-Hans, got {language[:40]!r}")


class UnknownTimezoneError(ValueError):
    """The time zone database has no zone of this name."""

    def __init__(self, timezone: str) -> None:
        super().__init__(f"expected a time zone such as Europe/Berlin, got {timezone[:80]!r}")


class AmountParts(msgspec.Struct, frozen=True):
    """An amount in the order it is read: its five parts, one after the other, are `amount`.

    The currency stands in `before` or in `after`, with its space, as the language has it; `point` and `cents`
    are empty for a currency without decimals. A glass raises `cents` and leaves `point` out.
    """

    before: str
    whole: str
    point: str
    cents: str
    after: str


def amount(money: Money, language: str) -> str:
    """`money` as a reader of `language` writes it: `€59.90`, `59,90 €`, `¥120`, `KWD 1.500`."""
    parts = amount_parts(money, language)
    return f"{parts.before}{parts.whole}{parts.point}{parts.cents}{parts.after}"


def amount_parts(money: Money, language: str) -> AmountParts:
    """`amount` taken apart, for a glass that raises the cents."""
    digits = minor_digits(money.currency)
    value = Decimal(money.amount_minor).scaleb(-digits)
    text = _pattern(language, digits).apply(
        value, _locale(language), currency=money.currency, currency_digits=False
    )
    match = _NUMBER.fullmatch(text)
    assert match is not None, f"{text!r} is no amount"
    before, number, after = match.groups()
    # CLDR's rule of currency spacing, which babel leaves to us: letters do not touch a digit ("KWD 1.500").
    before += _NO_BREAK_SPACE if before[-1:].isalpha() else ""
    after = (_NO_BREAK_SPACE if after[:1].isalpha() else "") + after
    if digits == 0:
        return AmountParts(before, number, "", "", after)
    return AmountParts(before, number[: -digits - 1], number[-digits - 1], number[-digits:], after)


def listed(words: Sequence[str], language: str) -> str:
    """Words as one list: `milk, eggs, and soya`, `Milch, Eier und Soja`."""
    return lists.format_list(words, locale=_locale(language))


def less(money: Money, language: str) -> str:
    """So much less, with a minus sign as the language places it; right-to-left it leads the digits, too."""
    parts = amount_parts(money, language)
    digits = f"{parts.whole}{parts.point}{parts.cents}"
    if direction(language) == "rtl":
        # Without the mark the sign would stand on the other side of the digits (UAX #9, rules W7 and N1).
        return f"{parts.before}{_LEFT_TO_RIGHT_MARK}{_MINUS}{digits}{parts.after}"
    return f"{_MINUS}{parts.before}{digits}{parts.after}"


def percent(rate_bp: int, language: str) -> str:
    """A rate in basis points as a percentage: 1900 is `19%`, 770 is `7.7%`."""
    value = Decimal(rate_bp).scaleb(-4)
    return numbers.format_percent(value, locale=_locale(language), decimal_quantization=False)


def whole(number: int, language: str) -> str:
    """A whole number as a reader of `language` groups it: `1,200`, `1.200`."""
    return numbers.format_decimal(number, locale=_locale(language))


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Which way `language` is written."""
    return "rtl" if _locale(language).text_direction == "rtl" else "ltr"


def clock_time(wall_ms: int, timezone: str, language: str) -> str:
    """The time on the shop's wall, to the minute: `2:32 PM` in `en`, `14:32` in `de` and `en-GB`."""
    return dates.format_time(_moment(wall_ms, timezone), "short", locale=_locale(language))


def business_date(wall_ms: int, timezone: str) -> str:
    """The shop's date at a moment (milliseconds since 1970 in UTC), as YYYY-MM-DD."""
    return _moment(wall_ms, timezone).date().isoformat()


def day(business_date: str, language: str) -> str:
    """A date YYYY-MM-DD as people write it: `Mar 9, 2026`, `09.03.2026`."""
    return dates.format_date(date.fromisoformat(business_date), "medium", locale=_locale(language))


def is_language(language: str) -> bool:
    """Whether amounts and dates can be written in `language`."""
    try:
        _locale(language)
    except UnknownLanguageError:
        return False
    return True


def is_currency(currency: str) -> bool:
    """Whether `currency` is, or was, three letters of ISO 4217."""
    return numbers.is_currency(currency)


@lru_cache(LANGUAGES_KEPT)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise UnknownLanguageError(language) from error


@lru_cache(LANGUAGES_KEPT)
def _pattern(language: str, digits: int) -> numbers.NumberPattern:
    # A pattern of our own, since the locale's is shared and knows only the digits that CLDR counts.
    pattern = numbers.parse_pattern(_locale(language).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


@lru_cache(ZONES_KEPT)
def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimezoneError(timezone) from error


def _moment(wall_ms: int, timezone: str) -> datetime:
    return datetime.fromtimestamp(wall_ms // 1000, _zone(timezone))
