"""Whether a promotion runs: days, weekdays and hours by the clock on the site's wall."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from retail.locale import UnknownTimezoneError
from retail.pricing.promotions import Hours, When

# A hub prices for many sites, and they lie in a few zones.
ZONES_KEPT: Final = 64
# Every minute of a day, and its end.
MINUTES_KEPT: Final = 24 * 60 + 1


class Wall(msgspec.Struct, frozen=True):
    """What the calendar and the clock on the wall say: today, yesterday, minutes since midnight."""

    today: date
    yesterday: date
    minute: int


def wall(wall_ms: int, timezone: str) -> Wall:
    """The wall of a site at a moment; raises UnknownTimezoneError.

    Where clocks are set back an hour comes twice, and an offer of that hour runs twice, as the shopper reads.
    """
    local = datetime.fromtimestamp(wall_ms // 1000, zone(timezone))
    today = local.date()
    return Wall(today, today - timedelta(days=1), local.hour * 60 + local.minute)


@lru_cache(ZONES_KEPT)
def zone(timezone: str) -> ZoneInfo:
    """A zone of the IANA database; raises UnknownTimezoneError."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimezoneError(timezone) from error


def runs(when: When, at: Wall) -> bool:
    """Whether `when` includes the moment; hours past midnight count as those of the day they began on."""
    if not when.hours:
        return _is_day(when, at.today)
    return any(_in_hours(when, hours, at) for hours in when.hours)


def _in_hours(when: When, hours: Hours, at: Wall) -> bool:
    begin, end = minute_of(hours.begin), minute_of(hours.end)
    if begin < end:
        return begin <= at.minute < end and _is_day(when, at.today)
    if at.minute >= begin:
        return _is_day(when, at.today)
    return at.minute < end and _is_day(when, at.yesterday)


def _is_day(when: When, day: date) -> bool:
    # Dates as YYYY-MM-DD sort as the days do.
    if when.first_day is not None and day.isoformat() < when.first_day:
        return False
    if when.last_day is not None and day.isoformat() > when.last_day:
        return False
    return not when.weekdays or day.isoweekday() in when.weekdays


@lru_cache(MINUTES_KEPT)
def minute_of(text: str) -> int:
    """HH:MM as minutes since midnight; 24:00 is the end of the day."""
    return int(text[:2]) * 60 + int(text[3:])
