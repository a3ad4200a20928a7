"""The body of a message: BMPs by their table, TLVs inside, numbers in BCD."""

from collections.abc import Iterable
from typing import Final

# Bytes of the BMPs that have no length of their own. What stands in neither table ends a body.
SIZES: Final = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x8A, 0x8C, 0xA0), 1),
    **dict.fromkeys((0xD0, 0xD2, 0xD3, 0xE0, 0xE9, 0xEA, 0xF0, 0xF9, 0xFA, 0xFB, 0xFC), 1),
    **dict.fromkeys((0x0D, 0x0E, 0x17, 0x3A, 0x49, 0x87), 2),
    **dict.fromkeys((0x0B, 0x0C, 0x37, 0x3D, 0x88, 0xAA), 3),
    0x04: 6,
    0x29: 4,
    0x2A: 15,
    0x3B: 8,
    0xBA: 5,
    0xEB: 8,
}
# Digits of the length, one to a byte, in its low half.
LENGTH_DIGITS: Final = {
    **dict.fromkeys((0x22, 0x23, 0x2D, 0x8B, 0xA7, 0xD1, *range(0xE1, 0xE9), *range(0xF1, 0xF9)), 2),
    **dict.fromkeys((0x24, 0x2E, 0x3C, 0x60, 0x92, 0x9A, 0xAF), 3),
}
TLV: Final = 0x06

Fields = tuple[tuple[int, bytes], ...]
"""Tags and values in their order."""


class UnreadableError(ValueError):
    """A body is not what its message may carry."""


def bcd(number: int, size: int) -> bytes:
    """A number in so many bytes; one that is too large is a mistake of ours."""
    return bytes.fromhex(f"{number:0{2 * size}d}")


def number(packed: bytes) -> int:
    """Read BCD; UnreadableError when a half byte is no digit."""
    digits = packed.hex()
    if not digits.isdecimal():
        raise UnreadableError(f"expected digits in BCD, got {digits!r}")
    return int(digits)


def ber(size: int) -> bytes:
    """A length inside a TLV."""
    return (
        bytes((size,)) if size < 0x80 else bytes((0x81, size)) if size < 0x100 else b"\x82" + size.to_bytes(2)
    )


def tlv(tag: int, value: bytes) -> bytes:
    """One TLV; tags of two bytes are written as one number, as in 0x1F07."""
    return tag.to_bytes(2 if tag > 0xFF else 1) + ber(len(value)) + value


def tlvs(data: bytes) -> Fields:
    """Read TLVs one after the other; UnreadableError when one is cut."""
    found = []
    at = 0
    while at < len(data):
        begin = at
        at += 1
        if data[begin] & 0x1F == 0x1F:
            while at < len(data) and data[at] & 0x80:
                at += 1
            at += 1
        tag = int.from_bytes(data[begin:at])
        size, at = _ber(data, at)
        found.append((tag, _cut(data, at, size)))
        at += size
    return tuple(found)


def body(fields: Iterable[tuple[int, bytes]]) -> bytes:
    """Write BMPs in the order in which they are given."""
    return b"".join(_written(tag, value) for tag, value in fields)


def fields(data: bytes) -> Fields:
    """Read the BMPs of a body; UnreadableError at one that is cut or not in the tables."""
    found = []
    at = 0
    while at < len(data):
        tag = data[at]
        size, at = _size(tag, data, at + 1)
        found.append((tag, _cut(data, at, size)))
        at += size
    return tuple(found)


def _written(tag: int, value: bytes) -> bytes:
    head = bytes((tag,))
    if tag == TLV:
        return head + ber(len(value)) + value
    if (digits := LENGTH_DIGITS.get(tag)) is not None:
        return head + bytes(0xF0 | int(digit) for digit in f"{len(value):0{digits}d}") + value
    assert SIZES[tag] == len(value), f"BMP {tag:02X} has {SIZES[tag]} bytes"
    return head + value


def _size(tag: int, data: bytes, at: int) -> tuple[int, int]:
    """How long the value is, and where it begins."""
    if tag == TLV:
        return _ber(data, at)
    if (digits := LENGTH_DIGITS.get(tag)) is not None:
        told = [byte & 0x0F for byte in _cut(data, at, digits)]
        if max(told) > 9:
            raise UnreadableError(f"the length of BMP {tag:02X} is no number")
        return int("".join(map(str, told))), at + digits
    if tag not in SIZES:
        raise UnreadableError(f"BMP {tag:02X} is not known here")
    return SIZES[tag], at


def _ber(data: bytes, at: int) -> tuple[int, int]:
    (size,) = _cut(data, at, 1)
    if size < 0x80:
        return size, at + 1
    if size not in (0x81, 0x82):
        raise UnreadableError(f"a length cannot begin with {size:02X}")
    wide = size & 0x0F
    return int.from_bytes(_cut(data, at + 1, wide)), at + 1 + wide


def _cut(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise UnreadableError(f"{at + size - len(data)} bytes are missing")
    return bytes(data[at : at + size])
