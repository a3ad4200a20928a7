"""The driver of scales that speak CAS's dialogue for cash registers: ENQ, ACK, DC1 or DC2, one block.

Sources: CAS "PD-II" manual, page 23 (type 6, weight only); OHAUS "Aviator 7000/5000" service manual, page 36
(weight; or total price, weight and unit price).
"""

import re
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import xor
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import mass, troubles
from edge.drivers.scales.frames import FrameCutter
from edge.drivers.scales.scale import AskedScale
from edge.readings import Nanoseconds, Reading, ScalePriced, Weighed

_ENQ: Final = b"\x05"
_ACK: Final = b"\x06"
_NAK: Final = b"\x15"
_SOH: Final = b"\x01"
# After ACK: the weight alone, or the weight and what the scale makes of it.
_REQUESTS: Final = {"weight": b"\x11", "priced": b"\x12"}

# A check character may be any byte, so a block is cut by its marks' places and not by its end: place -> byte.
_WEIGHT_MARKS: Final = {0: 0x01, 1: 0x02, 13: 0x03, 14: 0x04}
_PRICED_MARKS: Final = {
    0: 0x01, 1: 0x02, 11: 0x03, 12: 0x02, 24: 0x03, 25: 0x02, 35: 0x03, 36: 0x04,
}  # fmt: skip
_LONGEST: Final = 37 + 1
# The third byte of a block of weight is its state; that of a price a digit or a space.
_STATES: Final = b"SUF"

_BLOCK: Final = re.compile(
    rb"(?P<state>[SUF])(?P<sign>[ F-])(?P<weight>.{6})(?P<unit>[A-Za-z ]{2})", re.DOTALL
)
_PRICE: Final = re.compile(rb" *\d+(?:\.\d+)?")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between scales that speak this dialogue."""

    request: Literal["weight", "priced"] = "weight"
    """Not every scale answers to `priced` (DC2): a PD-II does not."""
    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a valid answer is a fault: three questions that were not answered."""


class Cas(AskedScale):
    """Weighed for each block, steady as its first letter says, then ScalePriced where prices came along."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._awaits_ack = False
        super().__init__(
            lambda: FrameCutter(_measure, _ACK + _NAK + _SOH, _LONGEST),
            Pulse(self._settings.silence_ms * 1_000_000, troubles.silent("CAS")),
            _ENQ,
        )

    def _send(self, question: bytes, now_ns: Nanoseconds) -> None:
        self._awaits_ack = True
        super()._send(question, now_ns)

    def _said(self, piece: bytes) -> Iterator[Reading]:
        if piece == _ACK:
            yield from self._pulse.alive()
            if self._awaits_ack:
                self._awaits_ack = False
                self._outgoing += _REQUESTS[self._settings.request]
        elif piece == _NAK:
            self._answered()
            yield from self._pulse.alive()
        else:
            self._answered()
            yield from self._blocks(piece)

    def _blocks(self, piece: bytes) -> Iterator[Reading]:
        blocks = _blocks(piece)
        for text, check in blocks:
            if (expected := reduce(xor, text)) != check:
                yield garbled(piece, f"check character: expected {expected:02X}, got {check:02X}")
                return
        texts = [text for text, _ in blocks]
        yield from self._weight(piece, *texts) if len(texts) == 1 else self._priced(piece, *texts)

    def _weight(self, piece: bytes, text: bytes) -> Iterator[Reading]:
        found = _BLOCK.fullmatch(text)
        if found is None:
            yield garbled(piece, "expected state, sign, weight and unit, got something else")
        elif b"F" in (found["state"], found["sign"]) or found["weight"] == b"FFFFFF":
            yield from self._pulse.troubled(troubles.OVERLOAD)
        elif (weight_mg := mass.weight(found["sign"] + found["weight"], found["unit"])) is None:
            yield garbled(piece, "expected a number and kg, g or lb, got something else")
        else:
            yield from self._pulse.well()
            yield Weighed(weight_mg, steady=found["state"] == b"S")

    def _priced(self, piece: bytes, amount: bytes, weight: bytes, unit_price: bytes) -> Iterator[Reading]:
        readings = list(self._weight(piece, weight))
        yield from readings
        if isinstance(readings[-1], Weighed) and _PRICE.fullmatch(amount) and _PRICE.fullmatch(unit_price):
            yield ScalePriced(_digits(unit_price), _digits(amount))


def _measure(buffer: bytearray) -> int | None:
    if buffer[:1] != _SOH:
        return 1
    if len(buffer) < 3:
        return None
    marks = _WEIGHT_MARKS if buffer[2] in _STATES else _PRICED_MARKS
    if any(buffer[place] != byte for place, byte in marks.items() if place < len(buffer)):
        return 0
    size = max(marks) + 1
    return size if len(buffer) >= size else None


def _blocks(piece: bytes) -> list[tuple[bytes, int]]:
    """What is in each block of a message, and its check character."""
    ends = [13] if piece[2] in _STATES else [11, 24, 35]
    starts = [2, *(end + 2 for end in ends)]
    return [(piece[start : end - 1], piece[end - 1]) for start, end in zip(starts, ends, strict=False)]


def _digits(price: bytes) -> int:
    return int(price.replace(b".", b""))


def driver(settings: Mapping[str, Any]) -> Cas:
    """A new driver, set as a profile says."""
    return Cas(msgspec.convert(settings, Settings))
