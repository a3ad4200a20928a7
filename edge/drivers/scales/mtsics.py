"""The driver of scales that speak MT-SICS (levels 0 and 1): it asks `SI` ten times a second.

Asking beats the stream of `SIR` here: one question has one answer, so no old weights queue up while the
object is busy, a lost answer is noticed after one question, `Z` may come in between, and a scale that
restarts simply answers the next question, where a stream would stay silent. And the pace is ours: an OHAUS
streams four values a second ("7000 Series Indicators", page EN-105).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from edge.commands import Command, Zero
from edge.drivers.pulse import Pulse
from edge.drivers.scales.lines import LineCutter
from edge.readings import DeviceFault, Garbled, Milligrams, Nanoseconds, Reading, Weighed

# A question and its answer take 23 ms at 9600 baud: ten a second leave the line idle for most of the time.
ASK_EVERY_NS: Final = 100_000_000
# `SI` is answered at once; after a second the question or its answer was lost.
ANSWER_PATIENCE_NS: Final = 1_000_000_000
# `Z` waits for rest, up to 3 s on an OHAUS 7000 (page EN-105), and may say nothing meanwhile.
ZERO_PATIENCE_NS: Final = 4_000_000_000
# A wish to zero lasts for so many questions: three seconds of a scale that never rests, or 15 refusals.
ZERO_ASKS_MAX: Final = 30

UNITS_MG: Final = {b"mg": 1, b"ct": 200, b"g": 1000, b"kg": 1_000_000}
"""Units that are whole milligrams; the others (lb, oz) cannot be sold by without rounding."""

# `S S     100.00 g`: nine digits on either side of the point are more than any scale shows.
_WEIGHT: Final = re.compile(rb"S (?P<state>[SD]) (?P<weight> *-?\d{1,9}(?:\.\d{1,9})?) (?P<unit>[!-~]{1,5})")

# A scale that starts says its serial number unasked. Noise of the switching-on may stand before it; and to
# believe in one restart too many costs a moment, to miss one costs a wrong weight.
_STARTED: Final = b'I4 A "'

_SILENT: Final = DeviceFault(
    "device.silent",
    "The scale is connected but does not answer: check its power, baud rate and protocol (MT-SICS).",
)
_UNZEROED: Final = DeviceFault(
    "scale.zero-refused",
    "The scale could not be set to zero: take everything off it, let it rest and try again.",
)
_FAULTS: Final = {
    b"S +": DeviceFault("scale.overload", "Too much lies on the scale: take something off."),
    b"S -": DeviceFault("scale.underload", "The scale reads below its range: put its plate back on."),
    b"S I": DeviceFault("scale.not-ready", "The scale is not ready to weigh: leave it alone for a moment."),
}
_ERRORS: Final = {
    b"ES": "the scale did not understand the command (ES)",
    b"ET": "the scale received the command with line errors (ET)",
    b"EL": "the scale cannot carry out the command (EL)",
}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between scales that speak MT-SICS."""

    weight_characters: Annotated[int, Meta(ge=0)] = 10
    """Width of a weight: a line that lost a byte is no lighter weight. 0 where a clone pads otherwise."""
    silence_ms: Annotated[int, Meta(gt=0)] = 5000
    """So long without a valid answer is a fault: more than a scale may take to set its zero."""


class MtSics:
    """Weighed for each answer; a fault and its end are said once each, and a restart is a DeviceReady."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._lines = LineCutter()
        self._pulse = Pulse(self._settings.silence_ms * 1_000_000, _SILENT)
        self._outgoing = b""
        self._ask_at_ns: Nanoseconds | None = None
        self._asked_ns: Nanoseconds | None = None
        self._steady = False
        self._unit: bytes | None = None
        # Questions asked since somebody wished for a zero; None when nobody does.
        self._zero_asks: int | None = None

    @property
    def pending(self) -> int:
        """Bytes that wait for their line end."""
        return self._lines.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._lines.deadline_ns, self._pulse.deadline_ns, self._ask_at_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened: nothing of the old stream counts."""
        self._lines = LineCutter()
        self._pulse.opened(now_ns)
        self._steady = False
        self._unit = None
        self._zero_asks = None
        self._send(b"SI", now_ns, ANSWER_PATIENCE_NS)

    def command(self, command: Command) -> None:
        """Zero: asked for as soon as the scale rests."""
        match command:
            case Zero():
                self._zero_asks = 0
            case _:
                pass  # meant for another kind of device

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for line in self._lines.cut(data):
            if isinstance(line, Garbled):
                yield line
            else:
                yield from self._said(line)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a line, tell of silence, ask again."""
        yield from self._lines.tick(now_ns)
        yield from self._pulse.tick(now_ns)
        if self._ask_at_ns is not None and now_ns >= self._ask_at_ns:
            yield from self._ask(now_ns)

    def _ask(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        if self._zero_asks is not None:
            self._zero_asks += 1
            if self._zero_asks > ZERO_ASKS_MAX:
                yield from self._zero_given_up()
        if self._zero_asks is not None and self._steady:
            self._steady = False
            self._send(b"Z", now_ns, ZERO_PATIENCE_NS)
        else:
            self._send(b"SI", now_ns, ANSWER_PATIENCE_NS)

    def _send(self, question: bytes, now_ns: Nanoseconds, patience_ns: int) -> None:
        self._outgoing = question + b"\r\n"
        self._asked_ns = now_ns
        self._ask_at_ns = Nanoseconds(now_ns + patience_ns)

    def _said(self, line: bytes) -> Iterator[Reading]:
        if self._asked_ns is not None:
            self._ask_at_ns = Nanoseconds(self._asked_ns + ASK_EVERY_NS)
        if _STARTED in line:
            self._steady = False
            yield from self._pulse.restarted()
        elif line in _FAULTS:
            self._steady = False
            yield from self._pulse.troubled(_FAULTS[line])
        elif line in _ERRORS:
            yield Garbled(line.hex().upper(), _ERRORS[line])
        elif line[:2] == b"Z ":
            yield from self._zero_said(line)
        else:
            yield from self._weight(line)

    def _zero_said(self, line: bytes) -> Iterator[Reading]:
        match line:
            case b"Z A":
                self._zero_asks = None
                yield from self._pulse.restarted()
            case b"Z I":  # not now: it is tried again
                yield from self._pulse.alive()
            case b"Z +" | b"Z -":
                yield from self._zero_given_up()
            case _:
                yield Garbled(line.hex().upper(), "expected Z A, Z I, Z + or Z -, got something else")

    def _zero_given_up(self) -> Iterator[Reading]:
        self._zero_asks = None
        yield from self._pulse.troubled(_UNZEROED)

    def _weight(self, line: bytes) -> Iterator[Reading]:
        found = _WEIGHT.fullmatch(line)
        wide = self._settings.weight_characters
        if found is None:
            yield Garbled(line.hex().upper(), "expected an answer to SI, got something else")
        elif wide and len(found["weight"]) != wide:
            yield Garbled(
                line.hex().upper(), f"expected {wide} characters of weight, got {len(found['weight'])}"
            )
        elif (weight_mg := milligrams(found["weight"], found["unit"])) is None:
            yield Garbled(
                line.hex().upper(), "expected whole milligrams in mg, ct, g or kg, got something else"
            )
        elif self._changes(found["unit"]):
            yield Garbled(line.hex().upper(), "expected the unit of the answer before, got another")
        else:
            self._steady = found["state"] == b"S"
            yield from self._pulse.well()
            yield Weighed(weight_mg, self._steady)

    def _changes(self, unit: bytes) -> bool:
        """Whether it is another unit than before: a kg that has lost its k is a g, a thousand times less.

        So at an open port a change counts when it is said twice; a single line speaks for itself.
        """
        before, self._unit = self._unit, unit
        return self._asked_ns is not None and before not in {None, unit}


def milligrams(weight: bytes, unit: bytes) -> Milligrams | None:
    """The weight that the scale wrote, exactly; None in an unknown unit or with a part of a milligram."""
    whole, _, fraction = weight.strip().partition(b".")
    if unit not in UNITS_MG:
        return None
    weight_mg, rest = divmod(int(whole + fraction) * UNITS_MG[unit], 10 ** len(fraction))
    return None if rest else Milligrams(weight_mg)


def driver(settings: Mapping[str, Any]) -> MtSics:
    """A new driver, set as a profile says."""
    return MtSics(msgspec.convert(settings, Settings))
