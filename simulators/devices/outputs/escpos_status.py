"""What a receipt printer says of itself, bit by bit.

Sources: Epson TM-U220 manual, pages 54, 82 and 84 (DLE EOT, GS a, GS r); Citizen iDP-3221 manual, page 60;
Bixolon SRP-330II command manual, page 101 (GS I).
"""

from typing import Final

import msgspec

# Of every one-byte answer to DLE EOT, and of the first byte of a status that comes by itself.
EOT_FIXED: Final = 0b0001_0010
ASB_FIXED: Final = 0b0001_0000
# The things that GS a can be asked to watch.
WATCH_DRAWER, WATCH_ONLINE, WATCH_ERRORS, WATCH_PAPER = 1, 2, 4, 8
IDENTITY: Final = {65: b"1.00", 66: b"Simulated", 67: b"ESC/POS", 68: b"0012345678"}
# Model, type (it has a cutter) and version; bits 4 and 7 of such an answer are always 0.
NUMBERS: Final = {1: 0x20, 2: 0x02, 3: 0x01}


class Condition(msgspec.Struct, frozen=True):
    """All that the status of a printer depends on."""

    pin_high: bool
    cover_open: bool
    jammed: bool
    hot: bool
    near_end: bool
    out: bool

    @property
    def error(self) -> bool:
        """Whether something is broken, for a while or until a hand helps."""
        return self.jammed or self.hot

    @property
    def online(self) -> bool:
        """Whether it prints what it is sent."""
        return not (self.cover_open or self.out or self.error)


def real_time(condition: Condition, which: int) -> bytes:
    """The answer to DLE EOT."""
    match which:
        case 1:
            bits = condition.pin_high << 2 | (not condition.online) << 3
        case 2:
            bits = condition.cover_open << 2 | condition.out << 5 | condition.error << 6
        case 3:
            bits = condition.jammed << 3 | condition.hot << 6
        case _:
            bits = (0x0C if condition.near_end else 0) | (0x60 if condition.out else 0)
    return bytes((EOT_FIXED | bits,))


def automatic(condition: Condition) -> bytes:
    """The four bytes that come by themselves."""
    return bytes(
        (
            ASB_FIXED | condition.pin_high << 2 | (not condition.online) << 3 | condition.cover_open << 5,
            condition.jammed << 3 | condition.hot << 6,
            _paper(condition),
            0,
        )
    )


def watched(condition: Condition, watch: int) -> tuple[int, int, int]:
    """What of the automatic status must change for it to be said again."""
    first, second, third, _ = automatic(condition)
    seen = (0x04 if watch & WATCH_DRAWER else 0) | (0x68 if watch & WATCH_ONLINE else 0)
    return first & seen, second if watch & WATCH_ERRORS else 0, third if watch & WATCH_PAPER else 0


def in_turn(condition: Condition, which: int) -> bytes:
    """The answer to GS r; nothing where the number is unknown."""
    if which in (1, 49):
        return bytes((_paper(condition),))
    return bytes((condition.pin_high,)) if which in (2, 50) else b""


def identity(which: int) -> bytes:
    """The answer to GS I; nothing where the number is unknown."""
    if which in IDENTITY:
        return b"_" + IDENTITY[which] + b"\0"
    number = NUMBERS.get(which & 0x0F) if which in (1, 2, 3, 49, 50, 51) else None
    return b"" if number is None else bytes((number,))


def _paper(condition: Condition) -> int:
    return (0x03 if condition.near_end else 0) | (0x0C if condition.out else 0)
