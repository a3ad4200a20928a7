"""Data objects of merchant-presented codes: two digits, two of length, a value; and the CRC over them all.

EMV QR Code Specification for Payment Systems, Merchant-Presented Mode, sections 3.2 and 4.7.3.
"""

from binascii import crc_hqx
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from retail.payment_codes.refusal import Refused, shown

CRC_TAG: Final = "63"
_VALUE_CHARACTERS_MAX: Final = 99
# binascii counts by the polynomial of CCITT, and leaves to us where it starts.
_CRC_START: Final = 0xFFFF


class Object(NamedTuple):
    """One data object: its two digits, and what they hold."""

    tag: str
    value: str


def split(text: str) -> tuple[Object, ...] | Refused:
    """The objects of `text`, in its order; a length counts characters, not bytes (EMVCo's Chinese sample)."""
    found, place = [], 0
    while place < len(text):
        tag, length = text[place : place + 2], text[place + 2 : place + 4]
        if not _digits(tag):
            return Refused(f"object at {place}", f"expected two digits, got {shown(tag)}")
        if not _digits(length):
            return Refused(tag, f"expected two digits of length, got {shown(length)}")
        value = text[place + 4 : place + 4 + int(length)]
        if len(value) < int(length):
            return Refused(tag, f"expected {int(length)} characters, got {len(value)}")
        found.append(Object(tag, value))
        place += 4 + len(value)
    return tuple(found)


def join(objects: Iterable[tuple[str, str]]) -> str:
    """The text that `split` splits."""
    return "".join(_written(tag, value) for tag, value in objects)


def sealed(objects: Iterable[tuple[str, str]]) -> str:
    """The whole code: the objects but the CRC, and then the CRC over them."""
    text = join(each for each in objects if each[0] != CRC_TAG) + CRC_TAG + "04"
    return text + crc(text)


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE over UTF-8, in capitals; `text` ends with the tag and the length of the CRC."""
    return f"{crc_hqx(text.encode(), _CRC_START):04X}"


def twice(objects: Iterable[Object]) -> Iterator[str]:
    """Tags that stand there more than once."""
    seen = set()
    for each in objects:
        if each.tag in seen:
            yield each.tag
        seen.add(each.tag)


def _digits(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isdigit()


def _written(tag: str, value: str) -> str:
    assert _digits(tag), f"expected two digits: {tag!r}"
    assert len(value) <= _VALUE_CHARACTERS_MAX, f"{tag}: {len(value)} characters do not fit"
    return f"{tag}{len(value):02}{value}"
