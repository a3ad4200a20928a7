"""Bits read from the left, and written to the right: fields that end where they say themselves."""

import binascii

from retail.identity.epc.identity import EpcError


class BitReader:
    """The bits of a tag with a cursor; whoever reads past their end gets an EpcError."""

    __slots__ = ("_left", "_value")

    def __init__(self, value: int, width: int) -> None:
        self._value = value
        self._left = width

    def take(self, count: int) -> int:
        """The next `count` bits as a number."""
        self._left -= count
        if self._left < 0:
            raise EpcError(f"expected {-self._left} bits more")
        return self._value >> self._left & (1 << count) - 1

    def rest(self) -> int:
        """All that is left, as a number."""
        return self._value & (1 << self._left) - 1


class BitWriter:
    """Fields put one after another."""

    __slots__ = ("_value", "_width")

    def __init__(self) -> None:
        self._value = 0
        self._width = 0

    def put(self, value: int, count: int) -> None:
        """Append `value` in `count` bits; it fits."""
        assert 0 <= value < 1 << count, f"{value} does not fit into {count} bits"
        self._value = self._value << count | value
        self._width += count

    def hexadecimal(self) -> str:
        """All of it, and zeros up to a whole 16-bit word: the memory of a tag is made of words."""
        words = -(-self._width // 16)
        return f"{self._value << 16 * words - self._width:0{4 * words}X}"


def number(text: str) -> int:
    """The hexadecimal digits `text` as a number; an EpcError if there is anything else in it."""
    try:
        return int.from_bytes(binascii.unhexlify(f"0{text}" if len(text) % 2 else text))
    except ValueError:
        raise EpcError(f"expected hexadecimal digits only, got {text!r}") from None
