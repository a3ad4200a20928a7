"""What may not stay in memory of a card, taken out while a message is read.

A number keeps its last four digits, and its first six only where the terminal itself has masked what is
between them (PCI DSS 4.0, requirement 3.4.1, shows as much to people). Tracks, chip data and secrets keep
nothing. Every mask keeps the length, so that a masked message is still a message.
"""

import re
from collections.abc import Callable
from typing import Final

Mask = Callable[[bytes], bytes]

_SHOWN_FIRST: Final = 6
_SHOWN_LAST: Final = 4
# With fewer digits between them, what is shown of a number is the number.
_HIDDEN_MIN: Final = 3

# A number of a card has 12 to 19 digits (ISO/IEC 7812-1), in one run or in the groups that are embossed.
_RUN: Final = rb"[0-9]{12,}"
_FOURS: Final = rb"[0-9]{4}(?:[ .-][0-9]{4}){2,3}(?:[ .-][0-9]{1,3})?"
_FOUR_SIX_FIVE: Final = rb"[0-9]{4}[ .-][0-9]{6}[ .-][0-9]{4,5}"
_NUMBER: Final = re.compile(rb"(?<![0-9])(?:" + rb"|".join((_RUN, _FOURS, _FOUR_SIX_FIVE)) + rb")(?![0-9])")
_DIGIT: Final = re.compile(rb"[0-9]")
# An application of a card, as receipts print it: A0000000041010 has thirteen digits and is no number of one.
_APPLICATION: Final = (b"A", b"a")
_REGISTERED: Final = b"0000"


def nothing(data: bytes) -> bytes:
    """What no card has ever said: the terminal, the shop's contract, sums."""
    return data


def wholly(data: bytes) -> bytes:
    """Nothing is left but the length."""
    return b"\xee" * len(data)


def number(data: bytes) -> bytes:
    """A packed number (BMP 22): E stands for a digit that is not shown, F fills the last byte."""
    nibbles = data.hex()
    return bytes.fromhex(_hidden(nibbles.rstrip("f")).ljust(len(nibbles), "f"))


def track_2(data: bytes) -> bytes:
    """A packed track 2: a number, D, and what the shop has no business with."""
    nibbles = data.hex()
    before, separator, after = nibbles.partition("d")
    if not separator:
        return number(data)
    return bytes.fromhex(_hidden(before) + separator + re.sub("[^f]", "e", after))


def text(data: bytes) -> bytes:
    """Letters for people, in which a number of a card may stand."""
    return _NUMBER.sub(lambda found: _starred(data, found), data)


def _hidden(nibbles: str) -> str:
    if len(nibbles) <= _SHOWN_LAST or _is_masked(nibbles):
        return nibbles
    return "e" * (len(nibbles) - _SHOWN_LAST) + nibbles[-_SHOWN_LAST:]


def _is_masked(nibbles: str) -> bool:
    """Whether the terminal has hidden all but the first six and the last four."""
    between = nibbles[_SHOWN_FIRST:-_SHOWN_LAST]
    return len(between) >= _HIDDEN_MIN and not between.strip("e")


def _starred(data: bytes, found: "re.Match[bytes]") -> bytes:
    whole = found[0]
    if whole.startswith(_REGISTERED) and data[: found.start()].endswith(_APPLICATION):
        return whole
    last = len(whole) - _SHOWN_LAST
    return _DIGIT.sub(b"*", whole[:last]) + whole[last:]
