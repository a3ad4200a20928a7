"""The date in front of the key in a DSGTIN, where a reader can select what is about to expire.

Source: GS1 EPC Tag Data Standard 2.3, section 14.5.3. Day 00 is a month without a day, as GS1 dates have it.
"""

from calendar import monthrange
from typing import Final

from retail.identity.epc.bits import BitReader, BitWriter
from retail.identity.epc.identity import EpcError

_AIS: Final = ("11", "13", "15", "16", "17", "7006", "7007")
"""By date type."""

# The century only decides whether February has 29 days, and of 00 to 99 it does so for 00 alone.
_CENTURY: Final = 2000


def read_date(reader: BitReader) -> tuple[str, str]:
    """AI and YYMMDD of the next 20 bits."""
    kind = reader.take(4)
    if kind >= len(_AIS):
        raise EpcError(f"expected a date type 0 to {len(_AIS) - 1}, got {kind}")
    return _AIS[kind], _day(reader.take(7), reader.take(4), reader.take(5))


def write_date(ai: str, day: str, writer: BitWriter) -> None:
    """Append the date `day`, YYMMDD, which `ai` gives its meaning."""
    if ai not in _AIS or len(day) != 6 or not (day.isascii() and day.isdigit()):
        raise EpcError(f"expected YYMMDD for one of {', '.join(_AIS)}, got ({ai}){day}")
    year, month, date = int(day[:2]), int(day[2:4]), int(day[4:])
    _day(year, month, date)
    for value, bits in ((_AIS.index(ai), 4), (year, 7), (month, 4), (date, 5)):
        writer.put(value, bits)


def _day(year: int, month: int, date: int) -> str:
    written = f"{year:02d}{month:02d}{date:02d}"
    if year > 99 or not 1 <= month <= 12 or date > monthrange(_CENTURY + year, month)[1]:
        raise EpcError(f"expected a date YYMMDD, got {written}")
    return written
