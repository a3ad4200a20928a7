"""A shelf of ten products on one noisy cell, with hands that move goods: the truth, and what is heard of it.

Read rates of 60 to 98 %, a cell that scatters by 0.5 to 2 g and drifts by 1 g an hour, and packs that differ
by up to 3 % from what their maker says.
"""

import random
from collections.abc import Sequence

import msgspec

from edge.events import Agreed, Ambiguous, Event, Fetched, Misplaced, PutBack, Took
from edge.readings import Heard, Milligrams, Nanoseconds, Reading, RoundEnded, TagSeen, Weighed
from edge.sensors.shelf import Pack, ShelfSense

TICK_MS = 10
PRODUCTS, FACINGS = 10, 5
# A tag in a hand before the shelf is heard more weakly, and less often, than one that lies on it.
IN_HAND_DB, IN_HAND_PERMILLE = 12, 400


class Item(msgspec.Struct, eq=False):
    """One pack as it is: `mass_mg` is its own, `pack` what its maker says."""

    epc: str
    pack: Pack
    mass_mg: int
    read_permille: int
    level_dbm: int


class NoisyShelf:
    """Goods, hands and noise from one seed; `lying` and `held` are the truth, `basket` what was said."""

    def __init__(self, seed: int, *, told: bool = True) -> None:
        self.luck = random.Random(seed)
        self.items = [
            self.item(f"3034{product:04X}{n:04X}", pack)
            for product, pack in enumerate(self._packs())
            for n in range(FACINGS)
        ]
        mass_mg = self.luck.randint(50, 900) * 1_000
        self.stranger = self.item("30FF00000001", Pack(mass_mg, mass_mg * 3 // 100, "stranger"))
        known = {self.stranger.epc: self.stranger.pack}
        self.sense = ShelfSense(known.get)
        self.lying: list[Item] = list(self.items)
        self.held: dict[Item, int] = {}
        """What is in a hand, and until when its tag is still heard there."""
        self.told = told
        self.lean_mg = 0
        self.moving_until_ms = 0
        self.ms = 0
        self.events: list[Event] = []
        self.basket: set[str] = set()
        self.asking = self.asked = False
        self.false_words = 0
        """How often something was said that was not so, even if it was taken back later."""
        self.misplaced: set[str] = set()
        self.scatter_mg = self.luck.randint(500, 2_000)
        self.drift_mg_h = self.luck.choice((-1_000, 1_000))
        self.round_ms = self.luck.randint(4, 12) * TICK_MS
        self.weigh_ms = self.luck.choice((50, 100, 200))
        self.sense.expect({item.epc: item.pack for item in self.items})
        self.wait(self.round_ms * 60 + 2_000)

    def _packs(self) -> list[Pack]:
        masses = [self.luck.randint(30, 900) * 1_000 for _ in range(PRODUCTS)]
        return [Pack(mass_mg, mass_mg * 3 // 100, f"gtin-{n}") for n, mass_mg in enumerate(masses)]

    def item(self, epc: str, pack: Pack) -> Item:
        off = self.luck.randint(-30, 30)
        return Item(
            epc,
            pack,
            pack.mass_mg * (1000 + off) // 1000,
            self.luck.randint(600, 980),
            self.luck.randint(-62, -48),
        )

    # The hands.

    def take(self, item: Item, *, lingers_ms: int = 0) -> None:
        self.lying.remove(item)
        self.move()
        self.held[item] = self.ms + lingers_ms

    def put(self, item: Item) -> None:
        del self.held[item]
        self.lying.append(item)
        self.move()

    def move(self) -> None:
        self.moving_until_ms = self.ms + self.luck.randint(200, 700)

    def lean(self, mass_mg: int) -> None:
        self.lean_mg = mass_mg
        self.move()

    # Time, and what the devices say meanwhile.

    def wait(self, ms: int) -> None:
        for _ in range(0, ms, TICK_MS):
            self.ms += TICK_MS
            if self.ms % self.round_ms == 0:
                self._round()
            if self.ms % self.weigh_ms == 0:
                self._weigh()

    def _round(self) -> None:
        seen = [(item, item.read_permille, item.level_dbm) for item in self.lying]
        for item, until_ms in self.held.items():
            if self.ms < until_ms:
                seen.append((item, IN_HAND_PERMILLE, item.level_dbm - IN_HAND_DB))
        for item, permille, level_dbm in seen:
            if self.luck.randrange(1000) < permille:
                rssi_dbm = round(self.luck.gauss(level_dbm, 2)) if self.told else None
                self._hear("reader", TagSeen(item.epc, rssi_dbm))
        self._hear("reader", RoundEnded())

    def _weigh(self) -> None:
        moving = self.ms < self.moving_until_ms
        true_mg = (
            sum(item.mass_mg for item in self.lying) + self.lean_mg + self.drift_mg_h * self.ms // 3_600_000
        )
        scatter_mg = 60_000 if moving else self.scatter_mg
        self._hear("scale", Weighed(Milligrams(round(self.luck.gauss(true_mg, scatter_mg))), not moving))

    def _hear(self, source: str, reading: Reading) -> None:
        for event in self.sense.hear(Heard(source, Nanoseconds(self.ms * 1_000_000), reading)):
            self.events.append(event)
            match event:
                case Took(epc=epc):
                    assert epc not in self.basket, "taken twice"
                    self.basket.add(epc)
                    self.false_words += epc not in {item.epc for item in self.held}
                case PutBack(epc=epc):
                    self.basket.remove(epc)
                    self.false_words += epc in {item.epc for item in self.held}
                case Misplaced(epc=epc):
                    self.misplaced.add(epc)
                case Fetched(epc=epc):
                    self.misplaced.remove(epc)
                case Ambiguous():
                    self.asking = self.asked = True
                case Agreed():
                    self.asking = False
                case other:
                    raise AssertionError(f"a shelf of tagged items said {other}")

    @property
    def right(self) -> bool:
        """Whether exactly what is in the hands is in the basket."""
        return self.basket == {item.epc for item in self.held if item is not self.stranger}


def shop(shelf: NoisyShelf, acts: Sequence[str]) -> None:
    """Do these acts, each with a pause that a hurried hand would make, and let the shelf think at the end."""
    for act in acts:
        _do(shelf, act)
        shelf.wait(shelf.luck.randint(5, 300) * TICK_MS)
    shelf.wait(10_000)


def _do(shelf: NoisyShelf, act: str) -> None:
    luck = shelf.luck
    here = [item for item in shelf.lying if item is not shelf.stranger]
    mine = [item for item in shelf.held if item is not shelf.stranger]
    match act:
        case "take":
            shelf.take(luck.choice(here), lingers_ms=luck.choice((0, 0, 300, 1_000)))
        case "grab":
            for item in luck.sample(here, 3):
                shelf.take(item)
        case "hold":
            shelf.take(luck.choice(here), lingers_ms=luck.randint(2_000, 8_000))
        case "put" if mine:
            shelf.put(luck.choice(mine))
        case "swap" if mine:
            shelf.take(luck.choice(here))
            shelf.put(luck.choice(mine))
        case "lean":
            shelf.lean(luck.randint(200, 8_000) * 1_000)
            shelf.wait(luck.randint(50, 300) * TICK_MS)
            shelf.lean(0)
        case "misplace" if shelf.stranger in shelf.lying:
            shelf.take(shelf.stranger)
        case "misplace":
            shelf.held[shelf.stranger] = 0
            shelf.put(shelf.stranger)
        case _:
            pass  # nothing in the hand to put back
