"""Whether a tag lies in a tray or beside it: what speaks for the one or the other, counted in decibans.

A deciban is a tenth of the decimal logarithm of odds: ten of them are 10 to 1, twenty 100 to 1. What
independent witnesses say adds up (I. J. Good, "Probability and the Weighing of Evidence", 1950).
"""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

import msgspec

from edge.readings import Heard, Nanoseconds, TagSeen
from edge.sensors.presence import TagPresence, Vanished

# Between the level of most tags in a tray and that of most tags half a metre beside it, where 20 dB are lost.
# An installer's readings may say another line.
INSIDE_DBM: Final = -56

# Most tags that are heard at a tray are in it.
_BEFORE: Final = 15

# A decibel more or less is worth so many decibans, the shadows of a place (2 dB) and tins being what they
# are. One sighting scatters by 3 dB and says little: by so many sightings level may say no more than this.
_A_DECIBEL: Final = 5
_LEVEL_MAX: Final = (0, 8, 16, 23, 30)

# In tenths of a deciban: a round that hears the tag, one that does not. What lies in a tray is heard in 60 to
# 98 % of the rounds, under a tin in half as many, and what is beside it less often still.
_HIT, _MISS = 25, -13
_RATE_MIN, _RATE_MAX = -30, 10
_ROUNDS_KEPT: Final = 64

# What was heard while the tray lay still, and was not in it, is still beside it if it is heard as weakly as
# then; what has risen has been brought nearer.
_KNOWN_ASIDE: Final = -20
_STAYS_CDB: Final = 400
_RISEN: Final = 15
_RISES_CDB: Final = 800

# A thing in a hand over the tray is in it soon: how it is heard this short before the load moves says nothing
# of where it came from.
_HAND_NS: Final = Nanoseconds(1_500_000_000)

# What comes may be in a hand over the tray, however well it is heard. Nobody knows until it has been heard
# for some time while the load was still: hands tire.
_LAID_AT_ONCE: Final = 5
_LAID_A_SECOND: Final = 15
_LAID_MAX: Final = 45

# More than any basket and any queue hold; beyond it new tags are not counted.
_TAGS_MAX: Final = 500


class _Tag(msgspec.Struct):
    """How one tag was heard: the last round is the lowest bit; a level for each round that heard it."""

    since_ns: int
    rounds: int = 0
    hears: bool = False
    level_dbm: int | None = None
    history: int = 0
    levels_dbm: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=_ROUNDS_KEPT))
    aside_cdb: int | None = None

    def close_round(self) -> None:
        """Another round is over."""
        self.rounds = min(self.rounds + 1, _ROUNDS_KEPT)
        self.history = (self.history << 1 | self.hears) & (1 << _ROUNDS_KEPT) - 1
        if self.level_dbm is not None:
            self.levels_dbm.append(self.level_dbm)
        self.hears, self.level_dbm = False, None

    def hits(self, rounds: int) -> int:
        """How many of the last rounds heard it."""
        return (self.history & (1 << rounds) - 1).bit_count()

    def mean_cdb(self, hits: int, but: int = 0) -> int | None:
        """How strongly the last rounds that heard it did, but for so many, in hundredths of a dBm."""
        last = [*islice(reversed(self.levels_dbm), but, hits)]
        return sum(last) * 100 // len(last) if last else None


class Nearby:
    """The tags around a tray.

    What was heard before the last `restart` does not count any more; if there was none, each tag counts from
    when it was first heard.
    """

    def __init__(self, inside_dbm: int = INSIDE_DBM) -> None:
        self._line_cdb = inside_dbm * 100
        self._presence = TagPresence(learns=True)
        self._tags: dict[str, _Tag] = {}
        self._ends_ns: deque[int] = deque(maxlen=_ROUNDS_KEPT)
        self._since_ns = Nanoseconds(0)
        self.rounds = 0
        """How many rounds count, of the last 64."""

    @property
    def present(self) -> frozenset[str]:
        """The tags that are heard at all."""
        return self._presence.present

    def hear(self, heard: Heard) -> bool:
        """Take in what a reader says, and tell whether a round is over."""
        rounds = self._presence.rounds
        for change in self._presence.hear(heard):
            if isinstance(change, Vanished):
                self._tags.pop(change.epc, None)
        is_over = self._presence.rounds > rounds
        if is_over:
            self._end_round(heard.at_ns)
        if isinstance(heard.reading, TagSeen):
            self._see(heard.reading, heard.at_ns)
        return is_over

    def restart(self, since_ns: Nanoseconds) -> None:
        """Only rounds since then count: something has moved before."""
        self._since_ns = since_ns
        self.rounds = sum(end_ns >= since_ns for end_ns in self._ends_ns)

    def leave_aside(self, epcs: Iterable[str], now_ns: Nanoseconds) -> None:
        """These are heard, and do not lie in the tray: remember it for when something moves again."""
        in_hand = sum(end_ns > now_ns - _HAND_NS for end_ns in self._ends_ns)
        for epc in epcs:
            tag = self._tags.get(epc)
            if tag is not None:
                level_cdb = tag.mean_cdb(tag.hits(self.rounds), tag.hits(in_hand))
                tag.aside_cdb = level_cdb if level_cdb is not None else tag.aside_cdb

    def levels_cdb(self) -> dict[str, int]:
        """How strongly each tag is heard, in hundredths of a dBm, if more than one round heard it."""
        hits = {epc: tag.hits(self.rounds) for epc, tag in self._tags.items()}
        levels = {epc: tag.mean_cdb(hits[epc]) for epc, tag in self._tags.items() if hits[epc] > 1}
        return {epc: level_cdb for epc, level_cdb in levels.items() if level_cdb is not None}

    def decibans(self, epc: str) -> int:
        """How much more likely it is that the tag lies in the tray than that it does not."""
        tag = self._tags.get(epc)
        rounds = self.rounds if self._since_ns or tag is None else tag.rounds
        hits = tag.hits(rounds) if tag is not None else 0
        rate = (hits * _HIT + (rounds - hits) * _MISS) // 10
        decibans = _BEFORE + max(_RATE_MIN, min(rate, _RATE_MAX))
        return decibans if tag is None else decibans + self._level(tag, hits)

    def laid(self, epc: str, now_ns: Nanoseconds) -> int:
        """How likely a tag that is heard well has been laid down meanwhile (decibans)."""
        tag = self._tags.get(epc)
        heard_ns = now_ns - max(tag.since_ns, self._since_ns) if tag is not None else 0
        return min(_LAID_MAX, _LAID_AT_ONCE + _LAID_A_SECOND * heard_ns // 1_000_000_000)

    def _level(self, tag: _Tag, hits: int) -> int:
        most = _LEVEL_MAX[min(hits, len(_LEVEL_MAX) - 1)]
        level_cdb = tag.mean_cdb(hits)
        if level_cdb is None:
            return most  # a reader that does not tell how strongly it hears is set to hear its tray only
        level = max(-most, min((level_cdb - self._line_cdb) * _A_DECIBEL // 100, most))
        return level + _since_aside(tag, level_cdb)

    def _end_round(self, now_ns: Nanoseconds) -> None:
        self._ends_ns.append(now_ns)
        self.rounds = min(self.rounds + 1, _ROUNDS_KEPT)
        for tag in self._tags.values():
            tag.close_round()

    def _see(self, seen: TagSeen, now_ns: Nanoseconds) -> None:
        if seen.epc not in self._tags and len(self._tags) >= _TAGS_MAX:
            return
        tag = self._tags.setdefault(seen.epc, _Tag(now_ns))
        tag.hears = True
        if seen.rssi_dbm is not None:
            tag.level_dbm = max(seen.rssi_dbm, tag.level_dbm or seen.rssi_dbm)


def _since_aside(tag: _Tag, level_cdb: int) -> int:
    if tag.aside_cdb is None:
        return 0
    rise_cdb = level_cdb - tag.aside_cdb
    return _KNOWN_ASIDE if rise_cdb < _STAYS_CDB else _RISEN if rise_cdb >= _RISES_CDB else 0
