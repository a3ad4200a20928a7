"""A shelf of goods without tags on one load cell: only their weights tell them apart."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple

from simulators.shoppers.goods import KINDS, Item, thing
from simulators.shoppers.noise import Noise
from simulators.shoppers.planned import any_mg, plan
from simulators.shoppers.session import AFTER_MS, BEFORE_MS, Expected, Heap, Outcome, Said, Session, Verdict
from simulators.shoppers.shelf_judge import HINDSIGHT_MS
from simulators.shoppers.stage import Actor, Stage, after

UNITS: Final = (3, 8)
_TAKES: Final = {"TookUnits": 1, "PutBackUnits": -1}


class Moved(NamedTuple):
    """A unit left the shelf (1), or came back (-1)."""

    at_ms: int
    gtin: str
    units: int


class LooseShelf:
    """Units of kinds that weigh so much each; the truth is in `moved`."""

    def __init__(self, luck: random.Random, nominal_mg: Sequence[int]) -> None:
        self.luck = luck
        self.goods = [
            thing(luck, kind, mass_mg)
            for kind, mass_mg in enumerate(nominal_mg)
            for _ in range(luck.randint(*UNITS))
        ]
        self.moved: list[Moved] = []
        load_mg = sum(item.mass_mg for item in self.goods)
        self.stage = Stage(luck, Noise.drawn(luck), load_mg=load_mg)
        self._untouched = luck.sample(self.goods, len(self.goods))

    def choose(self) -> Item:
        """A unit that nobody else has in mind."""
        return self._untouched.pop()

    def wait(self, least_ms: int, most_ms: int) -> int:
        """How long somebody takes for something."""
        return self.luck.randint(least_ms, most_ms)

    def lift(self, item: Item) -> None:
        """Take a unit into the hand."""
        self._move(item, 1)

    def lay(self, item: Item) -> None:
        """Lay a unit back."""
        self._move(item, -1)

    def press(self, push_mg: int, tremble_mg: int) -> None:
        """Lean on the board; 0 and 0 lets go."""
        self.stage.note(f"leans with {push_mg} mg")
        self.stage.cell.press(push_mg, tremble_mg)

    def held(self, since_ms: float, until_ms: float) -> Counter[str]:
        """The most units of each kind that were away at any moment between the two."""
        now, most = Counter[str](), Counter[str]()
        for move in self.moved:
            if move.at_ms > until_ms:
                break
            if move.at_ms >= since_ms:
                most |= now
            now[move.gtin] += move.units
        return most | now

    def _move(self, item: Item, units: int) -> None:
        self.moved.append(Moved(self.stage.now_ms, gtin(item.kind), units))
        self.stage.note(f"{'lifts' if units > 0 else 'lays back'} a {gtin(item.kind)} of {item.mass_mg} mg")
        self.stage.cell.add(-units * item.mass_mg)


def gtin(kind: int) -> str:
    """The name of a kind; nobody scans it."""
    return f"{kind:014d}"


def taking(shelf: LooseShelf, count: int = 1) -> Actor:
    """Take some, one after the other."""
    for _ in range(count):
        yield shelf.wait(800, 2_500)
        shelf.lift(shelf.choose())


def grabbing(shelf: LooseShelf) -> Actor:
    """Take two with one movement of both hands."""
    yield shelf.wait(400, 2_000)
    shelf.lift(shelf.choose())
    yield shelf.wait(0, 250)
    shelf.lift(shelf.choose())


def thinking_better(shelf: LooseShelf) -> Actor:
    """Take one, look at it, and lay it back."""
    yield shelf.wait(400, 2_000)
    item = shelf.choose()
    shelf.lift(item)
    yield shelf.wait(600, 5_000)
    shelf.lay(item)


def swapping(shelf: LooseShelf) -> Actor:
    """Take one, lay it back, and take another one instead."""
    yield from thinking_better(shelf)
    yield shelf.wait(0, 1_200)
    shelf.lift(shelf.choose())


def leaning(shelf: LooseShelf) -> Actor:
    """Lean on the board for a while, and take one in the meantime."""
    yield shelf.wait(400, 1_500)
    push_mg = shelf.wait(150_000, 4_000_000)
    shelf.press(push_mg, push_mg // shelf.wait(20, 60))
    yield shelf.wait(500, 3_000)
    shelf.lift(shelf.choose())
    yield shelf.wait(500, 2_500)
    shelf.press(0, 0)


def resting_a_hand(shelf: LooseShelf) -> Actor:
    """Take one, and lean on the board with it in the other hand."""
    yield from taking(shelf)
    yield shelf.wait(1_000, 4_000)
    push_mg = shelf.wait(150_000, 2_000_000)
    shelf.press(push_mg, push_mg // shelf.wait(20, 60))
    yield shelf.wait(500, 5_000)
    shelf.press(0, 0)


PLAYS: Final[Mapping[str, tuple[int, tuple[Callable[[LooseShelf], Actor], ...]]]] = {
    "takes one": (30, (taking,)),
    "takes two": (15, (partial(taking, count=2),)),
    "takes three": (5, (partial(taking, count=3),)),
    "grabs two": (8, (grabbing,)),
    "puts back": (12, (thinking_better,)),
    "swaps": (12, (swapping,)),
    "leans": (4, (leaning,)),
    "leans afterwards": (2, (resting_a_hand,)),
    "two take": (8, (taking, taking)),
    "one takes, one puts back": (4, (taking, thinking_better)),
}


def session(luck: random.Random) -> Session:
    """Draw a play before a shelf that somebody has planned."""
    return _session(luck, plan(luck))


def session_alike(luck: random.Random) -> Session:
    """Draw a play before a shelf that nobody has planned: ten kinds, and some of them are alike."""
    return _session(luck, [any_mg(luck) for _ in range(KINDS)])


def _session(luck: random.Random, nominal_mg: Sequence[int]) -> Session:
    (name,) = luck.choices(list(PLAYS), [share for share, _ in PLAYS.values()])
    place = LooseShelf(luck, nominal_mg)
    actors = [after(BEFORE_MS, act(place)) for act in PLAYS[name][1]]
    units = Counter(item.kind for item in place.goods)
    packs = {item.kind: Expected(item.nominal_mg, item.tolerance_mg) for item in place.goods}
    return Session(
        name,
        {},
        {},
        place.stage.play(actors, AFTER_MS),
        place.stage.diary,
        partial(judge, place),
        {gtin(kind): Heap(pack, units[kind]) for kind, pack in packs.items()},
    )


def judge(place: LooseShelf, said: list[Said]) -> Verdict:
    """Compare the bill at its end, and each time that it grew, with what was away."""
    bill, is_asking, asked, wrong = Counter[str](), False, False, False
    for at_ns, instant in groupby(said, key=lambda each: each.at_ns):
        before = +bill
        for each in instant:
            if (sign := _TAKES.get(each.kind)) is not None:
                bill[each.event["gtin"]] += sign * int(each.event["units"])
            elif each.kind in {"Ambiguous", "Agreed"}:
                is_asking = each.kind == "Ambiguous"
                asked |= is_asking
        # What is said at the same instant is one bill, in whatever order; what was added to it must be away.
        at_ms = at_ns / 1_000_000
        charged = (+bill - place.held(at_ms - HINDSIGHT_MS, at_ms)).keys()
        wrong |= bool(charged & (+bill - before).keys())
    end_ms = place.stage.now_ms
    held = place.held(end_ms, end_ms)
    return Verdict(_outcome(+bill, +held, is_asking=is_asking, asked=asked, wrong=wrong))


def _outcome(bill: Counter[str], held: Counter[str], *, is_asking: bool, asked: bool, wrong: bool) -> Outcome:
    if wrong or (bill - held and not is_asking):
        return Outcome.WRONG
    if is_asking:
        return Outcome.ASKED
    if held - bill:
        return Outcome.MISSED
    return Outcome.ASKED_IN_PASSING if asked else Outcome.EXACT
