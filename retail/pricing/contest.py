"""One contest for goods: where its units stand, and every step that the stacking rules allow from there."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from retail.pricing.field import Field
from retail.pricing.promotions import ALONE
from retail.pricing.rivals import Rival
from retail.pricing.sets import Lot, Lots, Set, Take, choices, formed

Units = tuple[Lots, Lots]
"""Of one slot: what is free at this level, and what its group has taken and the next group finds again."""


_UNKNOWN: Final = Set((), 0, 0)
"""What stands for a set that nobody has tried to make."""


class Applied(NamedTuple):
    """A promotion that took goods, how many uses that was, and what was applied before it."""

    rival: Rival
    takes: tuple[Take, ...]
    uses: int
    before: "Applied | None"


class State(NamedTuple):
    """Where a contest stands: its level, its slots, the sets that each may still make, and the saving so far.

    `left_alone` are slots that single offers shall not have before the sets of this level were made.
    """

    level: int
    units: dict[int, Units]
    left: tuple[int | None, ...]
    saved_minor: int = 0
    applied: Applied | None = None
    left_alone: frozenset[int] = frozenset()


class Contest:
    """Promotions that make sets, and the slots that they want: what can be done, and what comes of it."""

    def __init__(self, field: Field, rivals: Sequence[Rival], levels: range) -> None:
        self.levels = levels
        self._field = field
        self._rivals = rivals
        self._slots_of = [sorted({slot for part in rival.parts for slot in part}) for rival in rivals]
        self._known: dict[tuple[int, int | None, tuple[Lots, ...]], Set | None] = {}
        self._variants_known: dict[tuple[int, int | None, tuple[Lots, ...]], tuple[Set, ...]] = {}
        self.looks = 0
        self._seen: dict[tuple[int, int, Lots], list[Lot]] = {}
        self._sets: dict[int, list[int]] = {level: [] for level in levels}
        for place, rival in enumerate(rivals):
            self._sets[field.levels.index(rival.level)].append(place)

        # Where no single offer speaks, a unit that no set takes saves nothing.
        self._quiet = {at for at in levels if not field.wanted(at) and field.levels[at][0] != ALONE}
        self._crowded = [self._is_crowded(place) for place in range(len(rivals))]

    def _is_crowded(self, place: int) -> bool:
        """Whether anybody else wants some of the same goods at the same level."""
        if not self._rivals[place].is_pool:  # of the others a set takes so many goods, whoever wants the rest
            return False
        level, slots = self._rivals[place].level, set(self._slots_of[place])
        return not slots.isdisjoint(self._field.wanted(self._field.levels.index(level))) or any(
            other != place and rival.level == level and not slots.isdisjoint(self._slots_of[other])
            for other, rival in enumerate(self._rivals)
        )

    def start(self, units: dict[int, Units]) -> State:
        """The state before the first level."""
        return State(self.levels.start, units, tuple(rival.sets_max for rival in self._rivals))

    def is_simple(self, slots: Iterable[int]) -> bool:
        """Whether nobody wants the same goods at the same level, and nobody excludes others."""
        there = set(slots)
        for level, places in self._sets.items():
            wanted = [slot for place in places for part in self._rivals[place].parts for slot in part]
            single = there.intersection(self._field.wanted(level))
            if len(wanted) > len(set(wanted)) or not single.isdisjoint(wanted):
                return False
            if self._field.levels[level][0] == ALONE and (wanted or single):
                return False
        return True

    def _is_found_again(self, level: int) -> bool:
        """Whether goods that are taken now matter later: not if they exclude others, or no group follows."""
        group = self._field.levels[level][0]
        return group not in {ALONE, self._field.levels[-1][0]}

    def is_optional(self, state: State) -> bool:
        """Whether the goods may be left for later groups: nobody has to exclude the others."""
        return self._field.levels[state.level][0] == ALONE

    def sets(self, state: State) -> list[tuple[int, Set]]:
        """Every set that can be made now, the most welcome first."""
        found = []
        for place in self._sets[state.level]:
            made = self.made(state, place)
            if made is not None:
                found.append((place, made))
        return sorted(found, key=lambda each: (-each[1].net_minor, each[0]))

    def made(self, state: State, place: int) -> Set | None:
        """The best set that a promotion can make now."""
        left = state.left[place]
        if left is not None and left < 1:
            return None
        units = state.units
        key = place, left, tuple([units[slot][0] for slot in self._slots_of[place]])
        known = self._known.get(key, _UNKNOWN)
        if known is _UNKNOWN:
            rival = self._rivals[place]
            free = [self._lots(state, part) for part in rival.parts]
            known = self._known[key] = formed(
                rival, free, self._field.slots, left, thrifty=self._crowded[place]
            )
        return known

    def variants(self, state: State) -> list[tuple[int, Set]]:
        """Every set that can be made now, and those of less welcome goods too, the most welcome first."""
        found = []
        for place in self._sets[state.level]:
            left = state.left[place]
            if left is None or left > 0:
                found += [(place, made) for made in self._variants(state, place, left)]
        return sorted(found, key=lambda each: (-each[1].net_minor, each[0], each[1].takes))

    def _variants(self, state: State, place: int, left: int | None) -> tuple[Set, ...]:
        """The best set of all free lots, and every other one where there are few."""
        key = place, left, tuple([state.units[slot][0] for slot in self._slots_of[place]])
        known = self._variants_known.get(key)
        if known is None:
            rival = self._rivals[place]
            free = [self._lots(state, part) for part in rival.parts]
            found: dict[tuple[Take, ...], Set] = {}
            for chosen in choices(rival.promotion.offer, free):
                self.looks += 1
                made = formed(rival, chosen, self._field.slots, left, thrifty=self._crowded[place])
                if made is not None:
                    found.setdefault(made.takes, made)
            known = self._variants_known[key] = tuple(found.values())
        return known

    def _lots(self, state: State, part: Sequence[int]) -> list[Lot]:
        found = []
        for slot in part:
            lots = state.units[slot][0]
            if lots:
                key = state.level, slot, lots
                known = self._seen.get(key)
                if known is None and state.level in self._quiet:
                    known = self._seen[key] = [Lot(value, slot, count, 0) for value, count in lots]
                elif known is None:
                    other = self._field.other
                    known = [
                        Lot(value, slot, count, other(state.level, slot, value)) for value, count in lots
                    ]
                    self._seen[key] = known
                found += known
        return found

    def wanted(self, state: State) -> list[int]:
        """The slots that single offers would have now: those on which they save the larger part first."""
        there = self._field.wanted(state.level)
        if not there:
            return []
        found = []
        for slot, (free, _) in state.units.items():
            if slot not in there or slot in state.left_alone:
                continue
            if free:
                worth = self._field.worth(state.level, slot, free[0][0])
                if worth > 0:
                    found.append((-worth * 10_000 // free[0][0], slot))
        return [slot for _, slot in sorted(found)]

    def take(self, state: State, place: int, made: Set, *, whole: bool) -> State:
        """The state after one set, or after as many like it as there are."""
        # All that is spent counts at once: a second sum is a second step of the same set.
        once = self._rivals[place].is_pool
        times = self._times(state, place, made) if whole and not once else 1
        units = dict(state.units)
        for take in made.takes:
            free, taken = units[take.place]
            if self._is_found_again(state.level):
                taken = _joined(taken, _after(take, times))
            units[take.place] = _less(free, take.value_minor, take.units * times), taken
        left = list(state.left)
        before = left[place]
        if once:
            left[place] = 0
        elif before is not None:
            left[place] = before - times
        applied = Applied(
            self._rivals[place], _repeated(made.takes, times), made.steps * times, state.applied
        )
        saved_minor = state.saved_minor + made.saved_minor * times
        return State(state.level, units, tuple(left), saved_minor, applied, state.left_alone)

    def _times(self, state: State, place: int, made: Set) -> int:
        need: dict[tuple[int, int], int] = {}
        for take in made.takes:
            key = take.place, take.value_minor
            need[key] = need.get(key, 0) + take.units
        times = min(dict(state.units[slot][0])[value] // count for (slot, value), count in need.items())
        left = state.left[place]
        return times if left is None else min(times, left)

    def shut(self, state: State, slot: int) -> State:
        """The state after single offers took all that is free of a slot."""
        free, taken = state.units[slot]
        kept: list[tuple[int, int]] = []
        saved_minor, applied = state.saved_minor, state.applied
        for value, count in free:
            found = self._field.single(state.level, slot, value)
            if found.rival is None:
                kept.append((value, count))
                continue
            take = Take(slot, value, count, found.saved_minor * count)
            saved_minor += take.saved_minor
            applied = Applied(found.rival, (take,), count, applied)
            if self._is_found_again(state.level):
                taken = _joined(taken, [(value - found.saved_minor, count)])
        units = {**state.units, slot: (tuple(kept), taken)}
        return State(state.level, units, state.left, saved_minor, applied, state.left_alone)

    def on(self, state: State) -> State:
        """The state at the next level; a new group finds all goods again but those that are excluded."""
        level, levels, units = state.level + 1, self._field.levels, state.units
        if level == len(levels) or levels[level][0] != levels[state.level][0]:
            units = {
                slot: (_joined(free, taken) if taken else free, ()) for slot, (free, taken) in units.items()
            }
        return State(level, units, state.left, state.saved_minor, state.applied)

    def saving(self, state: State) -> int:
        """What a state saves, with what single offers of the groups to come will add."""
        return state.saved_minor + sum(
            self._field.later(slot, value, state.level) * count
            for slot, (free, _) in state.units.items()
            for value, count in free
        )


def _after(take: Take, times: int) -> Iterator[tuple[int, int]]:
    """What the units of a take cost afterwards: those that bear the odd minor unit, and the others."""
    share, over = divmod(take.saved_minor, take.units)
    if over:
        yield take.value_minor - share - 1, over * times
    yield take.value_minor - share, (take.units - over) * times


def _less(lots: Lots, value_minor: int, units: int) -> Lots:
    left = [(value, have - units if value == value_minor else have) for value, have in lots]
    return tuple([lot for lot in left if lot[1]])


def _joined(lots: Lots, more: Iterable[tuple[int, int]]) -> Lots:
    if not lots:
        return tuple(sorted([lot for lot in more if lot[1]], reverse=True))
    counts = dict(lots)
    for value, count in more:
        if count:
            counts[value] = counts.get(value, 0) + count
    return tuple(sorted(counts.items(), reverse=True))


def _repeated(takes: tuple[Take, ...], times: int) -> tuple[Take, ...]:
    if times == 1:
        return takes
    return tuple(
        take._replace(units=take.units * times, saved_minor=take.saved_minor * times) for take in takes
    )
