"""The driver of scales that speak NCI SCP-01 (Weigh-Tronix 8408-14788-01) or its ECR dialect: it asks `W`.

Sources: the manuals of the NCI 7800 (page 32), the Avery Weigh-Tronix 7821 (page 25) and the CAS CI-100A
(page 38: four status bytes); METTLER TOLEDO "DIVA Service Manual" 72191202, pages 34 to 36 (ECR); the
Brecknell "67XXU Service Manual", page 68 (what stands in the field of a weight out of range).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.commands import Command, Zero
from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import mass, troubles
from edge.drivers.scales.frames import FrameCutter
from edge.drivers.scales.parity import Parity
from edge.drivers.scales.scale import AskedScale, Wish
from edge.readings import DeviceFault, LoadMoving, Milligrams, Reading, Weighed

_ETX: Final = b"\x03"
# LF, 13 characters of weight in pounds and ounces, CR, LF, S, four status bytes, CR, ETX; and some to spare.
_LONGEST: Final = 40

# Bits 4 and 5 of a status byte are always 1; bit 6 of the second and third says that another byte follows.
_BYTES_AS_TOLD: Final = rb"[0-?][p-\x7f]{0,2}[0-?]"
_BYTES_COUNTED: Final = rb"[0-?][0-?p-\x7f]{%d}"
_FIELDS: Final = (
    # A unit has two characters: `kg` that has lost its k is no gram.
    rb"(?:(?P<weight>[ -]*\d+(?:\.\d+)?)(?P<unit>lb|kg|oz| g|g |LB|KG|OZ| G|G )"
    rb"|(?P<pounds> *\d{1,3})(?:lb|LB) (?P<ounces> *\d{1,2}(?:\.\d+)?)(?:oz|OZ)"
    rb"|(?P<beyond>\^{4,}|_{4,}|-{4,})[A-Za-z:]*"
    rb"|(?P<other>[A-Za-z][A-Za-z .:-]{0,13}))\r\n"
)
_STATUS_MARKS: Final = {"scp-01": b"", "ecr": b"S"}

_MOVING: Final = 0x01
_AT_ZERO: Final = 0x02
_NET: Final = 0x04

# Status byte, bit, what it means; the first that is set is told.
_FAULTS: Final[tuple[tuple[int, int, DeviceFault], ...]] = (
    (0, 0x04, troubles.BROKEN),  # RAM
    (0, 0x08, troubles.BROKEN),  # EEPROM
    (1, 0x04, troubles.BROKEN),  # ROM
    (1, 0x08, troubles.UNCALIBRATED),
    (1, 0x02, troubles.OVERLOAD),
    (1, 0x01, troubles.UNDERLOAD),
    (2, 0x08, troubles.NEEDS_ZERO),
)
_BEYOND: Final = {b"^": troubles.OVERLOAD, b"_": troubles.UNDERLOAD, b"-": troubles.NEEDS_ZERO}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between scales that speak NCI."""

    dialect: Literal["scp-01", "ecr"] = "scp-01"
    """ECR writes S before its status bytes, and no weight that is moving, negative or out of range."""
    weight_characters: Annotated[int, Meta(ge=0)] = 7
    """Width of a weight (7 in `0001.54lb`, 9 in `01lb 08.6oz`): one that has lost a digit is no lighter
    weight. 0: any width."""
    status_bytes: Annotated[int, Meta(ge=0, le=4)] = 0
    """How many there are; 0 where the bits that announce the next one can be trusted."""
    motion_bit: Literal[0, 1] = 1
    """What the bit of motion is while the scale moves; a manual of the SCP-12 prints it the other way."""
    parity: Parity = "line"
    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a valid answer is a fault: three questions that were not answered."""


class Nci(AskedScale):
    """Weighed for each weight, steady as its status bytes say."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._frame = _frame(self._settings)
        super().__init__(
            lambda: FrameCutter(self._measure, b"\n", _LONGEST),
            Pulse(self._settings.silence_ms * 1_000_000, troubles.silent("NCI")),
            b"W\r",
            self._settings.parity,
        )

    def command(self, command: Command) -> None:
        """Zero: asked for as soon as the scale rests."""
        match command:
            case Zero():
                self._wish = Wish(b"Z\r", troubles.ZERO_REFUSED, lambda status: bool(status[0] & _AT_ZERO))
            case _:
                pass  # meant for another kind of device

    def _measure(self, buffer: bytearray) -> int | None:
        """LF stands inside a frame too: one that does not match may have lost its end before the next."""
        end = buffer.find(_ETX, 0, _LONGEST) + 1
        if not end:
            return None
        return end if self._frame.fullmatch(buffer, 0, end) else 0

    def _said(self, piece: bytes) -> Iterator[Reading]:
        self._answered()
        found = self._frame.fullmatch(piece)
        if found is None or found["question"]:
            yield garbled(piece, "the scale did not understand the command (?)")
            return
        status = found["status"]
        moving = bool(status[0] & _MOVING) == bool(self._settings.motion_bit)
        self._steady = not moving
        if fault := _fault(status, found["beyond"]):
            yield from self._pulse.troubled(fault)
        elif found["other"]:  # a menu or a message stands on the display
            yield from self._pulse.troubled(troubles.NOT_READY)
        elif found["weight"] or found["pounds"]:
            yield from self._weight(piece, found, steady=not moving)
        else:
            if moving:
                yield LoadMoving()
            yield from self._wish_answered(status)

    def _weight(self, piece: bytes, found: re.Match[bytes], *, steady: bool) -> Iterator[Reading]:
        wide = self._settings.weight_characters
        text = found["weight"] or found["pounds"] + b"lb " + found["ounces"]
        weight_mg = _weight_mg(found)
        if weight_mg is None or (wide and len(text) != wide):
            yield garbled(piece, f"expected {wide} characters of weight, got {len(text)}")
        else:
            yield from self._pulse.well()
            yield Weighed(weight_mg, steady, net=_is_net(found["status"]))


def _frame(settings: Settings) -> re.Pattern[bytes]:
    many = settings.status_bytes
    status = _BYTES_COUNTED % (many - 1) if many else _BYTES_AS_TOLD
    mark = _STATUS_MARKS[settings.dialect]
    return re.compile(
        rb"\n(?:" + _FIELDS + rb")?" + mark + rb"(?P<status>" + status + rb")\r\x03|\n(?P<question>\?)\r\x03"
    )


def _fault(status: bytes, beyond: bytes | None) -> DeviceFault | None:
    for place, bit, fault in _FAULTS:
        if place < len(status) and status[place] & bit:
            return fault
    return _BEYOND[beyond[:1]] if beyond else None


def _is_net(status: bytes) -> bool:
    return len(status) > 2 and bool(status[2] & _NET)


def _weight_mg(found: re.Match[bytes]) -> Milligrams | None:
    if found["weight"]:
        return mass.weight(found["weight"], found["unit"])
    whole, _, tenths = found["ounces"].partition(b".")
    ounces = int(found["pounds"]) * 16 * 10 ** len(tenths) + int(whole + tenths)
    return mass.milligrams(ounces, len(tenths), "oz")


def driver(settings: Mapping[str, Any]) -> Nci:
    """A new driver, set as a profile says."""
    return Nci(msgspec.convert(settings, Settings))
