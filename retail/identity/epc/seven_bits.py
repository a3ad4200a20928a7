"""Serials and assets on tags: characters of 7 bits, and zeros up to the end of the field.

Source: GS1 EPC Tag Data Standard 2.3, sections 14.3.2 and 14.4.2 (String), 14.3.5 and 14.4.5 (String
Partition Table), and annex A (the characters).
"""

from functools import cache
from typing import Final

from retail.identity.epc.alphabets import GS1_82
from retail.identity.epc.bits import BitWriter
from retail.identity.epc.identity import EpcError

_WRONG: Final = "\0"
_PAIR_BITS: Final = 14
# The longest field is that of a GIAI-202, 24 characters.
_SHIFTS: Final = tuple(tuple(range(_PAIR_BITS * (count - 1), -1, -_PAIR_BITS)) for count in range(13))
"""Pairs of characters -> how far to shift for each."""


def read_seven_bits(value: int, width: int, characters_max: int) -> str:
    """The characters at the left of a field of `width` bits, of which there are 1 to `characters_max`."""
    if not value:
        raise EpcError("expected at least one character, got none")
    used = width + 1 - (value & -value).bit_length()
    count = -(-used // _PAIR_BITS)
    spare = width - _PAIR_BITS * count
    value = value >> spare if spare >= 0 else value << -spare
    pairs = _pairs()
    text = "".join([pairs[value >> shift & 0x3FFF] for shift in _SHIFTS[count]])
    # A zero between two characters says nothing, so that the text is shorter than its bits.
    if _WRONG in text or len(text) != -(-used // 7) or len(text) > characters_max:
        raise EpcError(f"expected 1 to {characters_max} of the 82 characters of GS1, got {text!r}")
    return text


def write_seven_bits(text: str, width: int, characters_max: int, writer: BitWriter) -> None:
    """Append `text` and zeros, `width` bits together."""
    if len(text) > characters_max:
        raise EpcError(f"expected at most {characters_max} characters, got {text!r}")
    for character in text:
        writer.put(ord(character), 7)
    writer.put(0, width - 7 * len(text))


@cache
def _pairs() -> list[str]:
    """What each 14 bits say; two characters at a time halve the time that a serial takes.

    Made when the first serial is read, since it takes a millisecond and a megabyte that many never need.
    """
    pairs = [_WRONG] * (1 << _PAIR_BITS)
    for first in GS1_82:
        pairs[ord(first) << 7] = first
        for second in GS1_82:
            pairs[ord(first) << 7 | ord(second)] = first + second
    return pairs
