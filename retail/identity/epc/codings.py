"""The codings of tags up to release 1.x of the standard: their headers, partitions and fields, as tables.

Source: GS1 EPC Tag Data Standard 2.3, table 14-1 (headers and lengths) and section 14.6 (one partition table
and one coding table for each), unchanged since release 1.13.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec


class Method(Enum):
    """How a field of a coding is written; sections 14.3 and 14.4 of the standard."""

    INTEGER = "integer"  # a plain number, without zeros in front
    STRING = "string"  # 7 bits for each character, then zeros
    NUMERIC = "numeric string"  # a number with a 1 in front, so that zeros in front survive
    PAIR = "fixed width integer"  # two digits in 7 bits
    RESERVED = "reserved"  # zeros only
    VARIABLE = "6-bit variable string"  # 6 bits for each character, then a zero one
    CAGE = "cage"  # a CAGE code of 5 or a DoDAAC of 6 characters, 6 bits each
    CAGE_ASCII = "cage in ascii"  # the same, 8 bits each


class Reference(Enum):
    """How the second component of a partition is written."""

    PADDED = "padded"  # as many digits as the partition says
    PLAIN = "plain"  # without zeros in front
    STRING = "string"  # 7 bits for each character
    VARIABLE = "variable"  # 6 bits for each character, then a zero one


class Row(msgspec.Struct, frozen=True):
    """One row of a partition table."""

    company_bits: int
    company_digits: int
    reference_bits: int
    reference_digits: int
    """Or characters, at most, where the reference is no padded number."""


class Field(msgspec.Struct, frozen=True):
    """What follows the partition; a field of 0 bits has the length that its own end gives it."""

    method: Method
    bits: int = 0
    characters_max: int = 0


class Coding(msgspec.Struct, frozen=True):
    """One way to write an EPC on a tag."""

    name: str
    header: int
    kind: str
    """The scheme of its URI."""
    bits: int
    """The whole length; 0 if it varies."""
    fields: tuple[Field, ...]
    rows: tuple[Row, ...] = ()
    reference: Reference = Reference.PADDED
    filter_bits: int = 3


_COMPANIES: Final = ((40, 12), (37, 11), (34, 10), (30, 9), (27, 8), (24, 7), (20, 6))
"""By partition value: bits and digits of the company prefix, the same in every table; 7 is not defined."""


def _rows(bits: tuple[int, ...], digits: Callable[[int], int]) -> tuple[Row, ...]:
    return tuple(
        Row(company_bits, company_digits, reference_bits, digits(partition))
        for partition, ((company_bits, company_digits), reference_bits) in enumerate(
            zip(_COMPANIES, bits, strict=True)
        )
    )


_ITEMS: Final = _rows((4, 7, 10, 14, 17, 20, 24), lambda partition: 1 + partition)
_ASSET_TYPES: Final = _rows((4, 7, 10, 14, 17, 20, 24), lambda partition: partition)
_PLACES: Final = _rows((1, 4, 7, 11, 14, 17, 21), lambda partition: partition)
_REFERENCES: Final = _rows((18, 21, 24, 28, 31, 34, 38), lambda partition: 5 + partition)
_ASSETS: Final = _rows((42, 45, 48, 52, 55, 58, 62), lambda partition: 13 + partition)
_ASSET_NAMES: Final = _rows((148, 151, 154, 158, 161, 164, 168), lambda partition: 18 + partition)
_PARTS: Final = _rows((11, 14, 17, 21, 24, 27, 31), lambda partition: 3 + partition)
_PART_NAMES: Final = _rows((114, 120, 126, 132, 138, 144, 150), lambda partition: 18 + partition)


def _integer(bits: int) -> Field:
    return Field(Method.INTEGER, bits)


def _string(characters: int) -> Field:
    return Field(Method.STRING, 7 * characters, characters)


_ZEROS_24: Final = Field(Method.RESERVED, 24)
_PIECES: Final = (Field(Method.PAIR, 7), Field(Method.PAIR, 7))

CODINGS: Final = (
    Coding("gdti-96", 0x2C, "gdti", 96, (_integer(41),), _PLACES),
    Coding("gsrn-96", 0x2D, "gsrn", 96, (_ZEROS_24,), _REFERENCES),
    Coding("gsrnp-96", 0x2E, "gsrnp", 96, (_ZEROS_24,), _REFERENCES),
    Coding("usdod-96", 0x2F, "usdod", 96, (Field(Method.CAGE_ASCII, 48), _integer(36)), filter_bits=4),
    Coding("sgtin-96", 0x30, "sgtin", 96, (_integer(38),), _ITEMS),
    Coding("sscc-96", 0x31, "sscc", 96, (_ZEROS_24,), _REFERENCES),
    Coding("sgln-96", 0x32, "sgln", 96, (_integer(41),), _PLACES),
    Coding("grai-96", 0x33, "grai", 96, (_integer(38),), _ASSET_TYPES),
    Coding("giai-96", 0x34, "giai", 96, (), _ASSETS, Reference.PLAIN),
    Coding("gid-96", 0x35, "gid", 96, (_integer(28), _integer(24), _integer(36)), filter_bits=0),
    Coding("sgtin-198", 0x36, "sgtin", 198, (_string(20),), _ITEMS),
    Coding("grai-170", 0x37, "grai", 170, (_string(16),), _ASSET_TYPES),
    Coding("giai-202", 0x38, "giai", 202, (), _ASSET_NAMES, Reference.STRING),
    Coding("sgln-195", 0x39, "sgln", 195, (_string(20),), _PLACES),
    Coding("gdti-113", 0x3A, "gdti", 113, (Field(Method.NUMERIC, 58, 17),), _PLACES),
    Coding("adi-var", 0x3B, "adi", 0,
           (Field(Method.CAGE, 36), Field(Method.VARIABLE, characters_max=32),
            Field(Method.VARIABLE, characters_max=30)), filter_bits=6),
    Coding("cpi-96", 0x3C, "cpi", 96, (_integer(31),), _PARTS, Reference.PLAIN),
    Coding("cpi-var", 0x3D, "cpi", 0, (_integer(40),), _PART_NAMES, Reference.VARIABLE),
    Coding("gdti-174", 0x3E, "gdti", 174, (_string(17),), _PLACES),
    Coding("sgcn-96", 0x3F, "sgcn", 96, (Field(Method.NUMERIC, 41, 12),), _PLACES),
    Coding("itip-110", 0x40, "itip", 110, (*_PIECES, _integer(38)), _ITEMS),
    Coding("itip-212", 0x41, "itip", 212, (*_PIECES, _string(20)), _ITEMS),
)  # fmt: skip
"""In the order of their headers."""

BY_NAME: Final = {coding.name: coding for coding in CODINGS}
