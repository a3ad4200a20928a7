"""A mirror with twenty garments on the rails beside it: what its reader hears, and how often."""

import random

import msgspec

from edge.events import Event
from edge.readings import Heard, Nanoseconds, RoundEnded, TagSeen
from edge.sensors.mirror import MirrorSense

NEIGHBOURS = 20


class Garment(msgspec.Struct):
    """A tag: how strongly it is heard, and in how many rounds of a thousand."""

    epc: str
    level_dbm: int
    read_permille: int


class NoisyMirror:
    """Rounds of 25 to 60 ms, fading of 3 dB a sighting, neighbours at least 10 dB below the glass."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.sense = MirrorSense()
        self.round_ms = self.luck.randint(25, 60)
        self.ms = 0
        self.heard: list[tuple[int, Event]] = []
        self.garments = [
            Garment(f"30BB{n:04X}", self.luck.randint(-78, -64), self.luck.randint(100, 900))
            for n in range(NEIGHBOURS)
        ]

    def hold_up(self, epc: str) -> Garment:
        garment = Garment(epc, self.luck.randint(-54, -44), self.luck.randint(600, 980))
        self.garments.append(garment)
        return garment

    def wait(self, ms: int) -> None:
        until_ms = self.ms + ms
        while self.ms < until_ms:
            self.ms += self.round_ms
            for garment in self.luck.sample(self.garments, len(self.garments)):
                if self.luck.randrange(1000) < garment.read_permille:
                    level_dbm = round(self.luck.gauss(garment.level_dbm, 3))
                    self._hear(TagSeen(garment.epc, level_dbm))
            self._hear(RoundEnded())

    def _hear(self, reading: TagSeen | RoundEnded) -> None:
        at_ns = Nanoseconds(self.ms * 1_000_000)
        self.heard += [(self.ms, event) for event in self.sense.hear(Heard("reader", at_ns, reading))]
