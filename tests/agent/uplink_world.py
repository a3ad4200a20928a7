"""A world around the uplink: a journal of numbers, a line that loses and shuffles, a hub that forgets."""

import hashlib
import random
from typing import Final, TypeVar

import msgspec

from cloud_sync.agent.uplink import BATCHES_MAX, Outcome, Uplink
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.receipt import Receipt

_T = TypeVar("_T")

MS: Final = 1_000_000
STEP_NS: Final = 5 * MS


class Confirmed(msgspec.Struct, frozen=True):
    """What a journal remembers of its hub."""

    seq: int = 0
    generation: int = 0


class NumberJournal:
    """A journal whose entries are their numbers."""

    def __init__(self, head: int = 0, confirmed: Confirmed | None = None, epoch: str = "e1") -> None:
        self.entries = head
        self.confirmed = confirmed or Confirmed()
        self.epoch = epoch
        self.pruned_to = 0

    def identity(self) -> None:
        raise AssertionError("the uplink does not ask whose journal it is")

    def after(self, seq: int, limit: int) -> list[SignedEntry]:
        raise AssertionError(f"the uplink does not read entries: {limit} after {seq}")

    def head(self) -> int:
        return self.entries

    def receipt(self) -> Confirmed:
        return self.confirmed

    def hash_of(self, seq: int) -> bytes | None:
        return hash_of(self.epoch, seq) if self.pruned_to < seq <= self.entries else None


def hash_of(epoch: str, seq: int) -> bytes:
    return hashlib.sha256(f"{epoch}/{seq}".encode()).digest()


def receipt(seq: int, generation: int = 1, epoch: str = "e1") -> Receipt:
    return Receipt("mirror-4", epoch, seq, b64(hash_of(epoch, seq)), generation, 0, 0)


class Luckless(random.Random):
    """No jitter: the first moment that is allowed."""

    def randrange(self, *_: object) -> int:
        return 0


class NumberHub:
    """A hub that keeps the rules: it trims what it has, refuses a gap, and answers everything."""

    def __init__(self) -> None:
        self.seq = 0
        self.generation = 1
        self.taken: list[int] = []

    def take(self, first: int, last: int) -> Receipt:
        if first <= self.seq + 1 <= last:
            self.taken += range(self.seq + 1, last + 1)
            self.seq = last
        return receipt(self.seq, self.generation)

    def restore(self, seq: int) -> None:
        """Come back from a backup that covers `seq`."""
        self.seq, self.generation = seq, self.generation + 1
        self.taken = self.taken[:seq]


class World:
    """One bad day from one seed, in steps of 5 ms."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.journal, self.hub = NumberJournal(2), NumberHub()
        self.uplink = Uplink(self.journal, random.Random(seed))
        self.now_ns = 0
        self.connected = self.hub_runs = True
        self.up: list[tuple[int, tuple[int, int]]] = []  # (arrives at, (first, last))
        self.down: list[tuple[int, Receipt]] = []
        self.delay_ns = self.luck.choice([1, 20, 300]) * MS
        self.loss, self.double = self.luck.choice([0, 0.2, 0.6]), self.luck.choice([0, 0.2])
        self.shuffle = self.luck.random() < 0.5
        self.batches: list[tuple[int, int]] = []
        self.uplink.connected(self.now_ns)

    def bad_day(self, steps: int) -> None:
        for _ in range(steps):
            self._befall()
            self.step(self.loss, self.double)

    def quiet_evening(self, steps: int) -> None:
        """Nothing fails any more."""
        self.hub_runs, self.shuffle = True, False
        self._plug()
        for _ in range(steps):
            self.step(0, 0)
            if self.uplink.acked == self.hub.seq == self.journal.entries:
                return

    def step(self, loss: float, double: float) -> None:
        self.now_ns += STEP_NS
        for first, last in self._arrived(self.up):
            if self.hub_runs:
                self._send(self.down, self.hub.take(first, last), loss, double)
        for word in self._arrived(self.down):
            if self.connected:
                assert self.uplink.received(word, self.now_ns) is not Outcome.FORK
        self.uplink.tick(self.now_ns)
        self._carry(loss, double)

    def _carry(self, loss: float, double: float) -> None:
        while (wanted := self.uplink.wanted(self.now_ns)) is not None:
            assert self.connected
            assert 1 <= wanted.first <= self.journal.entries
            # No batch leaves a hole: it follows what is confirmed, or the batch before it.
            assert wanted.first <= self.uplink.acked + 1 or wanted.first == self.batches[-1][1] + 1
            if self.luck.random() < 0.01:
                self.uplink.refused(self.now_ns)
                continue
            last = min(wanted.first + min(wanted.limit, self.luck.randint(1, 256)) - 1, self.uplink.head)
            self.uplink.sent(wanted.first, last, self.now_ns)
            self.batches.append((wanted.first, last))
            assert self.uplink.in_flight <= BATCHES_MAX
            self._send(self.up, (wanted.first, last), loss, double)

    def _befall(self) -> None:
        dice = self.luck.random()
        if dice < 0.3:
            self.journal.entries += self.luck.choice([1, 1, 1, 3, 700])
            self.uplink.grown(self.journal.entries, self.now_ns)
        elif dice < 0.305:
            self._unplug()
        elif dice < 0.32:
            self._plug()
        elif dice < 0.323:
            self.hub_runs = False
        elif dice < 0.34:
            self.hub_runs = True
        elif dice < 0.342:
            self.hub.restore(self.luck.randint(0, self.hub.seq))

    def _unplug(self) -> None:
        if self.connected:
            self.connected = False
            self.up.clear()
            self.uplink.disconnected()

    def _plug(self) -> None:
        if not self.connected:
            self.connected = True
            self.uplink.connected(self.now_ns)

    def _send(self, lane: list[tuple[int, _T]], what: _T, loss: float, double: float) -> None:
        for _ in range(2 if self.luck.random() < double else 1):
            if self.luck.random() >= loss:
                late_ns = self.luck.randrange(4 * self.delay_ns) if self.shuffle else 0
                lane.append((self.now_ns + self.delay_ns + late_ns, what))

    def _arrived(self, lane: list[tuple[int, _T]]) -> list[_T]:
        here = sorted((one for one in lane if one[0] <= self.now_ns), key=lambda one: one[0])
        lane[:] = [one for one in lane if one[0] > self.now_ns]
        return [what for _, what in here]
