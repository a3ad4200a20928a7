"""What was taken from a shelf and put back: said only where the weight and the tags agree."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from edge.events import Agreed, Ambiguous, Event, PutBack, Took
from edge.readings import DeviceFault, DeviceReady, Heard, LoadMoving, Nanoseconds, Weighed
from edge.sensors.presence import TagPresence

# A hand lifts a pack in less than a second, and its tag is heard to vanish 0.7 s later: what still disagrees
# after this long is no longer a hand in the middle of a move.
_PATIENCE_NS: Final = Nanoseconds(2_500_000_000)

# What any scale of this kind may be off by, on top of the packs' own tolerances.
_SCALE_TOLERANCE_MG: Final = 2_000


class Pack(msgspec.Struct, frozen=True):
    """What one item weighs, and how much it may differ."""

    mass_mg: int
    tolerance_mg: int


class ShelfSense:
    """Readings of one scale and one reader in, what was taken and put back out.

    `expect` says which items belong on the shelf: those that the shop owns here and has not sold. An item is
    taken when its tag is gone and the weight has lost what the missing packs weigh; nothing is said on one
    of the two.
    """

    def __init__(self) -> None:
        self._presence = TagPresence()
        self._expected: dict[str, Pack] = {}
        self._taken: frozenset[str] = frozenset()
        self._weight: Weighed | None = None
        self._odd_since_ns: int | None = None
        self._ambiguous = False

    def expect(self, packs: Mapping[str, Pack]) -> None:
        """From here on these items (EPC -> pack) belong on the shelf; a sold item is no longer expected."""
        self._expected = dict(packs)
        self._taken &= packs.keys()
        self._odd_since_ns = None

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        for _ in self._presence.hear(heard):
            pass  # only the whole picture below counts
        if isinstance(heard.reading, Weighed):
            self._weight = heard.reading
        elif isinstance(heard.reading, DeviceFault | DeviceReady | LoadMoving) and heard.source == "scale":
            self._weight = None  # a scale that faults, restarts or moves does not know what lies on it
        if self._weight is None or not self._weight.steady or not self._presence.settled:
            return
        yield from self._compare(self._weight.weight_mg, heard.at_ns)

    def _compare(self, weight_mg: int, now_ns: int) -> Iterator[Event]:
        if self._foreign or not self._weight_fits(weight_mg):
            yield from self._disagree(now_ns)
            return
        self._odd_since_ns = None
        if self._ambiguous:
            self._ambiguous = False
            yield Agreed()
        missing = frozenset(self._expected) - self._presence.present
        yield from (Took(epc) for epc in sorted(missing - self._taken))
        yield from (PutBack(epc) for epc in sorted(self._taken - missing))
        self._taken = missing

    @property
    def _foreign(self) -> frozenset[str]:
        return self._presence.present - self._expected.keys()

    def _weight_fits(self, weight_mg: int) -> bool:
        lying = [self._expected[epc] for epc in self._presence.present]
        tolerance_mg = _SCALE_TOLERANCE_MG + sum(pack.tolerance_mg for pack in lying)
        return abs(weight_mg - sum(pack.mass_mg for pack in lying)) <= tolerance_mg

    def _disagree(self, now_ns: int) -> Iterator[Event]:
        if self._odd_since_ns is None:
            self._odd_since_ns = now_ns
        if not self._ambiguous and now_ns - self._odd_since_ns > _PATIENCE_NS:
            self._ambiguous = True
            yield Ambiguous("foreign-item" if self._foreign else "tag-and-weight")
