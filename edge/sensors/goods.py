"""The shelf's own books: what belongs on it, what lies on it, and what is in hands."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from edge.events import Event, Fetched, Misplaced, PutBack, PutBackUnits, Took, TookUnits
from edge.sensors.account import Change
from edge.sensors.weights import Movable, Pack, net_units

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
        self._hands: dict[str, list[Pack]] = {}
        """Units without tags that somebody has, each weighed as well as it was when it left."""

    def expect(self, packs: Mapping[str, Pack], loose: Mapping[str, Loose], *, begun: bool) -> bool:
        """What belongs here from now on; return whether what was counted so far still holds.

        It does while goods are only sold, or on their way here.
        """
        more = any(loose[gtin].units > self._units_of(gtin) for gtin in loose)
        away = (self.expected.keys() & self.lying.keys()) - packs.keys()
        for gtin in self._loose.keys() | loose.keys():
            sold = self._units_of(gtin) - (loose[gtin].units if gtin in loose else 0)
            self._let_go(gtin, max(sold, 0))
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
        return len(self._hands.get(gtin, ()))

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

    def untagged(self) -> Iterator[Movable]:
        """Units without tags that can have been taken, or laid back."""
        for gtin, loose in self._loose.items():
            taken = self.taken_units(gtin)
            if taken < loose.units:
                yield Movable.taken(gtin, loose.pack, loose.units - taken)
            if taken:
                yield Movable.laid(gtin, _any_of(self._hands[gtin]), taken)

    def products(self, *, laid: bool) -> Iterator[Movable]:
        """The products whose items can have been laid down, or taken, each once."""
        packs = (self._taken if laid else self.lying).values()
        for gtin in sorted({pack.gtin for pack in packs} - {""}):
            same = [pack for pack in packs if pack.gtin == gtin]
            yield (Movable.laid if laid else Movable.taken)(gtin, same[0], len(same))

    def move(self, moves: Sequence[Move], change: Change) -> Iterator[Event]:
        """These goods have moved, and changed the weight by so much: what that means for a bill."""
        names = {movable.name for movable, _ in moves if not self.is_loose(movable)}
        lifted, laid = names & self.lying.keys(), names - self.lying.keys()
        yield from self._take(lifted)
        yield from self._lay(laid)
        loose = [(movable, units) for movable, units in moves if self.is_loose(movable)]
        self._weigh_hands(loose, moves, change)
        for gtin, units in sorted(net_units(loose).items()):
            yield TookUnits(gtin, units) if units > 0 else PutBackUnits(gtin, -units)

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

    def _weigh_hands(self, loose: Sequence[Move], moves: Sequence[Move], change: Change) -> None:
        """Units were laid back, or are in a hand now, and weigh what the scale says that they do."""
        for movable, units in sorted(loose, key=lambda move: move[0].effect_mg, reverse=True):
            if movable.effect_mg > 0:
                self._let_go(movable.name, units)
            else:
                pack = _weighed(movable, moves, change)
                self._hands.setdefault(movable.name, []).extend([pack] * units)

    def _let_go(self, gtin: str, units: int) -> None:
        """Some units are in nobody's hand any more; which of them, nobody saw."""
        if units and (packs := self._hands.get(gtin)):
            self._hands[gtin] = [_any_of(packs)] * (len(packs) - units)

    def _units_of(self, gtin: str) -> int:
        return self._loose[gtin].units if gtin in self._loose else 0


def _any_of(packs: Sequence[Pack]) -> Pack:
    """A pack that may be any of these."""
    low_mg = min(pack.mass_mg - pack.tolerance_mg for pack in packs)
    high_mg = max(pack.mass_mg + pack.tolerance_mg for pack in packs)
    return _between(low_mg, high_mg, packs[0].gtin)


def _weighed(movable: Movable, moves: Sequence[Move], change: Change) -> Pack:
    """What a unit that was taken weighs: as its maker says, and as the scale does for all that moved."""
    mass_mg, tolerance_mg = -movable.effect_mg, movable.tolerance_mg
    off_mg = sum(units * each.effect_mg for each, units in moves) - change.change_mg
    others_mg = sum(units * each.tolerance_mg for each, units in moves) - tolerance_mg + change.error_mg
    low_mg = max(mass_mg - tolerance_mg, mass_mg + off_mg - others_mg)
    high_mg = min(mass_mg + tolerance_mg, mass_mg + off_mg + others_mg)
    return _between(min(low_mg, high_mg), max(low_mg, high_mg), movable.name)


def _between(low_mg: int, high_mg: int, gtin: str) -> Pack:
    return Pack((low_mg + high_mg) // 2, (high_mg - low_mg + 1) // 2, gtin)
