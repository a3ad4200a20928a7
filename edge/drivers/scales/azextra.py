"""The driver of Adam AZextra scales: it asks for their label with `P`, and most of the time nothing comes.

An AZextra answers only when it has found a new weight that is not zero, never says that the goods are gone,
and beeps when it is asked for the same weight again: so its silence is neither zero nor a fault, and after a
weight it is left in peace for a while. Sources: Adam Equipment "AZextra" manual, pages 13 and 14 (commands);
github odoo/odoo, addons/hw_drivers/iot_handlers/drivers/SerialScaleDriver.py (how it behaves). That what it
prints is steady follows from "a new weight has been found"; it is not confirmed on a real device by us.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.commands import Command, Tare, Zero
from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import mass, troubles
from edge.drivers.scales.frames import FrameCutter, line
from edge.drivers.scales.scale import AskedScale, Wish
from edge.readings import Garbled, Nanoseconds, Reading, Weighed

# A label is as wide as its paper, about 24 characters.
_LONGEST: Final = 64
# The number needs something before it: a line whose beginning was not heard may have lost a digit.
_WEIGHT: Final = re.compile(rb"[^\d.,-](?P<weight>-?\d{1,3}\.\d{3}) ?kg(?!\w)", re.IGNORECASE)
_TEXT: Final = re.compile(rb"[ -~\t\x80-\xff]*")
# Longer than any clock runs.
_NEVER_NS: Final = 2**62


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between scales of this kind."""

    again_ms: Annotated[int, Meta(gt=0)] = 5000
    """The next question after a weight: time to take the goods off before the scale beeps."""


class AzExtra(AskedScale):
    """Weighed for each line of a label that has a weight in kg; all other lines are none of our business."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._again_ns = (settings or Settings()).again_ms * 1_000_000
        # Whether the beginning of the next line will have been heard.
        self._in_step = False
        self._net = False
        self._key = b""
        super().__init__(
            lambda: FrameCutter(line, b"", _LONGEST), Pulse(_NEVER_NS, troubles.silent("AZextra")), b"P\r\n"
        )

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened, and ask."""
        super().opened(now_ns)
        self._in_step = self._net = False
        self._key = b""

    def command(self, command: Command) -> None:
        """Zero and Tare press the scale's keys in the place of the next question; nothing is said of it."""
        match command:
            case Zero():
                self._key, self._net = b"Z\r\n", False
            case Tare(tare_mg=None):
                self._key, self._net = b"T\r\n", True
            case Tare(tare_mg=0):  # with an empty plate, T takes the tare away again
                self._key, self._net = b"T\r\n", False
            case Tare():
                self._wish = Wish.vain(troubles.TARE_REFUSED)
            case _:
                pass  # meant for another kind of device

    def _ask(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        yield from super()._ask(now_ns)
        if self._key:
            self._outgoing, self._key = self._key, b""

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            self._in_step = False
        yield from super()._understood(piece)

    def _said(self, piece: bytes) -> Iterator[Reading]:
        text = piece.rstrip(b"\r\n")
        if not text:
            return
        found = _WEIGHT.search(b"\n" + text if self._in_step else text)
        self._in_step = bool(_TEXT.fullmatch(text))
        if not self._in_step:
            yield garbled(piece, "expected a line of a label, got something else")
        elif found and (weight_mg := mass.weight(found["weight"], b"kg")):
            self._answered(self._again_ns)
            yield from self._pulse.well()
            yield Weighed(weight_mg, steady=True, net=self._net)


def driver(settings: Mapping[str, Any]) -> AzExtra:
    """A new driver, set as a profile says."""
    return AzExtra(msgspec.convert(settings, Settings))
