"""The hub of a world: its real door and projections on a real database, killed between any two steps."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import event

from cloud_sync.contract.batch import Header, peek
from cloud_sync.hub.backup.making import make
from cloud_sync.hub.backup.restoring import examine, restore
from cloud_sync.hub.backup.tape import Tape
from cloud_sync.hub.ingest.intake import Answer, Intake, Taken
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.mqtt import Outgoing
from proofs.broker import Message
from proofs.chronicle import Chronicle, insist
from proofs.ground import empty_hub, first_hub, hub_file, hub_store, lay
from proofs.kept import Held, Journal, hash_in, held_in
from proofs.shop import DOCUMENTS_KEY, RECEIPT_KEY

# A group of frames is taken in some dozens of steps: a fuse of this length ends within one, or a few later.
_FUSE_MAX: Final = 80
# What came while the desk was busy is taken in one transaction.
_GROUP_MAX: Final = 8
_DESK_S: Final = 0.02

_EVENTS: Final = ("before_cursor_execute", "commit")


class KilledError(BaseException):
    """kill -9, at this step: no room of the product may hear of it."""


class Backup(msgspec.Struct, frozen=True):
    """A backup that was made: what is in it, of journals, of alarms, and of forks that were seen."""

    path: Path
    held: Held
    alarms: Counter[str]
    forked: frozenset[Journal]


class Hub:
    """One hub, and all that it ever was: `generations` has what each of them held when it ended.

    `answered` hears each answer after its commit, `died` that the process was killed.
    """

    def __init__(
        self, root: Path, luck: random.Random, clock_ms: Callable[[], int], chronicle: Chronicle
    ) -> None:
        self._root, self._luck, self._clock_ms, self._chronicle = root, luck, clock_ms, chronicle
        self._loop = asyncio.get_running_loop()
        self._fuse: int | None = None
        self._waiting: deque[Message] = deque()
        self.alarms: Counter[str] = Counter()
        """How many of each kind this hub must have counted."""
        self.forked: set[Journal] = set()
        """Journals of which this hub must have set a frame aside."""
        self.ever_forked: set[Journal] = set()
        self.generations: dict[int, Held] = {}
        self.backups: list[Backup] = []
        self.counted: Counter[str] = Counter()
        self.answered: Callable[[Outgoing], bool] = lambda _outgoing: False
        self.died: Callable[[], None] = lambda: None
        self.listens = False
        lay(first_hub())
        for name in _EVENTS:
            event.listen(hub_store().engine, name, self._step)
        self.start()

    @property
    def held(self) -> Held:
        """How far the database has come at this moment, as another process sees it."""
        return held_in(hub_file())

    def start(self) -> None:
        """A process begins: it knows nothing but what is in the database."""
        self._fuse = None
        self._intake = Intake(hub_store(), RECEIPT_KEY, self._clock_ms)
        self._projector = Projector(hub_store())
        self.listens = True

    def end(self) -> None:
        """The world is over."""
        self.listens = False
        for name in _EVENTS:
            event.remove(hub_store().engine, name, self._step)

    def light_a_fuse(self) -> None:
        """Be killed soon, between any two steps."""
        self._fuse = self._luck.randrange(_FUSE_MAX)

    def put_it_out(self) -> None:
        """Nobody kills it any more."""
        self._fuse = None

    def backed_up(self, journal: Journal) -> int:
        """The last entry of a journal that any backup has."""
        return max((backup.held.seq(journal) for backup in self.backups), default=0)

    def deliver(self, message: Message) -> None:
        """A message comes from the broker; it waits a little for others."""
        if not self._waiting:
            self._loop.call_later(_DESK_S, self._work)
        self._waiting.append(message)

    def project(self) -> None:
        """Bring the figures up to date."""
        with self._alive():
            while self._projector.step():
                self._step()

    def rebuild(self) -> None:
        """Make the figures again."""
        self._projector.rebuild()

    def back_up(self) -> None:
        """Make a backup; what it holds becomes `safe`."""
        path = self._root / f"backup-{len(self.backups)}"
        kept = self.held, self.alarms.copy(), frozenset(self.forked)
        with self._alive():
            try:
                make(hub_store(), path, self._clock_ms())
            finally:
                if path.exists():  # killed after that or not, there is a backup
                    self.backups.append(Backup(path, *kept))

    def come_back(self, backup: Backup) -> None:
        """The disk has died: another hub begins from a backup, under a generation of its own."""
        before = self.held
        self.generations[before.generation] = before
        self._die()
        lay(empty_hub())
        now_ms = self._clock_ms()
        restore(examine(Tape(backup.path), now_ms), hub_store(), DOCUMENTS_KEY, now_ms)
        insist(self.held.generation not in self.generations, f"generation {self.held.generation} comes twice")
        self.alarms, self.forked = backup.alarms.copy(), set(backup.forked)
        self.counted["hubs restored"] += 1

    def _work(self) -> None:
        """Take what waits in one transaction, and answer it."""
        with self._alive():
            self._step()
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), _GROUP_MAX))]
            outcomes = self._intake.take_many([(each.topic, each.payload) for each in group])
            for message, outcome in zip(group, outcomes, strict=True):
                self._count(message, outcome.taken, outcome.sentence)
            for outcome in outcomes:
                self._answer(outcome.answer)
            if self._waiting:
                self._loop.call_later(_DESK_S, self._work)

    def _answer(self, answer: Answer | None) -> None:
        self._step()
        if answer is not None:
            self.answered(Outgoing(answer.topic, answer.jws.encode("ascii")))

    def _count(self, message: Message, taken: Taken, sentence: str) -> None:
        self.counted[f"frames {taken.value}"] += 1
        if message.whole:
            self._look_for_a_fork(peek(message.payload), taken)
        if taken is Taken.REFUSED:
            self.alarms["refused"] += 1
        # What names an unknown key may be of a key that is still to come, and is asked for once more.
        honest = taken is not Taken.REFUSED if message.whole else taken in {Taken.REFUSED, Taken.GAP}
        insist(
            honest, f"a frame that is {'whole' if message.whole else 'spoilt'} was {taken.value}: {sentence}"
        )

    def _look_for_a_fork(self, header: Header, taken: Taken) -> None:
        journal = header.dev, header.epoch
        if taken is Taken.FORKED:
            self.alarms["fork"] += 1
            self.forked.add(journal)
            self.ever_forked.add(journal)
        elif journal in self._chronicle.doctored:
            there = hash_in(hub_file(), journal, header.first + header.n - 1)
            if there not in (None, header.head):
                self._chronicle.divided.add(journal)

    @contextmanager
    def _alive(self) -> Iterator[None]:
        """The process lives, until the fuse has burnt down."""
        try:
            yield
        except KilledError:
            self.counted["hubs killed"] += 1
            self._die()
            for journal, (_, _, safe) in self.held.heads.items():
                insist(
                    safe <= self.backed_up(journal), f"{journal}: {safe} is called safe, and no backup has it"
                )
            self.died()

    def _die(self) -> None:
        self.listens = False
        self._fuse = None
        self._waiting.clear()

    def _step(self, *_: object) -> None:
        if self._fuse is not None:
            self._fuse -= 1
            if self._fuse < 0:
                raise KilledError
