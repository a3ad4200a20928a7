"""Which tags are in the field of a reader, from single sightings that come and go."""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.readings import Heard, Nanoseconds, RoundEnded, TagSeen

# A round has heard a tag or has not; of each tag the last 64 rounds are kept, as the bits of one number.
_ROUNDS_KEPT: Final = 64
_HISTORY: Final = (1 << _ROUNDS_KEPT) - 1

# A tag that has not been heard in so many rounds in a row is gone. Tags of read rates from 60 to 98 % are
# usual; a row names the rate in percent from which it holds, and its rounds make a silence of a tag that is
# still there less likely than one in a hundred thousand at a rate ten points lower.
_GONE_ROUNDS: Final = ((90, 8), (80, 10), (70, 13), (60, 17), (50, 22), (40, 30), (0, 40))

# Where nothing may flicker, and of a tag that was never heard, the worst usual rate is assumed: eighteen
# rounds without it are one accident in 14 million.
_GONE_ROUNDS_MIN: Final = 18
_GONE_NS: Final = Nanoseconds(700_000_000)

# What a tag is believed to be before it has shown its own rate: ten rounds of 60 %.
_PRIOR_ROUNDS: Final = 10
_PRIOR_HITS: Final = 6

# A single sighting may be a reflection of the next cabin's garment; two within the time above are a tag.
_SIGHTINGS_MIN: Final = 2

# Silence is never zero: only time in which the reader is heard counts, and between two frames at most this
# much. After a silence longer than any round, the round that it cut off is not held against anybody.
_GAP_NS: Final = Nanoseconds(150_000_000)
_SILENCE_NS: Final = Nanoseconds(1_000_000_000)

# No reader finds anything out in a round that is shorter: an empty one takes an R200 25 ms.
_ROUND_NS_MIN: Final = Nanoseconds(10_000_000)

# More tags than any shelf holds; beyond it new ones are not counted, so that a hostile tag emulator fills
# nothing.
_TAGS_MAX: Final = 2_000

# A tag is faint when it is heard so much more weakly than where it lay, over so many sightings: the fading
# of a tag at rest moves the mean of six by less (spread up to 4 dB a sighting).
_FAINT_CDB: Final = 600
_FAINT_SIGHTINGS: Final = 6

# A tag that is heard in at least half of the rounds, over so many, lies there: in a hand it turns and hides.
_WELL_ROUNDS: Final = 16
_WELL_PERCENT: Final = 50

# So many sightings make a level that others are compared with.
_REST_SIGHTINGS: Final = 12


class Appeared(msgspec.Struct, frozen=True):
    """A tag has come into the field."""

    epc: str


class Vanished(msgspec.Struct, frozen=True):
    """A tag has left the field, or was heard only once: the reader listened, and did not hear it."""

    epc: str


class _Track(msgspec.Struct):
    """What is known of one tag; levels are in hundredths of a dBm, times in the reader's listening time."""

    sightings: int = 0
    last_ns: int = 0
    heard_by: set[int] = msgspec.field(default_factory=set)
    rounds: int = 0
    history: int = 0
    missed: int = 0
    marked: int = 0
    levels: int = 0
    level_sum_cdb: int = 0
    rest_cdb: int | None = None

    @property
    def rate_percent(self) -> int:
        """How often a round has heard it, on the careful side while it is new."""
        return (self.history.bit_count() + _PRIOR_HITS) * 100 // (self.rounds + _PRIOR_ROUNDS)

    def close_round(self) -> None:
        """Another round is over."""
        heard = bool(self.heard_by)
        self.history = (self.history << 1 | heard) & _HISTORY
        self.rounds = min(self.rounds + 1, _ROUNDS_KEPT)
        self.missed = 0 if heard else self.missed + 1
        self.heard_by.clear()


class TagPresence:
    """The tags in the field of one reader.

    Its clock is the time that the reader has spent listening: while a reader is silent nothing appears and
    nothing vanishes. A round ends when the reader says so, or when an antenna hears a tag again. With
    `learns`, a tag is given up as soon as its own read rate allows it, otherwise by the worst usual rate.
    """

    def __init__(self, *, learns: bool = False) -> None:
        self._learns = learns
        self._tracks: dict[str, _Track] = {}
        self._listened_ns = 0
        self._last_frame_ns: int | None = None
        self._round_began_ns = 0
        self.rounds = 0
        """How many rounds the reader has been through."""
        self._antennas: set[int] = set()
        self._ended: set[int] = set()

    @property
    def present(self) -> frozenset[str]:
        """The tags in the field."""
        return frozenset(epc for epc, track in self._tracks.items() if track.sightings >= _SIGHTINGS_MIN)

    @property
    def settled(self) -> bool:
        """Whether the reader has listened long enough for an absence to mean something."""
        return self._listened_ns > _GONE_NS and self.rounds >= _GONE_ROUNDS_MIN

    def hear(self, heard: Heard) -> Iterator[Appeared | Vanished]:
        """What one frame of the reader changes."""
        match heard.reading:
            case TagSeen(epc=epc, rssi_dbm=rssi_dbm, antenna=antenna):
                self._listen(heard.at_ns)
                yield from self._see(epc, antenna, rssi_dbm)
            case RoundEnded(antenna=antenna):
                self._listen(heard.at_ns)
                yield from self._end_round(antenna)
            case _:
                return

    def has(self, epc: str) -> bool:
        """Whether one tag is in the field."""
        track = self._tracks.get(epc)
        return track is not None and track.sightings >= _SIGHTINGS_MIN

    def tracks(self, epc: str) -> bool:
        """Whether the tag is one of those that are counted."""
        return epc in self._tracks

    def mark(self) -> None:
        """From here on count anew what is heard: see `heard_since_mark` and `faint`."""
        for track in self._tracks.values():
            track.marked = track.levels = track.level_sum_cdb = 0

    def heard_since_mark(self, epc: str) -> bool:
        """Whether a tag was heard since the last mark."""
        track = self._tracks.get(epc)
        return track is not None and track.marked > 0

    def rest(self, epcs: frozenset[str]) -> None:
        """These tags lie still: remember how strongly they are heard, and count anew."""
        for epc in epcs & self._tracks.keys():
            track = self._tracks[epc]
            if track.levels >= _REST_SIGHTINGS:
                level_cdb = track.level_sum_cdb // track.levels
                rest_cdb = level_cdb if track.rest_cdb is None else (track.rest_cdb * 3 + level_cdb) // 4
                track.rest_cdb = rest_cdb
                track.levels = track.level_sum_cdb = 0

    def silent(self, epc: str) -> bool:
        """Whether a tag has not been heard for two thirds of what would make it gone.

        That may be chance, once in some thousand times: only another witness makes an absence of it.
        """
        track = self._tracks.get(epc)
        return track is None or track.missed * 3 >= _rounds_to_go(track) * 2

    def doubtful(self, epc: str) -> bool:
        """Whether a tag in the field has not been heard for a third of what would make it gone.

        Nobody can say yet whether it left; the rounds to come will tell, however long they take.
        """
        return self.has(epc) and self._tracks[epc].missed * 3 >= _rounds_to_go(self._tracks[epc])

    def well_heard(self, epc: str) -> bool:
        """Whether a tag has been heard for some time, in most rounds, and no weaker than where it lay."""
        track = self._tracks.get(epc)
        if track is None or track.rounds < _WELL_ROUNDS or self.faint(epc):
            return False
        return not self.silent(epc) and track.rate_percent >= _WELL_PERCENT

    def faint(self, epc: str) -> bool:
        """Whether a tag is heard, since the last mark, much more weakly than where it lay."""
        track = self._tracks.get(epc)
        if track is None or track.rest_cdb is None or track.levels < _FAINT_SIGHTINGS:
            return False
        return track.level_sum_cdb // track.levels <= track.rest_cdb - _FAINT_CDB

    def _listen(self, now_ns: int) -> None:
        if self._last_frame_ns is not None:
            gap_ns = max(now_ns - self._last_frame_ns, 0)
            self._listened_ns += min(gap_ns, _GAP_NS)
            if gap_ns > _SILENCE_NS:
                self._begin_round()
        self._last_frame_ns = now_ns

    def _see(self, epc: str, antenna: int, rssi_dbm: int | None) -> Iterator[Appeared | Vanished]:
        if epc not in self._tracks and len(self._tracks) >= _TAGS_MAX:
            return
        track = self._tracks.setdefault(epc, _Track())
        if antenna in track.heard_by:
            yield from self._close_round()
        track.heard_by.add(antenna)
        track.sightings += 1
        track.marked += 1
        track.last_ns = self._listened_ns
        if rssi_dbm is not None:
            track.levels += 1
            track.level_sum_cdb += rssi_dbm * 100
        if track.sightings == _SIGHTINGS_MIN:
            yield Appeared(epc)

    def _end_round(self, antenna: int) -> Iterator[Vanished]:
        """One antenna is through; the round is over when all antennas are."""
        if antenna in self._ended:
            self._antennas = set(self._ended)  # another antenna is not heard any more
        self._antennas.add(antenna)
        self._ended.add(antenna)
        if self._ended == self._antennas:
            yield from self._close_round()

    def _close_round(self) -> Iterator[Vanished]:
        if self._listened_ns - self._round_began_ns < _ROUND_NS_MIN:
            return
        self.rounds += 1
        for track in self._tracks.values():
            track.close_round()
        self._begin_round()
        for epc in [epc for epc, track in self._tracks.items() if track.missed and self._is_gone(track)]:
            del self._tracks[epc]
            yield Vanished(epc)

    def _begin_round(self) -> None:
        self._round_began_ns = self._listened_ns
        self._ended.clear()
        for track in self._tracks.values():
            track.heard_by.clear()

    def _is_gone(self, track: _Track) -> bool:
        if self._learns:
            return track.missed >= _rounds_to_go(track)
        silent_ns = self._listened_ns - track.last_ns
        return track.missed >= _GONE_ROUNDS_MIN and silent_ns > _GONE_NS


def _rounds_to_go(track: _Track) -> int:
    """In how many rounds in a row a tag of its own read rate has to be missed."""
    percent = track.rate_percent
    return next(rounds for least, rounds in _GONE_ROUNDS if percent >= least)
