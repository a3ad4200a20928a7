"""An indicator that says its weight again and again, unasked: `ST,GS` and its relatives, one line each time.

CAS NT-200 manual page 48 and CI-600D page 74 (22 bytes with a lamp byte), A&D's standard format (18 bytes),
and lines as real scales have sent them: captures of a T-Scale QHW and NHB and of an Ohaus Defender 3000 in
github.com/chumpon-asaneerat/NSerialCommTools. No QHW or NHB moves there: that they say `US` then, we chose.
"""

import random
from collections.abc import Callable
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta

from simulators.devices.scales.display import Display
from simulators.devices.scales.indicator import OVERLOAD
from simulators.devices.scales.plate import VERBS
from simulators.devices.scales.scale import KEY_VERBS, Scale, ScalePart

LINE_END: Final = b"\r\n"
SECOND_NS: Final = 1_000_000_000
DEVICE_ID: Final = b"1"
# What one of the captures begins with: the line while the scale is switched on.
SWITCHED_ON: Final = b"\x00\x00\x7f\x7f"
LAMP, LAMP_STABLE, LAMP_GROSS, LAMP_TARE, LAMP_ZERO = 0x80, 1 << 6, 1 << 2, 1 << 1, 1 << 0


class Shown(NamedTuple):
    """One look at the display."""

    digits: int
    steady: bool
    overloaded: bool
    net: bool
    at_zero: bool

    @property
    def state(self) -> str:
        """Stable, unstable or overloaded; gross or net."""
        state = "OL" if self.overloaded else "ST" if self.steady else "US"
        return f"{state},{'NT' if self.net else 'GS'}"


def cas_22(display: Display, shown: Shown) -> bytes:
    """Identity and lamps between state and weight: the lamp byte is no ASCII."""
    lamps = LAMP | shown.steady * LAMP_STABLE | shown.at_zero * LAMP_ZERO
    lamps |= LAMP_TARE if shown.net else LAMP_GROSS
    weight = f"{display.text(shown.digits):>8} {display.unit}".encode("ascii")
    return b"%b,%b%c,%b" % (shown.state.encode("ascii"), DEVICE_ID, lamps, weight)


def and_18(display: Display, shown: Shown) -> bytes:
    """A sign always, noughts to the left, and nothing but nines when overloaded."""
    text = "999.999" if shown.overloaded else display.text(abs(shown.digits)).zfill(7)
    return f"{shown.state},{'-' if shown.digits < 0 else '+'}{text}{display.unit}".encode("ascii")


def qhw(display: Display, shown: Shown) -> bytes:
    """A space before the unit."""
    return f"{shown.state},{display.text(shown.digits):>8} {display.unit}".encode("ascii")


def nhb(display: Display, shown: Shown) -> bytes:
    """No comma before the weight, spaces at the end."""
    return f"{shown.state}{display.text(shown.digits):>8}{display.unit}  ".encode("ascii")


def ohaus(display: Display, shown: Shown) -> bytes:
    """No state in front: a question mark behind it while it moves, nothing at all when overloaded."""
    if shown.overloaded:
        return b""
    sign, mark = "-" if shown.digits < 0 else " ", " " if shown.steady else "?"
    weight = f"{sign}{display.text(abs(shown.digits)):>7} {display.unit}"
    return f"{weight}   {mark}{'N' if shown.net else 'G'}".encode("ascii")


KILOGRAMS, GRAMS = Display("kg", 3), Display("g", 1)
VARIANTS: Final[dict[str, tuple[Display, Callable[[Display, Shown], bytes]]]] = {
    "cas-22": (KILOGRAMS, cas_22),
    "and-18": (KILOGRAMS, and_18),
    "qhw": (GRAMS, qhw),
    "nhb": (GRAMS, nhb),
    "ohaus": (KILOGRAMS, ohaus),
}


class Part(ScalePart, frozen=True, forbid_unknown_fields=True):
    """Such an indicator on a bench; `noisy_start` puts rubbish on the line when it is switched on."""

    variant: Literal["cas-22", "and-18", "qhw", "nhb", "ohaus"] = "qhw"
    rate_hz: Annotated[int, Meta(ge=1, le=50)] = 5
    noisy_start: bool = False

    def device(self, luck: random.Random) -> "StGs":
        """Make the indicator."""
        return StGs(luck, self)


class StGs(Scale):
    """The indicator itself; what the host says does not interest it."""

    kind = "st-gs"
    baud = 9600
    terminator = LINE_END
    verbs = (*VERBS, *KEY_VERBS)

    def __init__(self, luck: random.Random, part: Part) -> None:
        display, self._line = VARIANTS[part.variant]
        self._period_ns = SECOND_NS // part.rate_hz
        self._noisy_start = part.noisy_start
        super().__init__(luck, display, part.capacity_g, part.settle_ms)

    def _start(self, now_ns: int) -> None:
        self._due_ns = now_ns
        if self._noisy_start:
            self._say(SWITCHED_ON)

    @property
    def wakes_ns(self) -> int:
        """When the next line is due."""
        return self._due_ns

    def hear(self, _data: bytes, _now_ns: int, /) -> None:
        """Pass over what the host says."""

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the line that is due; those that nobody waited for are not caught up on."""
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + self._period_ns
            if line := self._line(self._display, self._shown(now_ns)):
                self._say(line + LINE_END)
        return super().speak(now_ns)

    def _shown(self, now_ns: int) -> Shown:
        seen = self._look(now_ns)
        return Shown(
            digits=self._display.digits(seen.net_mg),
            steady=seen.steady,
            overloaded=seen.beyond == OVERLOAD,
            net=bool(self._indicator.tare_mg),
            at_zero=self._at_zero(seen),
        )
