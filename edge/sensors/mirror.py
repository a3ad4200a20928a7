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

# What single sightings scatter by (three standard deviations of 3 dB): the mean of n of them is off by the
# square root of n less, so that two very clear sightings are as good as sixteen close ones.
_OFF_CDB: Final = 900
_OFF_BY_SIGHTINGS: Final = (0, 900, 636, 520, 450, 402, 367, 340, 318, 300, 285, 271, 260, 250, 241, 232, 225)
_SIGHTINGS_MAX: Final = len(_OFF_BY_SIGHTINGS) - 1

# What was carried up to the glass was weaker on the way: the last sightings may speak alone, if they are so
# many. What hangs there for hours is lucky in fewer.
_LAST_MIN: Final = 6

# What is shown stays until it is clearly weaker than the line, and has been for so long: a turn before the
# glass is no farewell.
_STAY_CDB: Final = 400
_STAY_NS: Final = Nanoseconds(1_000_000_000)

# What hangs beside the glass is heard in a bunch. A gap this wide in the order of strength parts it from what
# is held up; nobody holds up more than so many garments at once.
_GAP_CDB: Final = 600
_HELD_MAX: Final = 8
_BUNCH_MIN: Final = 4


class _Level(msgspec.Struct):
    """How strongly a tag was heard of late: by the antennas before the glass, and by others."""

    glass_dbm: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=_SIGHTINGS_MAX))
    aside_dbm: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=_SIGHTINGS_MAX))
    weak_since_ns: Nanoseconds | None = None

    @property
    def cdb(self) -> int:
        """The mean in hundredths of a dBm."""
        return sum(self.glass_dbm) * 100 // len(self.glass_dbm)

    @property
    def surely_cdb(self) -> int:
        """What it is at least, by as many of the last sightings as say most: the way here does not count."""
        heard = len(self.glass_dbm)
        means = ((n, total * 100 // n) for n, total in enumerate(accumulate(reversed(self.glass_dbm)), 1))
        return max(cdb - _OFF_BY_SIGHTINGS[n] for n, cdb in means if n >= min(_LAST_MIN, heard))

    @property
    def is_aside(self) -> bool:
        """Whether another antenna hears it better than those before the glass."""
        return bool(self.aside_dbm) and (
            not self.glass_dbm or sum(self.aside_dbm) * 100 // len(self.aside_dbm) > self.cdb
        )


class MirrorSense:
    """Readings of the mirror's reader in, what came and left out.

    `antennas` are those that look at whoever stands before the glass (none named: all do). A reader that does
    not tell how strongly it hears shows every tag that it hears twice; one sighting may be a reflection,
    unless it is much stronger than any.
    """

    def __init__(self, near_dbm: int = NEAR_DBM, antennas: Collection[int] = ()) -> None:
        self._near_cdb = near_dbm * 100
        self._antennas = frozenset(antennas)
        self._presence = TagPresence()
        self._levels: dict[str, _Level] = {}
        self._heard: set[str] = set()
        self._shown: set[str] = set()

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
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
        before = not self._antennas or seen.antenna in self._antennas
        (level.glass_dbm if before else level.aside_dbm).append(seen.rssi_dbm)

    def _judge(self, epc: str, now_ns: Nanoseconds) -> Iterator[Event]:
        level = self._levels.get(epc)
        if epc in self._shown:
            if level is not None and self._has_faded(level, now_ns):
                self._shown.remove(epc)
                yield Left(epc)
        elif self._is_near(level) if level else epc in self._heard:
            self._shown.add(epc)
            yield Presented(epc)

    def _is_near(self, level: _Level) -> bool:
        if level.is_aside:
            return False
        return level.surely_cdb >= self._line_cdb()

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
        return self._near_cdb if len(strong) <= _HELD_MAX else strong[0] + _OFF_CDB

    def _vanish(self, epc: str) -> Iterator[Event]:
        self._heard.discard(epc)
        self._levels.pop(epc, None)
        if epc in self._shown:
            self._shown.remove(epc)
            yield Left(epc)
