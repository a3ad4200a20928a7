"""A mirror with a reader behind its glass, garments on rails around it, and what people carry past it."""

import random
from collections.abc import Sequence
from typing import Final

from simulators.shoppers.goods import Item, garments
from simulators.shoppers.noise import MIRROR_ROUND_MS, Noise
from simulators.shoppers.session import Span
from simulators.shoppers.stage import Actor, Stage

NEIGHBOURS: Final = 20
# How far from the glass, in centimetres: what is held up, the way there, who passes, and the rails.
HELD_CM: Final = (35, 75)
FRONT_CM: Final = 90
FAR_CM: Final = 350
PASSING_CM: Final = (130, 220)
RAIL_CM: Final = (150, 300)
# People walk a metre in a second; a tag is heard anew at each step of the way.
_STEP_MS: Final = 100


class Mirror:
    """Garments, people, and the truth: what was held up when."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.stage = Stage(luck, Noise.drawn(luck, MIRROR_ROUND_MS))
        *self.rail, self.first, self.second, self.other = garments(luck, NEIGHBOURS + 3)
        self.front: dict[str, list[Span]] = {}
        self._at_cm: dict[str, int] = {}
        for item in self.rail:
            self.put(item, luck.randint(*RAIL_CM))

    def put(self, item: Item, at_cm: int) -> None:
        """Hang a garment, or carry it, so far from the glass."""
        self._at_cm[item.epc] = at_cm
        self.stage.tags.put_at(item.epc, at_cm / 100)

    def walk(self, item: Item, to_cm: int, took_ms: int) -> Actor:
        """Carry a garment nearer or farther; only what is held up is noted as such."""
        self.stage.note(f"carries {item.epc} to {to_cm} cm in {took_ms} ms")
        from_cm, steps = self._at_cm.get(item.epc, FAR_CM), max(took_ms // _STEP_MS, 1)
        for step in range(1, steps + 1):
            yield _STEP_MS
            self.put(item, from_cm + (to_cm - from_cm) * step // steps)

    def hold_up(self, item: Item, for_ms: int) -> Actor:
        """Come with a garment, hold it before the glass, and step back with it."""
        yield from self.walk(item, FRONT_CM, self.wait(600, 1_500))
        yield from self.walk(item, self.wait(*HELD_CM), self.wait(200, 400))
        times = self.front.setdefault(item.epc, [])
        times.append(Span(self.stage.now_ms))
        self.stage.note(f"holds up {item.epc} at {self._at_cm[item.epc]} cm")
        yield from self._sway(item, for_ms)
        times[-1].until_ms = self.stage.now_ms
        self.stage.note(f"lowers {item.epc}")
        yield from self.walk(item, FAR_CM, self.wait(600, 1_200))
        self.stage.tags.take(item.epc)

    def wait(self, least: int, most: int) -> int:
        """So many milliseconds, or centimetres."""
        return self.luck.randint(least, most)

    def _sway(self, item: Item, for_ms: int) -> Actor:
        """Nobody holds a garment quite still."""
        held_cm = self._at_cm[item.epc]
        for _ in range(for_ms // _STEP_MS):
            yield _STEP_MS
            self.put(item, held_cm + self.wait(-4, 4))


def holding(mirror: Mirror) -> Actor:
    """Hold one garment before the glass."""
    yield from mirror.hold_up(mirror.first, mirror.wait(1_500, 5_000))


def comparing(mirror: Mirror) -> Actor:
    """Hold another garment beside the first one, for a part of the time."""
    yield mirror.wait(800, 2_500)
    yield from mirror.hold_up(mirror.second, mirror.wait(1_500, 3_000))


def choosing_another(mirror: Mirror) -> Actor:
    """Hold one, bring it back, and come with another one."""
    yield from mirror.hold_up(mirror.first, mirror.wait(1_500, 3_000))
    yield mirror.wait(300, 1_500)
    yield from mirror.hold_up(mirror.second, mirror.wait(1_500, 3_000))


def turning(mirror: Mirror) -> Actor:
    """Turn around before the glass with the garment on: the body takes some of its answer."""
    yield mirror.wait(3_000, 4_500)
    mirror.stage.note("turns around")
    mirror.stage.tags.stand_before(mirror.luck.uniform(3, 8))
    yield mirror.wait(400, 1_200)
    mirror.stage.note("turns back")
    mirror.stage.tags.stand_before(0)


def passing(mirror: Mirror) -> Actor:
    """Walk past behind with a garment in the hand."""
    yield mirror.wait(0, 2_000)
    yield from mirror.walk(mirror.other, mirror.wait(*PASSING_CM), mirror.wait(800, 1_500))
    yield mirror.wait(100, 1_500)
    yield from mirror.walk(mirror.other, FAR_CM, mirror.wait(800, 1_500))
    mirror.stage.tags.take(mirror.other.epc)


def carrying_off(mirror: Mirror) -> Actor:
    """Take some garments from the nearest rail, and walk away with them past the mirror."""
    yield mirror.wait(0, 2_000)
    arm = mirror.luck.sample(mirror.rail, mirror.wait(1, 3))
    past_cm, took_ms = mirror.wait(*PASSING_CM), mirror.wait(800, 1_500)
    for to_cm in (past_cm, FAR_CM):
        yield from _together([mirror.walk(item, to_cm, took_ms) for item in arm])
    for item in arm:
        mirror.stage.tags.take(item.epc)


def _together(walks: Sequence[Actor]) -> Actor:
    """Several garments on one arm: all take the same steps."""
    for waits_ms in zip(*walks, strict=True):
        yield waits_ms[0]


def rummaging(mirror: Mirror) -> Actor:
    """Push the garments on the rail back and forth."""
    for _ in range(mirror.wait(4, 12)):
        yield mirror.wait(150, 500)
        mirror.put(mirror.luck.choice(mirror.rail), mirror.wait(*RAIL_CM))
