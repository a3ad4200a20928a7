"""The records of the checkout dialogue 06 between a scale with prices and a till, and its checksums.

Sources: METTLER TOLEDO "DIVA Service Manual" 72191202, pages 54 and 55; OHAUS "Aviator 7000/5000" service
manual, pages 38 to 41; Cely "PI100 series" test and adjustments manual, pages 14 to 16 (which writes the
hexadecimal digits above 9 as `:` to `?`). How the checksums are made is what the Odoo module of Coop IT Easy
for Checkout-Dialog 06 (2019) does; the polynomial is a secret between the makers of scales and of checkouts,
and nobody's here.
"""

import re
from typing import Final

import msgspec

ACK: Final = b"\x06"
NAK: Final = b"\x15"
EOT: Final = b"\x04"
ASK_RESULT: Final = b"\x04\x05"
ASK_STATUS: Final = b"\x04\x0208\x03"

PRICE_MAX: Final = 999_999
TARE_G_MAX: Final = 9_999

# STX and record 02 with its four fields take 29 bytes.
RECORD_BYTES_MAX: Final = 40

# Some scales end a record with EOT (Cely, Dibal).
_RECORD: Final = re.compile(rb"\x02(?P<number>\d\d)\x1b(?P<fields>[0-?A-Fa-f\x1b]*)[\x03\x04]")
_RESULT: Final = re.compile(
    rb"(?P<state>[0-3])\x1b(?P<weight>\d{5})\x1b(?P<price>\d{6})\x1b(?P<amount>\d{6})"
)
_WANTED: Final = re.compile(rb"2(?P<luck>[0-?A-Fa-f]{2})")


class Result(msgspec.Struct, frozen=True):
    """Record 02: five digits of weight in the unit that `state` names, and what the scale makes of them."""

    state: int
    weight: int
    unit_price: int
    amount: int


class Status(msgspec.Struct, frozen=True):
    """Record 09: why the scale has refused."""

    code: str


class ChecksumWanted(msgspec.Struct, frozen=True):
    """Record 11: the scale weighs only after a checksum, turned by this number of eight bits."""

    luck: int


class ChecksumJudged(msgspec.Struct, frozen=True):
    """Record 11: whether the scale accepts the checksum."""

    right: bool


Record = Result | Status | ChecksumWanted | ChecksumJudged


def price_record(unit_price_minor: int, tare_g: int) -> bytes:
    """Record 01: the price of a kilogram; record 03: with a tare."""
    if tare_g:
        return b"\x04\x0203\x1b%06d\x1b%04d\x03" % (unit_price_minor, tare_g)
    return b"\x04\x0201\x1b%06d\x1b\x03" % unit_price_minor


def checksum_record(checksum: int, polynomial: int, luck: int) -> bytes:
    """Record 10: checksum and remainder, turned left by the upper and right by the lower half of `luck`."""
    left, right = luck >> 4, luck & 0x0F
    return b"\x04\x0210\x1b%04X%04X\x03" % (
        _turned_left(checksum, left),
        _turned_left(remainder(checksum, polynomial), 16 - right),
    )


def remainder(checksum: int, polynomial: int) -> int:
    """What is left of 16 bits, followed by 16 zeros, after a division by 17 bits over GF(2)."""
    rest = checksum << 16
    for place in range(31, 15, -1):
        if rest >> place & 1:
            rest ^= polynomial << place - 16
    return rest


def understood(raw: bytes) -> Record | None:
    """The record that a scale sent; None when it is none that we know."""
    found = _RECORD.fullmatch(raw)
    if found is None:
        return None
    match found["number"], found["fields"]:
        case b"02", fields if result := _RESULT.fullmatch(fields):
            return Result(*(int(field) for field in result.groups()))
        case b"09", fields if len(fields) == 2 and fields.isdigit():
            return Status(fields.decode())
        case b"11", b"0" | b"1" as judged:
            return ChecksumJudged(judged == b"1")
        case b"11", fields if wanted := _WANTED.fullmatch(fields):
            high, low = (_nibble(digit) for digit in wanted["luck"])
            return ChecksumWanted(high << 4 | low)
        case _:
            return None


def _nibble(digit: int) -> int:
    """0 to 9, then A to F or, as some write, the six characters that follow 9."""
    return digit & 0x0F if digit < ord("A") else int(chr(digit), 16)


def _turned_left(bits: int, places: int) -> int:
    return (bits << places | bits >> 16 - places) & 0xFFFF
