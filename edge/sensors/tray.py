"""What lies in a drop zone: each item listed once, and only when all is still; what is foreign is named."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from edge.events import Agreed, Ambiguous, Event, Left, Listed, Presented
from edge.readings import DeviceFault, DeviceReady, Heard, LoadMoving, Nanoseconds, Weighed
from edge.sensors.plateau import Plateau, Still
from edge.sensors.presence import Appeared, TagPresence, Vanished
from edge.sensors.weights import Pack

# Goods are put down one after the other; after so long without a new tag the tray is thought to be full.
_STABLE_NS: Final = Nanoseconds(800_000_000)

# What still does not fit so long after the last change is not a hand that is about to put something down.
_PATIENCE_NS: Final = Nanoseconds(2_500_000_000)

# A tray is set to zero when it is empty; it may have drifted this far since (1 g an hour, a shop's day).
_DRIFT_MG: Final = 10_000


class TraySense:
    """Readings of the tray's reader, and of its scale if it has one, in; what lies there out.

    `known` says what an item of the shop weighs. An item is `Presented` once when its tag and, with a scale,
    the weight of all agree, `Left` when it is gone; `Listed` says that nothing moves, and names them all. A
    tag that the shop does not know is `Ambiguous("foreign-item")` with its EPC, weight that no tag accounts
    for is `Ambiguous("untagged-item")`; either has to be taken out before anything can be bought.
    """

    def __init__(self, known: Callable[[str], Pack | None], *, weighs: bool) -> None:
        self._known = known
        self._weighs = weighs
        self._presence = TagPresence(learns=True)
        self._plateau = Plateau()
        self._listed: dict[str, None] = {}
        self._said: tuple[str, ...] | None = ()
        self._changed_ns: Nanoseconds | None = None
        self._odd_since_ns: Nanoseconds | None = None
        self._ambiguous: Ambiguous | None = None

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        for change in self._presence.hear(heard):
            match change:
                case Appeared() | Vanished():
                    self._changed_ns = heard.at_ns
        match heard.reading:
            case Weighed():
                self._plateau.hear(heard.reading, heard.at_ns)
            case DeviceFault() | DeviceReady() | LoadMoving() if heard.source == "scale":
                self._plateau.hear(heard.reading, heard.at_ns)
        if self._is_still(heard.at_ns):
            yield from self._look(heard.at_ns)

    def _is_still(self, now_ns: Nanoseconds) -> bool:
        still = self._plateau.still
        if self._weighs and (still is None or now_ns - still.since_ns < _STABLE_NS):
            return False
        return self._changed_ns is None or now_ns - self._changed_ns >= _STABLE_NS

    def _look(self, now_ns: Nanoseconds) -> Iterator[Event]:
        present = self._presence.present
        trouble = self._trouble(sorted(present))
        if trouble is not None:
            yield from self._disagree(trouble, now_ns)
            return
        self._odd_since_ns = None
        if self._ambiguous is not None:
            self._ambiguous = None
            yield Agreed()
        yield from self._list(present)

    def _trouble(self, epcs: Sequence[str]) -> Ambiguous | None:
        """What keeps the tray from being listed."""
        packs = [(epc, self._known(epc)) for epc in epcs]
        foreign = tuple((epc,) for epc, pack in packs if pack is None)
        if foreign:
            return Ambiguous("foreign-item", foreign)
        still = self._plateau.still
        if not self._weighs or still is None:
            return None
        return self._misfit(still, [pack for _, pack in packs if pack is not None])

    @staticmethod
    def _misfit(still: Still, packs: Sequence[Pack]) -> Ambiguous | None:
        off_mg = still.weight_mg - sum(pack.mass_mg for pack in packs)
        slack_mg = still.error_mg + _DRIFT_MG + sum(pack.tolerance_mg for pack in packs)
        if abs(off_mg) <= slack_mg:
            return None
        return Ambiguous("untagged-item" if off_mg > 0 else "tag-and-weight")

    def _disagree(self, trouble: Ambiguous, now_ns: Nanoseconds) -> Iterator[Event]:
        if self._odd_since_ns is None:
            self._odd_since_ns = now_ns
        if trouble != self._ambiguous and now_ns - self._odd_since_ns > _PATIENCE_NS:
            self._ambiguous, self._said = trouble, None
            yield trouble

    def _list(self, present: frozenset[str]) -> Iterator[Event]:
        for epc in [epc for epc in self._listed if epc not in present]:
            del self._listed[epc]
            yield Left(epc)
        for epc in sorted(present - self._listed.keys()):
            self._listed[epc] = None
            yield Presented(epc)
        epcs = tuple(sorted(self._listed))
        if epcs != self._said:
            self._said = epcs
            yield Listed(epcs)
