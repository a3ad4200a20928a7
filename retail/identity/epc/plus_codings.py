"""The codings of release 2 as tables: which GS1 key is written how, with a date or a host or without.

Source: GS1 EPC Tag Data Standard 2.3, table 14-1 (headers) and the `+` and `++` tables of section 14.6; for
the names of bare identifiers GS1 Tag Data Translation 2.2, and for those of `++` the examples of annex E.3.
On those of CPI++, GDTI++ and SGCN++ what is published does not agree: ours follow their neighbours.
"""

from enum import Enum
from typing import Final

import msgspec


class Method(Enum):
    """How a segment is written."""

    DIGITS = "fixed-length numeric"
    TEXT = "variable-length alphanumeric"
    NUMBER = "variable-length numeric string without encoding indicator"
    KEY = "delimited/terminated numeric"


class Segment(msgspec.Struct, frozen=True):
    """A piece of a coding: `size` is its length, or its longest one where the tag says the length."""

    ai: str
    method: Method
    size: int
    name: str = ""
    """What a bare identifier calls it; pieces without a name belong to the piece before them."""


class PlusCoding(msgspec.Struct, frozen=True):
    """One coding of release 2."""

    name: str
    header: int
    segments: tuple[Segment, ...]
    dated: bool = False
    hosted: bool = False


def _digits(ai: str, size: int, name: str) -> Segment:
    return Segment(ai, Method.DIGITS, size, name)


def _text(ai: str, size: int, name: str = "") -> Segment:
    return Segment(ai, Method.TEXT, size, name)


_ITEM: Final = (_digits("01", 14, "gtin"), _text("21", 20, "serial"))
_PLACE: Final = (_digits("414", 13, "gln"), _text("254", 20, "serial"))
_PART: Final = (Segment("8010", Method.KEY, 30, "cpi"), Segment("8011", Method.NUMBER, 12, "serial"))
_ASSET: Final = (Segment("8004", Method.KEY, 30, "giai"),)
_PIECES: Final = (_digits("8006", 14, "gtin"), _digits("8006", 2, "piece"), _digits("8006", 2, "total"))

CODINGS: Final = (
    PlusCoding("cpi++", 0xE6, _PART, hosted=True),
    PlusCoding("gsrn++", 0xE7, (_digits("8018", 18, "gsrn"),), hosted=True),
    PlusCoding("gsrnp++", 0xE8, (_digits("8017", 18, "gsrnp"),), hosted=True),
    PlusCoding("sgln++", 0xE9, _PLACE, hosted=True),
    PlusCoding("gdti++", 0xEA, (_digits("253", 13, "gdti"), _text("253", 17, "serial")), hosted=True),
    PlusCoding("grai++", 0xEB, (_digits("8003", 14, "grai"), _text("8003", 16, "serial")), hosted=True),
    PlusCoding("sgcn++", 0xEC,
               (_digits("255", 13, "gcn"), Segment("255", Method.NUMBER, 12, "serial")), hosted=True),
    PlusCoding("itip++", 0xED, (*_PIECES, _text("21", 20, "serial")), hosted=True),
    PlusCoding("giai++", 0xEE, _ASSET, hosted=True),
    PlusCoding("sscc++", 0xEF, (_digits("00", 18, "sscc"),), hosted=True),
    PlusCoding("cpi+", 0xF0, _PART),
    PlusCoding("grai+", 0xF1, (_digits("8003", 14, "grai"), _text("8003", 16))),
    PlusCoding("sgln+", 0xF2, _PLACE),
    PlusCoding("itip+", 0xF3, (_digits("8006", 18, "itip"), _text("21", 20, "serial"))),
    PlusCoding("gsrn+", 0xF4, (_digits("8018", 18, "gsrn"),)),
    PlusCoding("gsrnp+", 0xF5, (_digits("8017", 18, "gsrnp"),)),
    PlusCoding("gdti+", 0xF6, (_digits("253", 13, "gdti"), _text("253", 17))),
    PlusCoding("sgtin+", 0xF7, _ITEM),
    PlusCoding("sgcn+", 0xF8, (_digits("255", 13, "gcn"), Segment("255", Method.NUMBER, 12))),
    PlusCoding("sscc+", 0xF9, (_digits("00", 18, "sscc"),)),
    PlusCoding("giai+", 0xFA, _ASSET),
    PlusCoding("dsgtin+", 0xFB, _ITEM, dated=True),
    PlusCoding("dsgtin++", 0xFC, _ITEM, dated=True, hosted=True),
    PlusCoding("sgtin++", 0xFD, _ITEM, hosted=True),
)  # fmt: skip
"""In the order of their headers."""

BY_NAME: Final = {coding.name: coding for coding in CODINGS}
BY_HEADER: Final = {
    form(f"{coding.header:02X}"): coding for coding in CODINGS for form in (str.upper, str.lower)
}
"""By the first two hexadecimal digits of a tag."""
