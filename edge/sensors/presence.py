"""Which tags are in the field of a reader, from single sightings that come and go."""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.readings import Heard, Nanoseconds, RoundEnded, TagSeen

# A reader that listens hears a tag in front of it every 40 ms or so, and misses it in up to 40 rounds of 100
# (read rates of 60 to 98 % are usual). Eighteen rounds without a sighting are no accident:
# at the worst rate one in 14 million.
_GONE_NS: Final = Nanoseconds(700_000_000)

# A single sighting may be a reflection of the next cabin's garment; two within the time above are a tag.
_SIGHTINGS_MIN: Final = 2

# Silence is never zero: only time in which the reader is heard counts, and between two frames at most this
# much.
_GAP_NS: Final = Nanoseconds(150_000_000)

# More tags than any shelf holds; beyond it the oldest are forgotten, so that a hostile tag emulator fills
# nothing.
_TAGS_MAX: Final = 2_000


class Appeared(msgspec.Struct, frozen=True):
    """A tag has come into the field."""

    epc: str


class Vanished(msgspec.Struct, frozen=True):
    """A tag has left the field: the reader listened, and did not hear it."""

    epc: str


class _Sighting(msgspec.Struct):
    """How often a tag was heard, and when last, in the reader's own listening time."""

    count: int
    last_ns: int


class TagPresence:
    """The tags in the field of one reader.

    Its clock is the time that the reader has spent listening: while a reader is silent nothing appears and
    nothing vanishes.
    """

    def __init__(self) -> None:
        self._sightings: dict[str, _Sighting] = {}
        self._listened_ns = 0
        self._last_frame_ns: int | None = None

    @property
    def present(self) -> frozenset[str]:
        """The tags in the field."""
        return frozenset(epc for epc, seen in self._sightings.items() if seen.count >= _SIGHTINGS_MIN)

    @property
    def settled(self) -> bool:
        """Whether the reader has listened long enough for an absence to mean something."""
        return self._listened_ns > _GONE_NS

    def hear(self, heard: Heard) -> Iterator[Appeared | Vanished]:
        """What one frame of the reader changes."""
        match heard.reading:
            case TagSeen(epc=epc):
                self._listen(heard.at_ns)
                yield from self._see(epc)
            case RoundEnded():
                self._listen(heard.at_ns)
            case _:
                return
        yield from self._forget()

    def _listen(self, now_ns: int) -> None:
        if self._last_frame_ns is not None:
            self._listened_ns += min(max(now_ns - self._last_frame_ns, 0), _GAP_NS)
        self._last_frame_ns = now_ns

    def _see(self, epc: str) -> Iterator[Appeared]:
        if epc not in self._sightings and len(self._sightings) >= _TAGS_MAX:
            return
        seen = self._sightings.setdefault(epc, _Sighting(0, 0))
        seen.count += 1
        seen.last_ns = self._listened_ns
        if seen.count == _SIGHTINGS_MIN:
            yield Appeared(epc)

    def _forget(self) -> Iterator[Vanished]:
        gone = [epc for epc, seen in self._sightings.items() if self._listened_ns - seen.last_ns > _GONE_NS]
        for epc in gone:
            if self._sightings.pop(epc).count >= _SIGHTINGS_MIN:
                yield Vanished(epc)
