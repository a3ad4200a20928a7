"""The stage: actors wait and act, devices say what they hear, and the only clock is that of the play."""

import random
from collections.abc import Generator, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Final, NamedTuple

from simulators.shoppers.cell import Cell
from simulators.shoppers.field import Tags
from simulators.shoppers.noise import CELL_MS, Noise

_NS_A_MS: Final = 1_000_000
# Nobody stands before a shelf for longer than three minutes in any of our plays.
PLAY_MS_MAX: Final = 180_000

Actor = Generator[int, None, None]
"""Somebody who acts, and yields for how many milliseconds to wait until the next act."""


class Act(NamedTuple):
    """What somebody did, and when: a line of the truth, for a person to read."""

    at_ms: int
    act: str


class Stage:
    """One object, its devices and its time; a shelf and a tray have a load cell, a mirror has none."""

    def __init__(self, luck: random.Random, noise: Noise, *, load_mg: int | None = None) -> None:
        self.luck = luck
        self.noise = noise
        self.tags = Tags(luck, noise)
        self.now_ms = 0
        self.diary: list[Act] = []
        self._cell = None if load_mg is None else Cell(luck, noise, load_mg)

    @property
    def cell(self) -> Cell:
        """The load cell of a shelf or a tray."""
        assert self._cell is not None
        return self._cell

    def note(self, act: str) -> None:
        """Write down what is done now; no sensor reads it."""
        self.diary.append(Act(self.now_ms, act))

    def play(self, actors: Iterable[Actor], after_ms: int) -> Iterator[bytes]:
        """What the devices say from now on, as lines, until so long after the last actor has done all."""
        order = count()  # of two that are due at the same time, the one that was told first
        due: list[tuple[int, int, Actor]] = []
        said: list[bytes] = []
        devices = [self._reader()] if self._cell is None else [self._reader(), self._scale()]
        cast = [*actors]
        for actor in (*cast, *(_into(said, device) for device in devices)):
            heappush(due, (self.now_ms, next(order), actor))
        acting, until_ms = len(cast), PLAY_MS_MAX
        while due[0][0] <= until_ms:
            self.now_ms, _, actor = heappop(due)
            if (wait_ms := next(actor, None)) is not None:
                heappush(due, (self.now_ms + wait_ms, next(order), actor))
            else:
                acting -= 1  # a device never ends
                until_ms = PLAY_MS_MAX if acting else self.now_ms + after_ms
            yield from said
            said.clear()
        assert not acting, f"after {PLAY_MS_MAX} ms somebody is still acting"

    def _reader(self) -> Iterator[tuple[int, bytes]]:
        while True:
            at = f'{{"source":"reader","at_ns":{self.now_ms * _NS_A_MS},"reading":{{"type":'
            heard = "".join(
                f'{at}"TagSeen","epc":"{epc}","rssi_dbm":{rssi_dbm},"antenna":1}}}}\n'
                for epc, rssi_dbm in self.tags.round()
            )
            yield self.noise.round_ms, f'{heard}{at}"RoundEnded","antenna":1}}}}\n'.encode()

    def _scale(self) -> Iterator[tuple[int, bytes]]:
        while True:
            at_ns = self.now_ms * _NS_A_MS
            weight_mg, is_steady = self.cell.weigh(at_ns)
            reading = f'{{"type":"Weighed","weight_mg":{weight_mg},"steady":{str(is_steady).lower()}}}'
            yield CELL_MS, f'{{"source":"scale","at_ns":{at_ns},"reading":{reading}}}\n'.encode()


def _into(said: list[bytes], device: Iterator[tuple[int, bytes]]) -> Actor:
    """A device is an actor too: what it says is kept, and then it waits."""
    for wait_ms, lines in device:
        said.append(lines)
        yield wait_ms


def after(wait_ms: int, actor: Actor) -> Actor:
    """The same actor, who comes later."""
    yield wait_ms
    yield from actor
