"""The best combination for the shopper within the stacking rules: a bounded search, the same in every run.

Goods that no two promotions can want together are settled apart. Of the others, one path is walked first that
always takes what saves most; then all other paths, depth first and each state once, until none is left or
LOOKS_MAX is used up. So what is found is the best of all there is as long as few promotions
compete, and never worse than the first path.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heapreplace
from typing import Final

import msgspec

from retail.pricing.contest import Applied, Contest, State
from retail.pricing.field import Field
from retail.pricing.promotions import ALONE, Level, Offer
from retail.pricing.rivals import Rival
from retail.pricing.sets import Lots, Set, Take
from retail.pricing.slots import Slot

# How often the search may form a set: LOOKS_MAX times, some 20 ms; and SQUARE / n^2 times in a basket of n
# lines, since there is more to form and each takes longer: 400 times for ten lines, 16 times for fifty.
LOOKS_MAX: Final = 2_000
SQUARE: Final = 40_000
# Beyond these many goods they are left to the sets or kept from them all together: 2^4 choices, then 2.
LEFT_ALONE_MAX: Final = 4


class Application(msgspec.Struct, frozen=True):
    """A promotion, what it took and saved, and how many of its uses that was."""

    rival: Rival
    takes: tuple[Take, ...]
    uses: int


class Found(msgspec.Struct, frozen=True):
    """What is applied, in the order in which it is, and what it saves in all."""

    applications: tuple[Application, ...]
    saved_minor: int


def best(slots: Sequence[Slot], rivals: Sequence[Rival]) -> Found:
    """The combination of `rivals` that saves most; among equals the one that was found first."""
    rivals = [*_distinct([rival for rival in rivals if rival.single or _can(rival, slots)])]
    found = _settled(slots, rivals)
    # What excludes others may keep goods from a saving on the whole basket, which is settled last.
    if any(rival.level[0] == ALONE for rival in rivals) and any(rival.is_pool for rival in rivals):
        other = _settled(slots, [rival for rival in rivals if rival.level[0] != ALONE])
        found = max(found, other, key=lambda each: each.saved_minor)
    return found


def _distinct(rivals: Iterable[Rival]) -> Iterator[Rival]:
    """Each rival but those that do the same as one before them, without a limit, to the same goods."""
    known: dict[tuple[Level, tuple[tuple[int, ...], ...]], list[Offer]] = {}
    for rival in rivals:
        if rival.sets_max is None and not rival.is_pool:
            offer, before = rival.promotion.offer, known.get(key := (rival.level, rival.parts))
            if before is None:
                known[key] = [offer]
            elif offer in before:
                continue
            else:
                before.append(offer)
        yield rival


def _can(rival: Rival, slots: Sequence[Slot]) -> bool:
    """Whether there are as many goods as a set asks for; of the parts of a bundle, for each by itself."""
    # Of a saving on a sum nobody knows: it names no units.
    return all(
        units <= len(part) or units <= sum([slots[one].units for one in part])
        for part, units in zip(rival.parts, rival.units, strict=False)
    )


def _settled(slots: Sequence[Slot], rivals: Sequence[Rival]) -> Found:
    levels = sorted({rival.level for rival in rivals})
    field = Field(slots, rivals, levels)
    end = _late(levels, rivals)
    makers = [rival for rival in rivals if not rival.single]
    budget = _Budget(min(LOOKS_MAX, SQUARE // len(slots) ** 2))
    free: dict[int, Lots] = {}
    applied: list[Application] = []
    contests = _contests([rival for rival in makers if field.place_of[rival.level] < end])
    for group, places in contests:
        contest = Contest(field, group, range(end))
        start = {place: _lots(slots[place]) for place in sorted(places)}
        state = _searched(contest, contest.start(start), budget)
        free.update(state.free)
        applied += _in_order(state.applied)
    for place in range(len(slots)):
        if place not in free:
            free[place] = _settle_alone(field, place, end, applied)
    if end < len(levels):
        contest = Contest(
            field, [rival for rival in makers if field.place_of[rival.level] >= end], range(end, len(levels))
        )
        state = _searched(contest, contest.start(free), budget)
        applied += _in_order(state.applied)
    saved_minor = sum(take.saved_minor for each in applied for take in each.takes)
    return Found(tuple(applied), saved_minor)


def _late(levels: Sequence[Level], rivals: Sequence[Rival]) -> int:
    """Where the last groups begin that have no sets but savings on a sum, which need no look ahead.

    Such a saving often wants the whole basket: before these groups, it would make one contest of everything.
    """
    late = len(levels)
    pools = False
    for place in reversed(range(len(levels))):
        there = [rival for rival in rivals if rival.level == levels[place] and not rival.single]
        if levels[place][0] == ALONE or not all(rival.is_pool for rival in there):
            break
        pools = pools or bool(there)
        if place == 0 or levels[place - 1][0] != levels[place][0]:
            late = place
    return late if pools else len(levels)


def _lots(slot: Slot) -> Lots:
    return ((slot.base_minor, slot.units),)


def _contests(makers: Iterable[Rival]) -> Iterator[tuple[list[Rival], set[int]]]:
    """The promotions that want some of the same goods, together; with all those goods."""
    found: list[tuple[list[Rival], set[int]]] = []
    for rival in makers:
        group, places = [rival], {place for part in rival.parts for place in part}
        apart = []
        for other in found:
            if other[1].isdisjoint(places):
                apart.append(other)
            else:
                group = other[0] + group
                places |= other[1]
        found = [*apart, (group, places)]
    for group, places in found:
        yield sorted(group, key=lambda rival: (rival.level, rival.promotion.id)), places


def _settle_alone(field: Field, place: int, end: int, applied: list[Application]) -> Lots:
    free = _lots(field.slots[place])
    for rival, take in field.untroubled(place, end):
        applied.append(Application(rival, (take,), take.units))
        left = take.value_minor - take.saved_minor // take.units
        free = () if rival.level[0] == ALONE else ((left, take.units),)
    return free


class _Budget:
    """How often the search may still look at a promotion."""

    def __init__(self, looks: int) -> None:
        self.looks = looks


def _searched(contest: Contest, start: State, budget: _Budget) -> State:
    """The best end of a contest."""
    if budget.looks <= 0 or contest.is_simple(start.free):
        _walk(contest, start)
        return start
    best_state = start.copy()
    _walk(contest, best_state)
    best_minor = contest.saving(best_state)
    seen: dict[object, int] = {}
    waiting = [_steps(contest, start)]
    while waiting and budget.looks > 0:
        looked = contest.looks
        state = next(waiting[-1], None)
        budget.looks -= 1 + contest.looks - looked
        if state is None:
            waiting.pop()
        elif state.level == contest.levels.stop:
            if (saving := contest.saving(state)) > best_minor:
                best_state, best_minor = state, saving
        elif seen.get(key := state.key(), -1) < state.saved_minor:
            seen[key] = state.saved_minor
            waiting.append(_steps(contest, state))
    return best_state


def _walk(contest: Contest, state: State) -> None:
    """Take the first path to its end: always what saves most at the moment, and as much of it as there is."""
    while state.level < contest.levels.stop:
        _work(contest, state)
        contest.on(state)


def _work(contest: Contest, state: State) -> None:
    """One level of the first path.

    Goods only get fewer, so a set never gets more welcome: only the first of the line is made anew, when
    somebody took goods that it may want.
    """
    wanted = contest.wanted(state)[::-1]
    line = [(-made.net_minor, place, made) for place, made in contest.sets(state)]
    stale: set[int] = set()
    while line:
        net, place, made = line[0]
        if place in stale:
            stale.remove(place)
            _moved(line, place, contest.made(state, place))
        elif net < 0 or not (wanted or contest.is_optional(state)):
            contest.take(state, place, made, whole=True)
            stale.update(contest.wanting(state, [take.place for take in made.takes]))
        elif wanted:
            slot = wanted.pop()
            contest.shut(state, slot)
            stale.update(contest.wanting(state, [slot]))
        else:
            return
    for slot in reversed(wanted):
        contest.shut(state, slot)


def _moved(line: list[tuple[int, int, Set]], place: int, made: Set | None) -> None:
    """Give the first of the line the place that it has now; or none."""
    if made is None:
        heappop(line)
    else:
        heapreplace(line, (-made.net_minor, place, made))


def _steps(contest: Contest, state: State) -> Iterator[State]:
    """Every state that may come next, the most promising first."""
    sets = contest.variants(state)
    if not sets:
        yield _without_sets(contest, state)
        return
    for place, made in sets:
        after = state.copy()
        contest.take(after, place, made, whole=False)
        yield after
    wanted = contest.wanted(state)
    if wanted:
        together = wanted if len(wanted) > LEFT_ALONE_MAX else wanted[:1]
        shut, spared = state.copy(), state.copy()
        for slot in together:
            contest.shut(shut, slot)
        yield shut
        spared.left_alone = state.left_alone.union(together)
        yield spared
    if contest.is_optional(state):
        after = state.copy()
        contest.on(after)
        yield after


def _without_sets(contest: Contest, state: State) -> State:
    """The next level, after single offers took what is free: all of it, unless nobody has to."""
    after = state.copy()
    after.left_alone = frozenset()
    for slot in contest.wanted(after):
        if not contest.is_optional(state) or slot not in state.left_alone:
            contest.shut(after, slot)
    contest.on(after)
    return after


def _in_order(applied: Applied | None) -> list[Application]:
    found = []
    while applied is not None:
        found.append(Application(applied.rival, applied.takes, applied.uses))
        applied = applied.before
    return found[::-1]
