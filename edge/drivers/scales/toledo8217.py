"""The driver of scales that speak Toledo 8217 (weight only): it asks `W` five times a second.

Source: METTLER TOLEDO "DIVA Service Manual" 72191202, pages 39, 44 and 45. A weight is answered only when it
is stable and within range; otherwise a status byte, which says of a moving load that it moves and not what
it weighs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.commands import Command, Tare, Zero
from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import mass, troubles
from edge.drivers.scales.frames import FrameCutter, between
from edge.drivers.scales.parity import Parity
from edge.drivers.scales.scale import AskedScale, Wish
from edge.readings import LoadMoving, Nanoseconds, Reading, Weighed

_STX: Final = b"\x02"
_CR: Final = b"\r"
# The longest answer is STX, seven characters of weight, N and CR.
_LONGEST: Final = 16

_WEIGHT: Final = re.compile(rb"\x02(?P<weight> *\d+\.\d+)(?P<net>N?)\r")
# Bit 6 of a status byte is always 1: no status is a digit, CR or STX.
_STATUS: Final = re.compile(rb"\x02\?(?P<status>[@-\x7f])\r")

_MOVING: Final = 0x01
_OVER_CAPACITY: Final = 0x02
_UNDER_ZERO: Final = 0x04
_CENTRE_OF_ZERO: Final = 0x10
_NET: Final = 0x20

# The point is implied by the unit: nn.nnn kg or nnn.nn lb.
_DECIMALS: Final = {"kg": 3, "lb": 2}
# A digital tare has five digits.
_TARE_MAX: Final = 99_999


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between scales that speak 8217."""

    unit: Literal["kg", "lb"] = "kg"
    """The answer does not name it: WW.WWW means kilograms, WW.WW pounds."""
    weight_characters: Annotated[int, Meta(ge=5, le=7)] = 6
    """Width of a weight, its point included: one that has lost a digit is no lighter weight."""
    parity: Parity = "line"
    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a valid answer is a fault: three questions that were not answered."""


class Toledo8217(AskedScale):
    """Weighed for each weight, which is always steady; LoadMoving while it is not."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        # The N of a net weight is one byte, and may be lost: a change that we have not asked for counts when
        # it is said twice. It means that somebody has pressed a key, or that the scale has lost its tare.
        self._net: bool | None = None
        super().__init__(
            lambda: FrameCutter(between(_STX, _CR), _STX, _LONGEST),
            Pulse(self._settings.silence_ms * 1_000_000, troubles.silent("Toledo 8217")),
            b"W",
            self._settings.parity,
        )

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened, and ask."""
        super().opened(now_ns)
        self._net = None

    def command(self, command: Command) -> None:
        """Zero and Tare: asked for as soon as the scale rests."""
        match command:
            case Zero():
                self._wish = Wish(
                    b"Z", troubles.ZERO_REFUSED, lambda status: bool(status[0] & _CENTRE_OF_ZERO)
                )
            case Tare(tare_mg=None):
                self._wish = Wish(b"T\r", troubles.TARE_REFUSED, _is_net)
            case Tare(tare_mg=0):
                self._wish = Wish(
                    b"C", troubles.TARE_REFUSED, lambda status: not status[0] & (_NET | _MOVING)
                )
            case Tare(tare_mg=int(tare_mg)):
                self._wish = self._digital_tare(mass.digits(tare_mg, self._decimals, self._settings.unit))
            case _:
                pass  # meant for another kind of device

    @property
    def _decimals(self) -> int:
        return _DECIMALS[self._settings.unit]

    def _digital_tare(self, digits: int) -> Wish:
        if not 0 <= digits <= _TARE_MAX:
            return Wish.vain(troubles.TARE_REFUSED)
        return Wish(b"T%05d\r" % digits, troubles.TARE_REFUSED, _is_net)

    def _said(self, piece: bytes) -> Iterator[Reading]:
        self._answered()
        if found := _STATUS.fullmatch(piece):
            yield from self._status(found["status"])
        elif found := _WEIGHT.fullmatch(piece):
            yield from self._weight(piece, found["weight"], net=bool(found["net"]))
        else:
            yield garbled(piece, "expected a weight or a status byte between STX and CR, got something else")

    def _status(self, status: bytes) -> Iterator[Reading]:
        self._steady = not status[0] & _MOVING
        if status[0] & _OVER_CAPACITY:
            yield from self._pulse.troubled(troubles.OVERLOAD)
        elif status[0] & _UNDER_ZERO:
            yield from self._pulse.troubled(troubles.UNDERLOAD)
        else:
            if not self._steady:
                yield LoadMoving()
            wish = self._wish
            yield from self._wish_answered(status)
            if self._wish is not wish:
                self._net = None

    def _weight(self, piece: bytes, text: bytes, *, net: bool) -> Iterator[Reading]:
        wide = self._settings.weight_characters
        decimals = len(text.partition(b".")[2])
        weight_mg = mass.weight(text, self._settings.unit.encode())
        if len(text) != wide or decimals != self._decimals or weight_mg is None:
            yield garbled(
                piece, f"expected {wide} characters of weight in {self._settings.unit}, got {text.decode()!r}"
            )
        elif self._net not in {None, net}:
            self._net = None
            yield from self._pulse.restarted()
        else:
            self._net = net
            self._steady = True
            yield from self._pulse.well()
            yield Weighed(weight_mg, steady=True, net=net)


def _is_net(status: bytes) -> bool:
    return bool(status[0] & _NET)


def driver(settings: Mapping[str, Any]) -> Toledo8217:
    """A new driver, set as a profile says."""
    return Toledo8217(msgspec.convert(settings, Settings))
