"""The driver of indicators that send their weight without end: `ST,GS,   245.6 g`, or as OHAUS writes it.

Sources: CAS "CI-600D" manual, page 74 and "PDI" manual, page 37 (22 and 18 bytes), CAS "NT-200" manual, page
48; A&D "FX-i" manual, page 37 (17 bytes, without GS); OHAUS "3000 Series Indicators" manual, page EN-35;
lines of real devices as github chumpon-asaneerat/NSerialCommTools has recorded them (T-Scale QHW and NHB,
OHAUS Defender 3000).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.drivers.scales import mass, troubles
from edge.drivers.scales.lines import LINE_BYTES_MAX, LineCutter
from edge.drivers.scales.scale import ListeningScale
from edge.readings import Reading, Weighed

_NUMBER: Final = rb"(?P<weight>[ +-]*\d+(?:\.\d+)?)"
_UNIT: Final = rb" *(?P<unit>mg|kg|g|lb|oz|t|ct) *"

_LAYOUTS: Final = {
    # CAS puts an address and a byte of its lamps (bit 7 set) before the weight. NHB forgets a comma.
    "st-gs": re.compile(
        rb"(?P<state>ST|US)(?:,(?P<mode>GS|NT))?(?:,.[\x80-\xff])?,?" + _NUMBER + _UNIT, re.IGNORECASE
    ),
    # Sign, weight, unit in five characters, `?` while it moves, G, N or NET.
    "ohaus": re.compile(
        _NUMBER + rb" (?P<unit>kg   |g    |lb   |oz   )(?P<state>[ ?])(?P<mode>G|NET|N) *",
    ),
}
_STEADY: Final = {b"ST", b" "}
_NET: Final = {b"NT", b"N", b"NET"}
_OVERLOAD: Final = re.compile(rb"OL,.*", re.DOTALL)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What differs between indicators that send without end."""

    layout: Literal["st-gs", "ohaus"] = "st-gs"
    line_characters: tuple[Annotated[int, Meta(ge=8, le=LINE_BYTES_MAX)], ...] = (16, 20)
    """How long a line may be without its end: one that has lost a digit is no lighter weight, and `kg` that
    has lost its k no gram. None for any length."""
    silence_ms: Annotated[int, Meta(gt=0)] = 3000
    """So long without a valid line is a fault; the slowest send one each second."""


class StGs(ListeningScale):
    """Weighed for each line, steady as the line says."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._layout = _LAYOUTS[self._settings.layout]
        super().__init__(
            LineCutter, Pulse(self._settings.silence_ms * 1_000_000, troubles.silent("continuous ST,GS"))
        )

    def _said(self, piece: bytes) -> Iterator[Reading]:
        lengths = self._settings.line_characters
        found = self._layout.fullmatch(piece)
        if _OVERLOAD.fullmatch(piece):
            yield from self._pulse.troubled(troubles.OVERLOAD)
        elif found is None:
            yield garbled(piece, "expected state, weight and unit, got something else")
        elif lengths and len(piece) not in lengths:
            yield garbled(piece, f"expected {' or '.join(map(str, lengths))} characters, got {len(piece)}")
        elif (weight_mg := mass.weight(found["weight"], found["unit"])) is None:
            yield garbled(piece, "expected a number, got something else")
        else:
            yield from self._pulse.well()
            yield Weighed(
                weight_mg, found["state"].upper() in _STEADY, (found["mode"] or b"").upper() in _NET
            )


def driver(settings: Mapping[str, Any]) -> StGs:
    """A new driver, set as a profile says."""
    return StGs(msgspec.convert(settings, Settings))
