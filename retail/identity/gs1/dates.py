"""Dates and times on a label: their checks, and the day that two digits of a year mean."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, time
from typing import Final

from retail.identity.gs1.characters import digits
from retail.identity.gs1.fault import Fault, all_of

# A leap year, so that it has every day that any year has.
_LEAP: Final = 2000
_LAST_DAYS: Final = {f"{month:02}": monthrange(_LEAP, month)[1] for month in range(1, 13)}
_DAYS: Final = frozenset(
    f"{month}{day:02}" for month, last in _LAST_DAYS.items() for day in range(1, last + 1)
)
_DAYS_OR_MONTHS: Final = _DAYS | {f"{month}00" for month in _LAST_DAYS}
_LEAP_DAY: Final = "0229"
_YEARS: Final = frozenset(f"{year:02}" for year in range(100))

NO_TIME: Final = "9999"
"""Hours and minutes that nobody wants to name (GS1 General Specifications, AI 4324)."""


def yymmdd(text: str) -> Fault | None:
    """Year, month and day in two digits each; of the years that they mean, every fourth is a leap year."""
    if text[2:] in _DAYS and text[:2] in _YEARS and (text[2:] != _LEAP_DAY or _is_leap(text[:2])):
        return None
    return _not_a_day(text, 6, zero_is_a_day=False)


def yymmd0(text: str) -> Fault | None:
    """As `yymmdd`; day 00 is the last of its month."""
    if text[2:] in _DAYS_OR_MONTHS and text[:2] in _YEARS and (text[2:] != _LEAP_DAY or _is_leap(text[:2])):
        return None
    return _not_a_day(text, 6, zero_is_a_day=True)


def yyyymmdd(text: str) -> Fault | None:
    """Year in four digits, month and day in two."""
    return _not_a_day(text, 8, zero_is_a_day=False)


def yyyymmd0(text: str) -> Fault | None:
    """As `yyyymmdd`; day 00 is a day that is not known."""
    return _not_a_day(text, 8, zero_is_a_day=True)


def _is_leap(year: str) -> bool:
    return year.isdigit() and int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0)


def _not_a_day(text: str, size: int, *, zero_is_a_day: bool) -> Fault | None:
    if fault := _size(text, size, "date") or digits(text):
        return fault
    year, month, day = text[:-4], text[-4:-2], int(text[-2:])
    if month not in _LAST_DAYS:
        return Fault("illegal month", size - 4, 2)
    last = 28 if month == "02" and not _is_leap(year) else _LAST_DAYS[month]
    if day > last or (day == 0 and not zero_is_a_day):
        return Fault("illegal day", size - 2, 2)
    return None


def _pair(name: str, below: int) -> Callable[[str], Fault | None]:
    def check(text: str) -> Fault | None:
        if fault := _size(text, 2, name) or digits(text):
            return fault
        return None if int(text) < below else Fault(f"illegal {name}", 0, 2)

    return check


def _size(text: str, size: int, name: str) -> Fault | None:
    if len(text) == size:
        return None
    return all_of(text, f"{name} too {'short' if len(text) < size else 'long'}")


hh = _pair("hour", 24)
mi = _pair("minute", 60)
ss = _pair("second", 60)


def hhmi(text: str) -> Fault | None:
    """Hours and minutes, two digits each."""
    if fault := _size(text, 4, "hour with minute") or hh(text[:2]):
        return fault
    found = mi(text[2:])
    return found and Fault(found.reason, found.start + 2, found.length)


def day(text: str, this_year: int) -> date:
    """The day that YYMMDD means to those who live in `this_year`; a day 00 is the last of its month.

    A year is at most 49 years gone or 50 to come (GS1 General Specifications, section 7.12). `text` has
    passed its check.
    """
    year = this_year - this_year % 100 + int(text[:2])
    ahead = year - this_year
    if ahead > 50:
        year -= 100
    elif ahead < -49:
        year += 100
    month = int(text[2:4])
    return date(year, month, int(text[4:6]) or monthrange(year, month)[1])


def clock(text: str) -> time | None:
    """The time of day that stands behind the six digits of a date; None where none does, or nobody cares.

    It is the local time of the goods: a label names no zone.
    """
    digits_of_time = text[6:]
    if not digits_of_time or digits_of_time == NO_TIME:
        return None
    hour, minute, second = (int(digits_of_time[at : at + 2] or 0) for at in (0, 2, 4))
    return time(hour, minute, second)
