"""The shelf's own books: what belongs on it, what lies on it, and what is in hands."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from edge.events import Event, Fetched, Misplaced, PutBack, PutBackUnits, Took, TookUnits
from edge.sensors.weights import Movable, Pack

Move = tuple[Movable, int]
"""Units of one kind that have moved, and how many."""


class Loose(msgspec.Struct, frozen=True):
    """Units of one product without tags that belong on the shelf, and what each of them weighs."""

    pack: Pack
    units: int


class Goods:
    """Items by their EPC, units without tags by their GTIN; `known` tells of items of other shelves."""

    def __init__(self, known: Callable[[str], Pack | None]) -> None:
        self._known = known
        self.expected: dict[str, Pack] = {}
        self.lying: dict[str, Pack] = {}
        self.awaited: frozenset[str] = frozenset()
        """Items that belong here but have not arrived yet: nobody has taken them."""
        self._taken: dict[str, Pack] = {}
        self._loose: dict[str, Loose] = {}
        self._taken_units: dict[str, int] = {}

    def expect(self, packs: Mapping[str, Pack], loose: Mapping[str, Loose], *, begun: bool) -> bool:
        """What belongs here from now on; return whether what was counted so far still holds.

        It does while goods are only sold, or on their way here.
        """
        more = any(loose[gtin].units > self._units_of(gtin) for gtin in loose)
        away = (self.expected.keys() & self.lying.keys()) - packs.keys()
        for gtin in self._loose.keys() | loose.keys():
            sold = self._units_of(gtin) - (loose[gtin].units if gtin in loose else 0)
            self._taken_units[gtin] = max(self.taken_units(gtin) - max(sold, 0), 0)
        if begun:
            self.awaited = (self.awaited | packs.keys() - self.expected.keys()) & packs.keys()
        self.expected, self._loose = dict(packs), dict(loose)
        self._taken = {epc: pack for epc, pack in self._taken.items() if epc in packs}
        return not more and not away

    def pack(self, epc: str) -> Pack | None:
        """What an item weighs, if the shop knows it."""
        return self.expected.get(epc) or self._known(epc)

    def is_loose(self, movable: Movable) -> bool:
        """Whether these are units without tags."""
        return movable.name in self._loose

    def taken_units(self, gtin: str) -> int:
        """How many units without tags are in hands."""
        return self._taken_units.get(gtin, 0)

    def begin(self, present: frozenset[str], laid: Iterable[str]) -> Iterator[Event]:
        """Count anew: these tags are in the field; of those not thought to lie here, `laid` do."""
        lying = self.present(present)
        missing = self.missing(present)
        self.lying = {epc: self.expected[epc] for epc in (*lying, *missing)}
        self.awaited -= lying
        yield from self._take(missing)
        yield from self._lay(laid)

    def present(self, present: frozenset[str]) -> frozenset[str]:
        """Which of these tags are items that belong here and are in nobody's hand."""
        return present & self.expected.keys() - self._taken.keys()

    def missing(self, present: frozenset[str]) -> frozenset[str]:
        """Which items should be among these tags and are not."""
        return frozenset(self.expected) - present - self._taken.keys() - self.awaited

    def weighed(self, epcs: Iterable[str]) -> tuple[int, int]:
        """What these items and all loose units that nobody has taken weigh, and how much that may differ."""
        packs = [(self.expected[epc], 1) for epc in epcs]
        packs += [(loose.pack, loose.units - self.taken_units(gtin)) for gtin, loose in self._loose.items()]
        mass_mg = sum(pack.mass_mg * units for pack, units in packs)
        return mass_mg, sum(pack.tolerance_mg * units for pack, units in packs)

    def untagged(self, *, down: bool, up: bool) -> Iterator[Movable]:
        """Units without tags that can have been taken (`down`) or laid down (`up`)."""
        for gtin, loose in self._loose.items():
            taken = self.taken_units(gtin)
            if down and taken < loose.units:
                yield Movable.taken(gtin, loose.pack, loose.units - taken)
            if up and taken:
                yield Movable.laid(gtin, loose.pack, taken)

    def products(self, *, laid: bool) -> Iterator[Movable]:
        """The products whose items can have been laid down, or taken, each once."""
        packs = (self._taken if laid else self.lying).values()
        for gtin in sorted({pack.gtin for pack in packs} - {""}):
            same = [pack for pack in packs if pack.gtin == gtin]
            yield (Movable.laid if laid else Movable.taken)(gtin, same[0], len(same))

    def move(self, moves: Sequence[Move]) -> Iterator[Event]:
        """These goods have moved: what that means for a bill."""
        names = {movable.name for movable, _ in moves if not self.is_loose(movable)}
        lifted, laid = names & self.lying.keys(), names - self.lying.keys()
        yield from self._take(lifted)
        yield from self._lay(laid)
        for movable, units in moves:
            if self.is_loose(movable):
                yield self._move_units(movable, units)

    def _take(self, epcs: Iterable[str]) -> Iterator[Event]:
        for epc in sorted(epcs):
            pack = self.lying.pop(epc)
            if epc in self.expected:
                self._taken[epc] = pack
                yield Took(epc)
            else:
                yield Fetched(epc)

    def _lay(self, epcs: Iterable[str]) -> Iterator[Event]:
        for epc in sorted(epcs):
            pack = self.pack(epc)
            assert pack is not None, "only what has a weight was searched for"
            self.lying[epc] = pack
            self.awaited -= {epc}
            if self._taken.pop(epc, None) is not None:
                yield PutBack(epc)
            elif epc not in self.expected:
                yield Misplaced(epc)

    def _move_units(self, movable: Movable, units: int) -> Event:
        taken = movable.effect_mg < 0
        self._taken_units[movable.name] = self.taken_units(movable.name) + (units if taken else -units)
        return TookUnits(movable.name, units) if taken else PutBackUnits(movable.name, units)

    def _units_of(self, gtin: str) -> int:
        return self._loose[gtin].units if gtin in self._loose else 0
