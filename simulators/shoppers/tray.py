"""A tray with a load cell and a reader, a basket that is emptied into it, and what else lies about."""

import random
from typing import Final

from simulators.shoppers.goods import GRAMS, KINDS, Item, thing
from simulators.shoppers.noise import Noise
from simulators.shoppers.stage import Actor, Stage

IN_TRAY_DBM: Final = (-52, -38)
# What is in a hand over the tray, in the next shopper's basket, and under a tin, loses so many decibels and
# so much of the chance to be heard.
OVER_TRAY: Final = (-6.0, 0.8)
IN_BASKET: Final = (-20.0, 0.3)
UNDER_A_TIN: Final = (-6.0, 0.5)
# Keys weigh 50 g, a telephone 200, an umbrella 500.
FOREIGN_GRAMS: Final = (50, 500)
BASKET: Final = (2, 12)


class Tray:
    """What was laid in it, and by whom: the truth is `lying`, and `ever` for what has been."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.stage = Stage(luck, Noise.drawn(luck), load_mg=0)
        nominal_mg = [luck.randint(*GRAMS) * 1000 for _ in range(KINDS)]
        self.goods = [self._thing(nominal_mg) for _ in range(luck.randint(*BASKET))]
        self.next_ones = [self._thing(nominal_mg) for _ in range(luck.randint(2, 6))]
        self.stranger = thing(luck, KINDS, luck.randint(*GRAMS) * 1000, stranger=True)
        every = (*self.goods, *self.next_ones, self.stranger)
        self._level_dbm = {item.epc: luck.uniform(*IN_TRAY_DBM) for item in every}
        self.lying: set[str] = set()
        self.ever: set[str] = set()
        self._basket = list(self.goods)
        for item in self.goods:
            self.carry(item, IN_BASKET)

    def wait(self, least_ms: int, most_ms: int) -> int:
        """How long somebody takes for something."""
        return self.luck.randint(least_ms, most_ms)

    def left(self) -> int:
        """How many things are in the basket."""
        return len(self._basket)

    def take_from_basket(self) -> Item:
        """The next thing that is in the basket."""
        return self._basket.pop()

    def lay(self, item: Item) -> None:
        """Lay a thing into the tray, where it may come to lie under a tin."""
        self.stage.note(f"lays {item.epc} ({item.mass_mg} mg) into the tray")
        lost_db, chance = UNDER_A_TIN if self.luck.random() < 0.1 else (0.0, 1.0)
        self.stage.cell.add(item.mass_mg)
        self.stage.tags.put(item.epc, self._level_dbm[item.epc] + lost_db, chance)
        self.lying.add(item.epc)
        self.ever.add(item.epc)

    def take(self, item: Item) -> None:
        """Take a thing out again, and back into the basket beside the tray."""
        self.stage.note(f"takes {item.epc} out")
        self.stage.cell.add(-item.mass_mg)
        self.carry(item, IN_BASKET)
        self.lying.remove(item.epc)

    def lay_foreign(self) -> int:
        """Lay something without a tag into the tray, and say how heavy it is."""
        mass_mg = self.wait(*FOREIGN_GRAMS) * 1000
        self.stage.note(f"lays something of {mass_mg} mg without a tag into the tray")
        self.stage.cell.add(mass_mg)
        return mass_mg

    def take_foreign(self, mass_mg: int) -> None:
        """Take it out again."""
        self.stage.note(f"takes the {mass_mg} mg without a tag out")
        self.stage.cell.add(-mass_mg)

    def press(self, push_mg: int, tremble_mg: int) -> None:
        """Lean on the edge; 0 and 0 lets go."""
        self.stage.note(f"leans with {push_mg} mg")
        self.stage.cell.press(push_mg, tremble_mg)

    def carry(self, item: Item, place: tuple[float, float]) -> None:
        """Carry a thing to where its tag is heard, though it is not in the tray."""
        lost_db, chance = place
        self.stage.tags.put(item.epc, self._level_dbm[item.epc] + lost_db, chance)

    def _thing(self, nominal_mg: list[int]) -> Item:
        kind = self.luck.randrange(KINDS)
        return thing(self.luck, kind, nominal_mg[kind])


def emptying(tray: Tray, keep: int = 0) -> Actor:
    """Empty the basket, a hand or a heap at a time, but for the last things."""
    while tray.left() > keep:
        yield tray.wait(200, 1_500)
        heap = [tray.take_from_basket() for _ in range(min(tray.wait(1, 5), tray.left() - keep))]
        for item in heap:
            tray.carry(item, OVER_TRAY)
        yield tray.wait(200, 800)
        for item in heap:
            tray.lay(item)
            yield tray.wait(0, 150)


def remembering(tray: Tray) -> Actor:
    """Empty the basket, and find one more thing later."""
    yield from emptying(tray, keep=1)
    yield tray.wait(1_000, 6_000)
    yield from emptying(tray)


def thinking_better(tray: Tray) -> Actor:
    """Empty the basket, and take one thing out again."""
    yield from emptying(tray)
    yield tray.wait(1_000, 6_000)
    tray.take(tray.luck.choice(tray.goods))


def queueing(tray: Tray) -> Actor:
    """Stand behind with a full basket."""
    for item in tray.next_ones:
        tray.carry(item, IN_BASKET)
    yield tray.wait(2_000, 8_000)


def losing_keys(tray: Tray) -> Actor:
    """Lay keys or a telephone into the tray as well."""
    yield tray.wait(500, 4_000)
    tray.lay_foreign()


def losing_keys_for_a_moment(tray: Tray) -> Actor:
    """Lay a telephone into the tray, and take it out again."""
    yield tray.wait(500, 4_000)
    mass_mg = tray.lay_foreign()
    yield tray.wait(1_000, 5_000)
    tray.take_foreign(mass_mg)


def bringing_strange_goods(tray: Tray) -> Actor:
    """Lay a tagged thing of another shop into the tray."""
    yield tray.wait(500, 4_000)
    tray.lay(tray.stranger)


def leaning(tray: Tray) -> Actor:
    """Lean on the edge for a while."""
    yield tray.wait(500, 3_000)
    push_mg = tray.wait(150_000, 3_000_000)
    tray.press(push_mg, push_mg // tray.wait(20, 60))
    yield tray.wait(500, 4_000)
    tray.press(0, 0)
