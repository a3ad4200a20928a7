"""What is held up to a mirror: the tags in front of its glass, and not those that hang beside it."""

from collections import deque
from collections.abc import Collection, Iterator
from itertools import accumulate, pairwise
from typing import Final

import msgspec

from edge.events import Event, Left, Presented
from edge.readings import Heard, Nanoseconds, TagSeen
from edge.sensors.presence import Appeared, TagPresence, Vanished

# How strongly a tag at arm's length before the glass is heard at least; one more metre away it is 10 dB
# weaker or more, since what a reader hears falls with the fourth power of the distance. An installer's
# readings may say another line.
NEAR_DBM: Final = -60

# One sighting is off by 3 dB and more. So the mean of the last n has to be clear of the line by 1 dB, and by
# another 8 dB divided by n: two sightings of what is held close are enough, of what is far away it takes
# eight. Any n will do, so that nothing is held to its weaker way here. One alone may be a reflection: it
# counts for those 8 dB at most, which are never enough.
_CLEAR_CDB: Final = 100
_CLEAR_ONCE_CDB: Final = 800
_SIGHTINGS_MAX: Final = 16

# While one is held up, another one at the edge is rather in the hand of somebody who walks past.
_SECOND_CDB: Final = 50

# What hangs at the edge for hours crosses it by chance, sooner or later. A tag that was heard so often and
# not shown hangs there, and has to rise from there: who brings it from a rail halves its distance at least,
# which is 12 dB. But it never has to be more than 3 dB above the line, or what is brought near slowly would
# not be shown at all. What is there when the reader wakes hangs there too, as a rule: while nobody knows yet
# how strongly, it has to be those 3 dB above the line.
_HANGS_SIGHTINGS: Final = 32
_RISE_CDB: Final = 600
_WARY_CDB: Final = 300
_WAKING_NS: Final = Nanoseconds(3_000_000_000)

# What is shown stays until it is clearly weaker than the line, and has been for so long: a turn before the
# glass is no farewell.
_STAY_CDB: Final = 400
_STAY_NS: Final = Nanoseconds(1_000_000_000)

# What hangs beside the glass is heard in a bunch. A gap this wide in the order of strength parts it from what
# is held up; nobody holds up more than so many garments at once.
_GAP_CDB: Final = 600
_HELD_MAX: Final = 8
_BUNCH_MIN: Final = 4

# Where a whole rail was pushed before the glass, only what is so much stronger than all of it is held up.
_PUSHED_CDB: Final = 900


class _Level(msgspec.Struct):
    """How strongly a tag was heard of late: by the antennas before the glass, and by others."""

    glass_dbm: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=_SIGHTINGS_MAX))
    aside_dbm: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=_SIGHTINGS_MAX))
    weak_since_ns: Nanoseconds | None = None
    unshown: int = 0
    unshown_sum_dbm: int = 0

    def hang(self, rssi_dbm: int) -> None:
        """It was heard once more before the glass, and is not shown; what was long ago counts half."""
        self.unshown += 1
        self.unshown_sum_dbm += rssi_dbm
        if self.unshown == _HANGS_SIGHTINGS * 2:
            self.unshown //= 2
            self.unshown_sum_dbm //= 2

    def show(self) -> None:
        """It is shown: where it hung, and since when it was weak, is of no interest any more."""
        self.unshown = self.unshown_sum_dbm = 0
        self.weak_since_ns = None

    @property
    def cdb(self) -> int:
        """The mean in hundredths of a dBm."""
        return sum(self.glass_dbm) * 100 // len(self.glass_dbm)

    @property
    def hangs_cdb(self) -> int | None:
        """How strongly it hangs there, in hundredths of a dBm; None while it is new."""
        return self.unshown_sum_dbm * 100 // self.unshown if self.unshown >= _HANGS_SIGHTINGS else None

    def is_clear_of(self, line_cdb: int) -> bool:
        """Whether the last sightings, however many say most, are surely above the line."""
        above_cdb = (min(dbm * 100 - line_cdb, _CLEAR_ONCE_CDB) for dbm in reversed(self.glass_dbm))
        return any(
            total_cdb >= _CLEAR_ONCE_CDB + _CLEAR_CDB * n
            for n, total_cdb in enumerate(accumulate(above_cdb), 1)
        )

    @property
    def is_aside(self) -> bool:
        """Whether another antenna hears it better than those before the glass."""
        return bool(self.aside_dbm) and (
            not self.glass_dbm or sum(self.aside_dbm) * 100 // len(self.aside_dbm) > self.cdb
        )


class MirrorSense:
    """Readings of the mirror's reader in, what came and left out.

    `antennas` are those that look at whoever stands before the glass (none named: all do). A reader that does
    not tell how strongly it hears shows every tag that it hears twice; one sighting may be a reflection.
    """

    def __init__(self, near_dbm: int = NEAR_DBM, antennas: Collection[int] = ()) -> None:
        self._near_cdb = near_dbm * 100
        self._antennas = frozenset(antennas)
        self._presence = TagPresence()
        self._levels: dict[str, _Level] = {}
        self._heard: set[str] = set()
        self._shown: set[str] = set()
        self._woke_ns: Nanoseconds | None = None

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        if self._woke_ns is None:
            self._woke_ns = heard.at_ns
        for change in self._presence.hear(heard):
            match change:
                case Appeared(epc=epc):
                    self._heard.add(epc)
                case Vanished(epc=epc):
                    yield from self._vanish(epc)
        if isinstance(heard.reading, TagSeen) and self._presence.tracks(heard.reading.epc):
            self._listen(heard.reading)
            yield from self._judge(heard.reading.epc, heard.at_ns)

    def _listen(self, seen: TagSeen) -> None:
        if seen.rssi_dbm is None:
            return
        level = self._levels.setdefault(seen.epc, _Level())
        if self._antennas and seen.antenna not in self._antennas:
            level.aside_dbm.append(seen.rssi_dbm)
            return
        level.glass_dbm.append(seen.rssi_dbm)
        if seen.epc not in self._shown:
            level.hang(seen.rssi_dbm)

    def _judge(self, epc: str, now_ns: Nanoseconds) -> Iterator[Event]:
        level = self._levels.get(epc)
        if epc in self._shown:
            if level is not None and self._has_faded(level, now_ns):
                self._shown.remove(epc)
                yield Left(epc)
        elif self._is_near(level, now_ns) if level else epc in self._heard:
            self._shown.add(epc)
            yield Presented(epc)
            if level:
                level.show()

    def _is_near(self, level: _Level, now_ns: Nanoseconds) -> bool:
        if level.is_aside or not level.glass_dbm or level.glass_dbm[-1] * 100 < self._near_cdb:
            return False  # what is true of a weaker sighting was true before it
        line_cdb = max(self._line_cdb(), self._near_cdb + self._wary_cdb(level, now_ns))
        return level.is_clear_of(line_cdb + (_SECOND_CDB if self._shown else 0))

    def _wary_cdb(self, level: _Level, now_ns: Nanoseconds) -> int:
        """How much more than others a tag has to show that may hang there."""
        if self._woke_ns is None or now_ns - self._woke_ns < _WAKING_NS:
            return _WARY_CDB
        if level.hangs_cdb is None:
            return 0
        return min(max(level.hangs_cdb + _RISE_CDB - self._near_cdb, 0), _WARY_CDB)

    def _has_faded(self, level: _Level, now_ns: Nanoseconds) -> bool:
        if not level.is_aside and level.cdb >= self._line_cdb() - _STAY_CDB:
            level.weak_since_ns = None
            return False
        if level.weak_since_ns is None:
            level.weak_since_ns = now_ns
        return now_ns - level.weak_since_ns > _STAY_NS

    def _line_cdb(self) -> int:
        """From which strength on a tag is before the glass: above the installer's line and any bunch."""
        levels = (level for level in self._levels.values() if level.glass_dbm)
        strong = sorted((level.cdb for level in levels), reverse=True)
        strong = [cdb for cdb in strong if cdb >= self._near_cdb]
        gaps = [(above - below, below, at) for at, (above, below) in enumerate(pairwise(strong), 1)]
        bunches = [gap for gap in gaps if gap[2] <= _HELD_MAX and len(strong) - gap[2] >= _BUNCH_MIN]
        widest_cdb, below_cdb, _ = max(bunches, default=(0, 0, 0))
        if widest_cdb >= _GAP_CDB:
            return below_cdb + widest_cdb // 2
        # More than anybody holds, and none stands out: a rail that was pushed before the glass.
        return self._near_cdb if len(strong) <= _HELD_MAX else strong[0] + _PUSHED_CDB

    def _vanish(self, epc: str) -> Iterator[Event]:
        self._heard.discard(epc)
        self._levels.pop(epc, None)
        if epc in self._shown:
            self._shown.remove(epc)
            yield Left(epc)
