"""One contest for goods: where its units stand, and every step that the stacking rules allow from there."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from retail.pricing.field import Field
from retail.pricing.rivals import Rival
from retail.pricing.sets import Lot, Lots, Set, Take, choices, formed

_Key = tuple[int, int | None, tuple[Lots, ...]]
"""A promotion, how many sets it may still make, and the lots of every slot that it may take."""


class Applied(msgspec.Struct, frozen=True):
    """A promotion that took goods, how many uses that was, and what was applied before it."""

    rival: Rival
    takes: tuple[Take, ...]
    uses: int
    before: "Applied | None"


class State:
    """Where a contest stands: its level, its slots, the sets that each may still make, and the saving so far.

    A step changes it in place; who wants to come back to it takes a copy. `free` are the units of each slot
    at this level, `taken` what its group has taken and the next group finds again. `left_alone` are slots
    that single offers shall not have before the sets of this level were made.
    """

    __slots__ = ("applied", "free", "left", "left_alone", "level", "saved_minor", "taken")

    def __init__(self, level: int, free: dict[int, Lots], left: list[int | None]) -> None:
        self.level = level
        self.free = free
        self.taken: dict[int, Lots] = {}
        self.left = left
        self.saved_minor = 0
        self.applied: Applied | None = None
        self.left_alone: frozenset[int] = frozenset()

    def copy(self) -> "State":
        """The same state, to go another way from."""
        made = State(self.level, self.free.copy(), self.left.copy())
        made.taken = self.taken.copy()
        made.saved_minor = self.saved_minor
        made.applied = self.applied
        made.left_alone = self.left_alone
        return made

    def key(self) -> object:
        """All that decides what may still be saved."""
        return (
            self.level,
            tuple(self.left),
            tuple(self.free.values()),
            frozenset(self.taken.items()),
            self.left_alone,
        )


class Contest:
    """Promotions that make sets, and the slots that they want: what can be done, and what comes of it."""

    def __init__(self, field: Field, rivals: Sequence[Rival], levels: range) -> None:
        self.levels = levels
        self._field = field
        self._rivals = rivals
        self._slots_of = [frozenset(slot for part in rival.parts for slot in part) for rival in rivals]
        self._known: dict[_Key, tuple[Set, ...]] = {}
        self.looks = 0
        self._seen: list[dict[tuple[int, Lots], list[Lot]]] = [{} for _ in field.levels]
        self._sets: list[list[int]] = [[] for _ in field.levels]
        for place, rival in enumerate(rivals):
            self._sets[field.place_of[rival.level]].append(place)
        # Of all but a saving on a sum a set takes so many goods, whoever wants the rest.
        self._crowded = [rival.is_pool and self._is_crowded(place) for place, rival in enumerate(rivals)]

    def _is_crowded(self, place: int) -> bool:
        """Whether anybody else wants some of the same goods at the same level."""
        at, slots = self._field.place_of[self._rivals[place].level], self._slots_of[place]
        return not slots.isdisjoint(self._field.wanted(at)) or any(
            other != place and not slots.isdisjoint(self._slots_of[other]) for other in self._sets[at]
        )

    def start(self, free: dict[int, Lots]) -> State:
        """The state before the first level."""
        return State(self.levels.start, free, [rival.sets_max for rival in self._rivals])

    def is_simple(self, slots: Iterable[int]) -> bool:
        """Whether nobody wants the same goods at the same level, and nobody excludes others."""
        there = set(slots)
        for level in self.levels:
            places = self._sets[level]
            single = self._field.wanted(level)
            if self._field.is_alone[level] and (places or not there.isdisjoint(single)):
                return False
            if places:
                wanted = [slot for place in places for part in self._rivals[place].parts for slot in part]
                if len(wanted) > len(set(wanted)) or not single.isdisjoint(there.intersection(wanted)):
                    return False
        return True

    def is_optional(self, state: State) -> bool:
        """Whether the goods may be left for later groups: nobody has to exclude the others."""
        return self._field.is_alone[state.level]

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
        rival = self._rivals[place]
        free = [self._lots(state, part) for part in rival.parts]
        return formed(rival, free, self._field.slots, left, thrifty=self._crowded[place])

    def wanting(self, state: State, slots: Collection[int]) -> Iterator[int]:
        """The promotions that make sets now and may want any of these slots."""
        return (place for place in self._sets[state.level] if not self._slots_of[place].isdisjoint(slots))

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
        key = place, left, tuple([state.free[slot] for slot in self._slots_of[place]])
        known = self._known.get(key)
        if known is None:
            rival = self._rivals[place]
            free = [self._lots(state, part) for part in rival.parts]
            found: dict[tuple[Take, ...], Set] = {}
            for chosen in choices(rival, free):
                self.looks += 1
                made = formed(rival, chosen, self._field.slots, left, thrifty=self._crowded[place])
                if made is not None:
                    found.setdefault(made.takes, made)
            known = self._known[key] = tuple(found.values())
        return known

    def _lots(self, state: State, part: Sequence[int]) -> list[Lot]:
        found = []
        free, seen = state.free, self._seen[state.level]
        for slot in part:
            lots = free[slot]
            if lots:
                known = seen.get((slot, lots))
                if known is None:
                    known = seen[slot, lots] = self._field.lots(state.level, slot, lots)
                found += known
        return found

    def wanted(self, state: State) -> list[int]:
        """The slots that single offers would have now: those on which they save the larger part first."""
        there = self._field.wanted(state.level)
        if not there:
            return []
        found = []
        for slot, free in state.free.items():
            if free and slot in there and slot not in state.left_alone:
                worth = self._field.worth(state.level, slot, free[0][0])
                if worth > 0:
                    found.append((-worth * 10_000 // free[0][0], slot))
        return [slot for _, slot in sorted(found)]

    def take(self, state: State, place: int, made: Set, *, whole: bool) -> None:
        """Take the goods of one set, or of as many like it as there are."""
        # All that is spent counts at once: a second sum is a second step of the same set.
        once = self._rivals[place].is_pool
        times = _times(state, place, made) if whole and not once else 1
        free, taken = state.free, state.taken
        for take in made.takes:
            slot = take.place
            if self._field.is_found_again[state.level]:
                taken[slot] = _joined(taken.get(slot, ()), _after(take, times))
            free[slot] = _less(free[slot], take.value_minor, take.units * times)
        left = state.left[place]
        if once:
            state.left[place] = 0
        elif left is not None:
            state.left[place] = left - times
        takes = _repeated(made.takes, times)
        state.applied = Applied(self._rivals[place], takes, made.steps * times, state.applied)
        state.saved_minor += made.saved_minor * times

    def shut(self, state: State, slot: int) -> None:
        """Let single offers take all that is free of a slot."""
        kept: list[tuple[int, int]] = []
        for value, count in state.free[slot]:
            found = self._field.single(state.level, slot, value)
            if found.rival is None:
                kept.append((value, count))
                continue
            take = Take(slot, value, count, found.saved_minor * count)
            state.saved_minor += take.saved_minor
            state.applied = Applied(found.rival, (take,), count, state.applied)
            if self._field.is_found_again[state.level]:
                after = [(value - found.saved_minor, count)]
                state.taken[slot] = _joined(state.taken.get(slot, ()), after)
        state.free[slot] = tuple(kept)

    def on(self, state: State) -> None:
        """Go on to the next level; a new group finds all goods again but those that are excluded."""
        if self._field.is_last[state.level]:
            for slot, taken in state.taken.items():
                state.free[slot] = _joined(state.free[slot], taken)
            state.taken.clear()
        state.level += 1
        state.left_alone = frozenset()

    def saving(self, state: State) -> int:
        """What a state saves, with what single offers of the groups to come will add."""
        if state.level == len(self._field.levels):
            return state.saved_minor
        return state.saved_minor + sum(
            [
                self._field.later(slot, value, state.level) * count
                for slot, free in state.free.items()
                for value, count in free
            ]
        )


def _times(state: State, place: int, made: Set) -> int:
    """How often a set can be made of what is free."""
    need: dict[tuple[int, int], int] = {}
    for take in made.takes:
        key = take.place, take.value_minor
        need[key] = need.get(key, 0) + take.units
    left = state.left[place]
    often = [] if left is None else [left]
    for (slot, value_minor), wanted in need.items():
        often += [units // wanted for value, units in state.free[slot] if value == value_minor]
    return min(often)


def _after(take: Take, times: int) -> list[tuple[int, int]]:
    """What the units of a take cost afterwards: those that bear the odd minor unit, and the others."""
    share, over = divmod(take.saved_minor, take.units)
    rest = take.value_minor - share, (take.units - over) * times
    return [rest, (rest[0] - 1, over * times)] if over else [rest]


def _less(lots: Lots, value_minor: int, units: int) -> Lots:
    if len(lots) == 1:  # as most are
        left = lots[0][1] - units
        return ((value_minor, left),) if left else ()
    rest = [(value, have - units if value == value_minor else have) for value, have in lots]
    return tuple([lot for lot in rest if lot[1]])


def _joined(lots: Lots, more: Iterable[tuple[int, int]]) -> Lots:
    """All of them, the dearest first."""
    if not lots:
        return tuple(more)
    counts = dict(lots)
    for value, count in more:
        counts[value] = counts.get(value, 0) + count
    return tuple(sorted(counts.items(), reverse=True))


def _repeated(takes: tuple[Take, ...], times: int) -> tuple[Take, ...]:
    if times == 1:
        return takes
    return tuple(
        [Take(each.place, each.value_minor, each.units * times, each.saved_minor * times) for each in takes]
    )
