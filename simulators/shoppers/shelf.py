"""A shelf of tagged goods on one load cell, and the truth: what hands did with each thing, and when."""

import random
from typing import Final

from simulators.shoppers.goods import KINDS, Item, assortment, thing
from simulators.shoppers.noise import Noise
from simulators.shoppers.session import Span
from simulators.shoppers.stage import Stage

# How strongly the tags of goods that lie on a shelf are heard.
REST_DBM: Final = (-58, -44)
# What is lost in decibels, and of the chance to be heard, in a hand before the shelf, in a bag a step away,
# and on the next shelf.
IN_HAND: Final = (-8.0, 0.6)
IN_BAG: Final = (-20.0, 0.03)
NEXT_SHELF: Final = (-18.0, 0.15)


class Shelf:
    """Goods, hands, and the truth: which thing was away when, and which strangers lie here."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.goods = assortment(luck)
        noise = Noise.drawn(luck)
        self.stage = Stage(luck, noise, load_mg=sum(item.mass_mg for item in self.goods))
        self.away: dict[str, list[Span]] = {item.epc: [] for item in self.goods}
        self._rest_dbm = {item.epc: luck.uniform(*REST_DBM) for item in self.goods}
        for item in self.goods:
            self.stage.tags.put(item.epc, self._rest_dbm[item.epc])
        self._untouched = luck.sample(self.goods, len(self.goods))
        self.strangers = [self._stranger(known=known) for known in (True, False, True, False)]
        luck.shuffle(self.strangers)
        self._outside = list(self.strangers)

    # What an actor may wish for.

    def choose(self) -> Item:
        """A thing that nobody else has in mind."""
        return self._untouched.pop()

    def stranger(self) -> Item:
        """A thing that does not belong here."""
        return self._outside.pop()

    def wait(self, least_ms: int, most_ms: int) -> int:
        """How long somebody takes for something."""
        return self.luck.randint(least_ms, most_ms)

    def _stranger(self, *, known: bool) -> Item:
        """A thing of another shelf, or of another shop, that is about as heavy as those here."""
        nominal_mg = self.luck.choice(self.goods).nominal_mg
        item = thing(self.luck, KINDS, nominal_mg, stranger=not known)
        self._rest_dbm[item.epc] = self.luck.uniform(*REST_DBM)
        return item

    # What hands do.

    def lift(self, item: Item, *, leave_tag: bool = False) -> None:
        """Take a thing into the hand, and perhaps leave its tag behind."""
        self.stage.note(f"lifts {item.epc} ({item.mass_mg} mg){' and leaves its tag' * leave_tag}")
        self.stage.cell.add(-item.mass_mg)
        self.away[item.epc].append(Span(self.stage.now_ms))
        if not leave_tag:
            self.move(item, IN_HAND)

    def lay(self, item: Item) -> None:
        """Lay a thing onto the shelf; its tag is heard there."""
        self.stage.note(f"lays {item.epc} ({item.mass_mg} mg)")
        self.stage.cell.add(item.mass_mg)
        self.stage.tags.put(item.epc, self._rest_dbm[item.epc])
        if item.epc in self.away:
            self.away[item.epc][-1].until_ms = self.stage.now_ms

    def move(self, item: Item, place: tuple[float, float]) -> None:
        """Carry a thing to where its tag is heard less."""
        lost_db, chance = place
        self.stage.note(f"moves {item.epc} to where its tag loses {-lost_db:g} dB")
        self.stage.tags.put(item.epc, self._rest_dbm[item.epc] + lost_db, chance)

    def press(self, push_mg: int, tremble_mg: int) -> None:
        """Lean on the board; 0 and 0 lets go."""
        self.stage.note(f"leans with {push_mg} mg")
        self.stage.cell.press(push_mg, tremble_mg)

    def stand_before(self, body_db: float) -> None:
        """Stand between the antenna and the goods; 0 steps aside."""
        self.stage.note(f"stands in the way of {body_db:.1f} dB")
        self.stage.tags.stand_before(body_db)

    def hide(self, item: Item) -> None:
        """Push a thing to where its tag is not heard, though it still lies here."""
        self.stage.note(f"hides {item.epc}")
        self.stage.tags.take(item.epc)

    def lay_unknown(self, mass_mg: int) -> None:
        """Lay something without a tag onto the shelf."""
        self.stage.note(f"lays something of {mass_mg} mg without a tag")
        self.stage.cell.add(mass_mg)

    def carry_off(self, *items: Item) -> None:
        """Leave with these."""
        for item in items:
            self.stage.note(f"carries off {item.epc}")
            self.stage.tags.take(item.epc)

    # The truth.

    @property
    def held(self) -> frozenset[str]:
        """What is not on the shelf now, of all that belongs there."""
        return frozenset(epc for epc, times in self.away.items() if times and times[-1].is_open)

    def was_away(self, epc: str, since_ms: float, until_ms: float) -> bool:
        """Whether a thing was off the shelf at any moment between the two."""
        return any(span.meets(since_ms, until_ms) for span in self.away.get(epc, ()))
