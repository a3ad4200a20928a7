"""Offers on single units: what the best of them saves on a unit, level by level and group by group."""

from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

import msgspec

from retail.pricing.promotions import ALONE, Level
from retail.pricing.rivals import Rival
from retail.pricing.sets import Lot, Lots, Take, single_saving
from retail.pricing.slots import Slot


class Single(msgspec.Struct, frozen=True):
    """The best single offer for a unit of one slot at one level and price."""

    saved_minor: int
    rival: Rival | None


NOTHING = Single(0, None)


class Field:
    """The slots of a basket, the levels in the order in which they are worked, and the single offers."""

    def __init__(self, slots: Sequence[Slot], rivals: Sequence[Rival], levels: Sequence[Level]) -> None:
        self.slots = slots
        self.levels = levels
        self.place_of = {level: place for place, level in enumerate(levels)}
        groups = [group for group, _ in levels]
        self.is_alone = [group == ALONE for group in groups]
        # Goods that are taken matter later, unless they exclude others or no group follows.
        self.is_found_again = [group not in {ALONE, groups[-1]} for group in groups]
        self.is_last = [group != other for group, other in pairwise([*groups, None])]
        """Of each level, whether its group ends with it."""
        self._singles: list[dict[int, list[Rival]]] = [{} for _ in levels]
        for rival in rivals:
            if rival.single:
                there = self._singles[self.place_of[rival.level]]
                for slot in rival.parts[0]:
                    there.setdefault(slot, []).append(rival)
        self._known: dict[tuple[int, int, int], Single] = {}

    def wanted(self, level: int) -> Set[int]:
        """The slots that a single offer speaks to at a level."""
        return self._singles[level].keys()

    def single(self, level: int, slot: int, value_minor: int) -> Single:
        """The best single offer; among equals the first in the order of conflicts."""
        rivals = self._singles[level].get(slot)
        if not rivals:
            return NOTHING
        key = level, slot, value_minor
        known = self._known.get(key)
        if known is None:
            known = NOTHING
            for rival in rivals:
                saved = single_saving(rival.promotion.offer, self.slots[slot], value_minor)
                if saved > known.saved_minor:
                    known = Single(saved, rival)
            self._known[key] = known
        return known

    def chain(self, slot: int, value_minor: int, levels: range) -> Iterator[Single]:
        """What single offers do to a unit at `levels`: the first level of each group that saves anything."""
        group = None
        for level in levels:
            if self.levels[level][0] not in {group, ALONE}:
                found = self.single(level, slot, value_minor)
                if found.rival is not None:
                    yield found
                    value_minor -= found.saved_minor
                    group = self.levels[level][0]

    def later(self, slot: int, value_minor: int, begin: int) -> int:
        """What single offers from a level on save on a unit."""
        return sum(
            found.saved_minor for found in self.chain(slot, value_minor, range(begin, len(self.levels)))
        )

    def worth(self, level: int, slot: int, value_minor: int) -> int:
        """What the best single offer saves; an exclusive one, beyond what later groups would."""
        saved = self.single(level, slot, value_minor).saved_minor
        if saved and self.levels[level][0] == ALONE:
            return saved - self.later(slot, value_minor, level + 1)
        return saved

    def other(self, level: int, slot: int, value_minor: int) -> int:
        """What a unit would save if no set took it at `level`."""
        saved = self.single(level, slot, value_minor).saved_minor
        if self.levels[level][0] == ALONE:
            return max(saved, self.later(slot, value_minor, level + 1))
        return saved

    def lots(self, level: int, slot: int, lots: Lots) -> list[Lot]:
        """The units of a slot as rivals see them at a level."""
        if not self._singles[level] and not self.is_alone[level]:
            # Where no single offer speaks, a unit that no set takes saves nothing.
            return [Lot(value, slot, count, 0) for value, count in lots]
        return [Lot(value, slot, count, self.other(level, slot, value)) for value, count in lots]

    def untroubled(self, slot: int, end: int) -> Iterator[tuple[Rival, Take]]:
        """What becomes of goods that no set wants, at the levels before `end`."""
        units, value = self.slots[slot].units, self.slots[slot].base_minor
        for level in range(end):
            if self.levels[level][0] == ALONE and self.worth(level, slot, value) > 0:
                found = self.single(level, slot, value)
                assert found.rival is not None, "what is worth something is somebody's offer"
                yield found.rival, Take(slot, value, units, found.saved_minor * units)
                return
        for found in self.chain(slot, value, range(end)):
            assert found.rival is not None, "a link of the chain is somebody's offer"
            yield found.rival, Take(slot, value, units, found.saved_minor * units)
            value -= found.saved_minor
