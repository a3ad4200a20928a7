"""What lies in a drop zone: each item listed once, and only when all is still; what is foreign is named."""

from collections.abc import Callable, Iterator
from typing import Final, Self

import msgspec

from edge.events import Agreed, Ambiguous, Event, Left, Listed, Presented
from edge.readings import DeviceFault, DeviceReady, Heard, LoadMoving, Nanoseconds, Weighed
from edge.sensors.account import Change
from edge.sensors.heap import Misfit, Several, Solved, Tag, is_heard, solve
from edge.sensors.hidden import Hidden
from edge.sensors.nearby import INSIDE_DBM, Nearby
from edge.sensors.plateau import Plateau, Still
from edge.sensors.weights import Pack

# Goods are put down one after the other; after so long without a new one the tray is thought to be full.
_STABLE_NS: Final = Nanoseconds(800_000_000)

# What still does not fit so long after the last change is not a hand that is about to put something down,
# and so many rounds have heard whatever can be heard. Where several sets fit, more rounds tell them apart.
_PATIENCE_NS: Final = Nanoseconds(3_000_000_000)
_PATIENCE_ROUNDS: Final = 30
_SEVERAL_ROUNDS: Final = 60

# A tray is set to zero once a day, when it is empty; it may have drifted this far since (1 g an hour).
_DRIFT_MG: Final = 24_000

# The same since it was last seen empty: a shopper's visit, and some creep under what he laid down.
_DRIFT_OF_A_VISIT_MG: Final = 3_000

# A load that has just come to rest is not quite there: the filter and the creep still have this far to go.
_UNREST_MG: Final = 2_000

# Decibans: what lay in the tray before most likely still does.
_LAY: Final = 15

# Decibans: so loud is a thing in the tray or in a hand over it, and nothing beside it. Without a scale there
# is no other witness: what is less loud, and still likelier to lie there than not, is asked about.
_LOUD: Final = 30

_NOTHING: Final = frozenset[str]()


class _Rest(msgspec.Struct, frozen=True):
    """A rest of the load that is understood: what lay there, or else what may have, and what it weighed."""

    weight_mg: int
    error_mg: int
    epcs: frozenset[str] = _NOTHING
    rivals: tuple[frozenset[str], ...] = ()

    @classmethod
    def understood(cls, still: Still, found: Solved) -> Self:
        """The load at rest, and its explanation."""
        return cls(still.weight_mg, still.error_mg, found.epcs, found.rivals)

    def change(self, still: Still, drift_mg: int) -> Change:
        """How much has come since."""
        return Change(still.weight_mg - self.weight_mg, still.error_mg + self.error_mg + drift_mg)


class TraySense:
    """Readings of the tray's reader, and of its scale if it has one, in; what lies there out.

    `known` says what an item of the shop weighs, `inside_dbm` how strongly a tag between inside and beside is
    heard. An item is `Presented` once when its tag is heard and the weight is explained by it and the others,
    `Left` when it is gone; `Listed` says that nothing moves, and names them all. A tag that the shop does not
    know is `Ambiguous("foreign-item")` with its EPC, weight that no tag accounts for is
    `Ambiguous("untagged-item")`, with the set that would explain it if its tags were heard better; either has
    to be taken out, or laid down anew, before anything can be bought. A tag whose weight is missing is
    `Ambiguous("tag-and-weight")`, and where several sets of tags explain what lies there it is
    `Ambiguous("several-fit")`, with the sets.
    """

    def __init__(
        self, known: Callable[[str], Pack | None], *, weighs: bool, inside_dbm: int = INSIDE_DBM
    ) -> None:
        self._known = known
        self._weighs = weighs
        self._nearby = Nearby(inside_dbm)
        self._plateau = Plateau()
        self._empty = self._before = _Rest(0, _DRIFT_MG)
        self._now: _Rest | None = None
        self._hidden = Hidden()
        self._still: Still | None = None
        self._now_since_ns: Nanoseconds | None = None
        self._inside = _NOTHING
        self._inside_since_ns = Nanoseconds(0)
        self._listed: tuple[str, ...] = ()
        self._is_said = True
        self._odd_since_ns: Nanoseconds | None = None
        self._odd_rounds = 0
        self._odd_mg = 0
        self._ambiguous: Ambiguous | None = None

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        is_round_over = self._nearby.hear(heard)
        match heard.reading:
            case Weighed():
                self._plateau.hear(heard.reading, heard.at_ns)
            case DeviceFault() | DeviceReady() | LoadMoving() if heard.source == "scale":
                self._plateau.hear(heard.reading, heard.at_ns)
        if is_round_over:
            yield from self._look_at_all(heard.at_ns) if self._weighs else self._look_at_tags(heard.at_ns)

    # With a scale.

    def _look_at_all(self, now_ns: Nanoseconds) -> Iterator[Event]:
        still = self._plateau.still
        if still is None or still.since_ns != self._now_since_ns:
            self._end_rest(now_ns)
        if still is None:
            return
        if still.since_ns != self._now_since_ns:
            if abs(still.weight_mg - self._odd_mg) > still.error_mg * 2:
                self._odd_since_ns = None  # another load; a scale that only trembles is not waited for again
            self._odd_mg = still.weight_mg
            self._now_since_ns = still.since_ns
            self._nearby.restart(still.since_ns)
        self._still = still
        found = self._foreign() or self._explained(still, now_ns)
        self._now = _Rest.understood(still, found) if isinstance(found, Solved) else None
        if now_ns - still.since_ns >= _STABLE_NS:
            yield from self._say(found, now_ns)

    def _end_rest(self, now_ns: Nanoseconds) -> None:
        """Something moves; if the rest was understood, all that follows begins there."""
        if self._now is None:
            if self._still is not None:
                self._hidden.keep(self._before.change(self._still, _UNREST_MG), self._nearby.levels_cdb())
            self._still = None
            return
        self._still = None
        self._hidden.clear()
        self._before, self._now = self._now, None
        if not self._before.epcs:
            self._empty = self._before
        aside = self._nearby.present - self._before.epcs
        self._nearby.leave_aside((epc for epc in aside if self._nearby.decibans(epc) < _LOUD), now_ns)

    def _explained(self, still: Still, now_ns: Nanoseconds) -> Solved | Several | Misfit:
        """What lies there, by what has moved since the last rest, or else by all that lies there."""
        change = self._before.change(still, _UNREST_MG)
        found = self._solved(self._before.epcs, change, now_ns)
        if isinstance(found, Several):
            return found
        if isinstance(found, Solved) and self._fits(found.epcs, still):
            hidden_mg = self._hidden_mg(found.epcs, change)
            return Misfit(hidden_mg) if hidden_mg else found
        for rival in self._before.rivals:
            other = self._solved(rival, change, now_ns)
            if isinstance(other, Solved) and self._fits(other.epcs, still) and self._are_heard(other.epcs):
                return other
        if isinstance(found, Misfit) and found.off_mg < 0:
            # Something without a tag was there, too light to be noticed in the whole: now it is gone.
            anew = self._solved(_NOTHING, self._empty.change(still, _DRIFT_OF_A_VISIT_MG), now_ns)
            return anew if isinstance(anew, Solved) else found
        return found if isinstance(found, Misfit) else Misfit(change.change_mg)

    def _solved(self, lay: frozenset[str], change: Change, now_ns: Nanoseconds) -> Solved | Several | Misfit:
        return solve(self._tags(lay, now_ns), change, self._nearby.rounds)

    def _hidden_mg(self, epcs: frozenset[str], change: Change) -> int:
        """What lies there without a tag, though the weight of all that came would hide it."""
        if not self._before.epcs <= epcs:
            return 0
        came = {epc: pack for epc in epcs - self._before.epcs if (pack := self._known(epc)) is not None}
        off_mg = change.change_mg - sum(pack.mass_mg for pack in came.values())
        return self._hidden.found_mg(came, off_mg, self._nearby.levels_cdb())

    def _are_heard(self, epcs: frozenset[str]) -> bool:
        new = epcs - self._before.epcs
        return all(is_heard(self._nearby.decibans(epc), self._nearby.rounds) for epc in new)

    def _fits(self, epcs: frozenset[str], still: Still) -> bool:
        """Whether all that lies there weighs what it may."""
        whole = self._empty.change(still, _DRIFT_OF_A_VISIT_MG)
        packs = [pack for pack in map(self._known, epcs) if pack is not None]
        off_mg = whole.change_mg - sum(pack.mass_mg for pack in packs)
        return abs(off_mg) <= whole.error_mg + sum(pack.tolerance_mg for pack in packs)

    def _tags(self, lay: frozenset[str], now_ns: Nanoseconds) -> dict[str, Tag]:
        """What the shop knows of the tags that are heard, and of those that lay there before."""
        tags = {}
        for epc in self._nearby.present | lay:
            pack = self._known(epc)
            if pack is not None:
                decibans = self._nearby.decibans(epc)
                decibans = decibans + _LAY if epc in lay else min(decibans, self._nearby.laid(epc, now_ns))
                tags[epc] = Tag(pack, decibans, epc in lay)
        return tags

    # Without one.

    def _look_at_tags(self, now_ns: Nanoseconds) -> Iterator[Event]:
        tags = self._tags(_NOTHING, now_ns)
        inside = frozenset(epc for epc, tag in tags.items() if tag.decibans >= _LOUD)
        if inside != self._inside:
            self._inside, self._inside_since_ns = inside, now_ns
        if now_ns - self._inside_since_ns < _STABLE_NS:
            return
        doubtful = tuple((epc,) for epc, tag in sorted(tags.items()) if 0 < tag.decibans < _LOUD)
        yield from self._say(self._foreign() or (Several(doubtful) if doubtful else Solved(inside)), now_ns)

    # What is said of it.

    def _foreign(self) -> Ambiguous | None:
        """Tags in the tray that the shop does not know."""
        unknown = sorted(epc for epc in self._nearby.present if self._known(epc) is None)
        inside = tuple((epc,) for epc in unknown if self._nearby.decibans(epc) > 0)
        return Ambiguous("foreign-item", inside) if inside else None

    def _say(self, found: Ambiguous | Solved | Several | Misfit, now_ns: Nanoseconds) -> Iterator[Event]:
        match found:
            case Solved(epcs=epcs):
                yield from self._agree(epcs)
            case Several(candidates=candidates):
                reason = "untagged-item" if len(candidates) == 1 and self._weighs else "several-fit"
                yield from self._disagree(Ambiguous(reason, candidates), now_ns, _SEVERAL_ROUNDS)
            case Misfit(off_mg=off_mg):
                reason = "untagged-item" if off_mg > 0 else "tag-and-weight"
                yield from self._disagree(Ambiguous(reason), now_ns, _PATIENCE_ROUNDS)
            case Ambiguous():
                yield from self._disagree(found, now_ns, _PATIENCE_ROUNDS)

    def _disagree(self, trouble: Ambiguous, now_ns: Nanoseconds, rounds: int) -> Iterator[Event]:
        if self._odd_since_ns is None:
            self._odd_since_ns, self._odd_rounds = now_ns, 0
        self._odd_rounds += 1
        is_patient = now_ns - self._odd_since_ns <= _PATIENCE_NS or self._odd_rounds < rounds
        if not is_patient and not _is_same(trouble, self._ambiguous):
            self._ambiguous, self._is_said = trouble, False
            yield trouble

    def _agree(self, epcs: frozenset[str]) -> Iterator[Event]:
        self._odd_since_ns = None
        if self._ambiguous is not None:
            self._ambiguous = None
            yield Agreed()
        for epc in sorted({*self._listed} - epcs):
            yield Left(epc)
        for epc in sorted(epcs - {*self._listed}):
            yield Presented(epc)
        listed = tuple(sorted(epcs))
        if listed != self._listed or not self._is_said:
            self._listed, self._is_said = listed, True
            yield Listed(listed)


def _is_same(trouble: Ambiguous, said: Ambiguous | None) -> bool:
    """Whether nothing new is to be said: which sets are likely changes with every round."""
    if said is None or trouble.reason != said.reason:
        return False
    return trouble.reason != "foreign-item" or trouble == said
