"""Worlds: one seed is one life of a ledger, recorded, and many ends of it, each followed by a recovery."""

import random
import shutil
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final
from unittest.mock import patch
from zlib import crc32

import apsw
import msgspec

from edge.offline_queue import ledger, set_aside
from edge.offline_queue.integrity import Problem, full_check
from edge.offline_queue.outcomes import JournalClosedError, JournalDamagedError
from edge.offline_queue.projections import NoStartError
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from tests.offline_queue.power.diary import LEDGER, Diary
from tests.offline_queue.power.disk import Image, Kind, Op, Platter, read_image
from tests.offline_queue.power.first_release import written_by_the_first_release
from tests.offline_queue.power.hands import watching_hands
from tests.offline_queue.power.history import History, check_signature, insist
from tests.offline_queue.power.life import live
from tests.offline_queue.power.recording import Recorder, recording, seed_sqlite
from tests.offline_queue.power.shop import DEV, VIEWS, JumpingClock
from tests.offline_queue.power.steps import Step
from tests.offline_queue.power.tamper import tamper
from tests.offline_queue.power.witness import NEW, State

CRASHES_A_WORLD: Final = 100
"""Crashes out of one recorded life; those of recoveries count too."""

NOTE: Final = "ledger.set-aside.json"
"""Why the ledger is set aside, until the next epoch has begun."""

_OF_NAMES: Final = frozenset({Kind.MADE, Kind.FOUND, Kind.RENAME, Kind.DELETE, Kind.DIRECTORY})

_DEPTH_MAX: Final = 3
_TEMPLATES: Final = 4
# Every third life begins with nothing: a ledger is made only once, and much can go wrong with it.
_STARTS: Final = (*range(_TEMPLATES), *[_TEMPLATES] * 3, _TEMPLATES + 1)


# What a broken promise shows itself as: to us, to the product, or to SQLite.
_BROKEN: Final = (
    AssertionError,
    apsw.Error,
    JournalClosedError,
    JournalDamagedError,
    NoLedgerError,
    NoStartError,
    ValueError,
)


class Outcome(msgspec.Struct, frozen=True):
    """How a world ended: after so many crashes, and with which broken promise, if any."""

    seed: int
    crashes: int
    fingerprint: int
    """The same when everything that was written and cut was the same."""
    broken: str | None = None


class Warm(msgspec.Struct, frozen=True):
    """A ledger that has lived for a while, as it is on the disk and in its diary."""

    image: Image
    history: History
    state: State


class Record(msgspec.Struct):
    """What a process did to a disk, and what it promised meanwhile."""

    platter: Platter
    log: list[Op]
    steps: list[Step]

    def step_at(self, position: int) -> Step:
        """What was under way just before the change number `position`."""
        number = bisect_right(self.steps, position, key=lambda step: step.end)
        if number < len(self.steps):
            return self.steps[number]
        last = self.steps[-1]
        return Step(
            f"the end, after {last.name}", position, position, (last.after,), last.after, last.history
        )


def play(seed: int, crashes: int = CRASHES_A_WORLD, closer: int = 80) -> Outcome:
    """Live one life and crash it; the same seed does the same again, to the byte.

    After every `closer` crashes the product's own full check is tried as well.
    """
    world = _World(seed, closer)
    # The schema that the code wants is the same at every start: it need not be asked of SQLite each time. And
    # a log that is grown to 4 MiB at each start would be most of what the world does.
    wanted = patch.object(ledger, "schema_wanted", cache(ledger.schema_wanted))
    try:
        with wanted, patch.object(ledger, "_WAL_BYTES", 64 * 1024):
            ledger.schema_wanted()  # now, so that it draws nothing from the luck of the world
            world.play(crashes)
    except _BROKEN as error:
        broken = f"{world.where}: {type(error).__name__}: {error}"
        return Outcome(seed, world.crashes, world.fingerprint, broken)
    return Outcome(seed, world.crashes, world.fingerprint)


@contextmanager
def _fixed_luck(name: str) -> Iterator[None]:
    """Epochs, names of boots, what SQLite draws and what the kernel counts are the same each time too."""
    inodes: dict[int, int] = {}

    def inode(path: Path) -> int:
        return inodes.setdefault(path.stat().st_ino, len(inodes) + 1) if path.exists() else 0

    seed_sqlite(random.Random(f"{name} in SQLite"))
    tokens = random.Random(f"{name} of tokens")
    with patch("secrets.token_bytes", tokens.randbytes), patch.object(set_aside, "_inode", inode):
        yield


@contextmanager
def _directory() -> Iterator[Path]:
    """A directory in memory: the disk that is lost is our own."""
    memory = Path("/dev/shm")  # noqa: S108 - a directory of its own is made in it
    path = Path(tempfile.mkdtemp(prefix="power-", dir=memory if memory.is_dir() else None))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@cache
def warm(number: int) -> Warm:
    """A ledger to begin a world with; the last two are nothing, and one of the first release."""
    if number == _TEMPLATES:
        return Warm(Image({}), History(), NEW)
    if number > _TEMPLATES:
        old = warm(0).history
        with _directory() as root, _fixed_luck("the first release"):
            image, state = written_by_the_first_release(root, old, acked=1)
        return Warm(image, old, state)
    luck = random.Random(number)
    with _directory() as root, _fixed_luck(f"warm {number}"), recording(root) as recorder:
        diary = Diary(root, luck, JumpingClock(), lambda: recorder.position)
        diary.open(_nothing(), cut=True)
        for _ in range(3):
            diary.sell()
        live(diary, recorder, 6 * number)
        diary.close()
        return Warm(read_image(root), diary.history, diary.state)


def _nothing() -> Step:
    return Step("nothing", 0, 0, (NEW,), NEW, History())


class _World:
    def __init__(self, seed: int, closer: int) -> None:
        self._seed = seed
        self._closer = closer
        self.luck = random.Random(seed)
        self.crashes = 0
        self.fingerprint = 0
        self.where = "at the start"

    def play(self, crashes: int) -> None:
        with _directory() as root:
            life, after = root / "life", root / "after"
            life.mkdir()
            after.mkdir()
            self._after = after
            start = warm(self.luck.choice(_STARTS))
            with _fixed_luck(f"world {self._seed}"):
                record = self._live(life, start)
                self._crash(record, crashes, 1)

    def _live(self, root: Path, start: Warm) -> Record:
        """One life, from a warm start or from nothing."""
        self.where = "in the life"
        start.image.lay(root)
        with recording(root, start.image) as recorder, watching_hands(recorder):
            diary = Diary(root, self.luck, JumpingClock(), lambda: recorder.position)
            diary.open(Step("a warm start", 0, 0, (start.state,), start.state, start.history), cut=True)
            live(diary, recorder, self.luck.randint(5, 30))
            diary.close()
        for row in diary.history.rows:
            check_signature(row)
        return Record(Platter(recorder.log, start.image), recorder.log, diary.steps)

    def _crash(self, record: Record, many: int, depth: int) -> None:
        """Cut a record off at many places, and recover from each."""
        for op in record.log:
            self._remember(op.kind.value, op.file, op.at, op.data)
        for position in self._positions(record, many):
            record.platter.turn_to(position)
            self._recover(record, position, depth)

    def _remember(self, *things: object) -> None:
        self.fingerprint = crc32(repr(things).encode(), self.fingerprint)

    def _positions(self, record: Record, many: int) -> list[int]:
        """Anywhere, twice as often close to a sync, and as often where a file gets or loses its name."""
        end = len(record.log)
        syncs = [at for at, op in enumerate(record.log) if op.kind is Kind.SYNC]
        names = [at for at, op in enumerate(record.log) if op.kind in _OF_NAMES]
        return sorted(self._position(end, self.luck.choice(((), syncs, syncs, names))) for _ in range(many))

    def _position(self, end: int, places: Sequence[int]) -> int:
        if not places:
            return self.luck.randint(0, end)
        return min(max(self.luck.choice(places) + self.luck.randint(-2, 3), 0), end)

    def _recover(self, record: Record, position: int, depth: int) -> None:
        self.crashes += 1
        last = record.step_at(position)
        power = self.luck.random() < 0.8
        end = "power cut" if power else "process died"
        self.where = f"{end} at change {position} of {len(record.log)}, depth {depth}, in {last.name}"
        self._remember(self.where)
        image = record.platter.surviving(self.luck) if power else record.platter.kernel_view()
        self._lay(image, last.ends or last.history.previous)
        if depth < _DEPTH_MAX and self.luck.random() < 0.1:
            with recording(self._after, image) as recorder, watching_hands(recorder):
                diary = self._recovery(last, recorder, cut=power)
            platter = Platter(recorder.log, image) if power else record.platter.goes_on(recorder.log)
            again = Record(platter, recorder.log, diary.steps)
            self._crash(again, self.luck.randint(1, 3), depth + 1)
        else:
            self._recovery(last, None, cut=power)
            self._look_closer()

    def _lay(self, image: Image, old: History | None) -> None:
        """Put the files of `image` where the next process looks for them.

        The note beside a ledger that was set aside knows it by its inode; here it gets another one.
        """
        shutil.rmtree(self._after)
        self._after.mkdir()
        image.lay(self._after)
        if old is not None and NOTE in image.files:
            there = image.files.get(LEDGER)
            mine = there is not None and (DEV + old.epoch).encode() in there.data
            note = self._after / NOTE
            with suppress(msgspec.DecodeError):  # half a note is for the product to read
                said = msgspec.json.decode(note.read_bytes())
                said["inode"] = set_aside._inode(self._after / LEDGER) if mine else -1
                note.write_bytes(msgspec.json.encode(said))

    def _recovery(self, last: Step, recorder: Recorder | None, *, cut: bool) -> Diary:
        """Open what is left, retry what was under way, sell once more."""
        clock = JumpingClock()
        clock.go_on(self.luck)
        diary = Diary(self._after, self.luck, clock, lambda: recorder.position if recorder else 0)
        with self._agent():
            diary.open(last, cut=cut)
            diary.write([*last.orders, diary.fresh()])
        if recorder is None:
            diary.die()
        else:
            diary.close()
        return diary

    @contextmanager
    def _agent(self) -> Iterator[None]:
        """The agent may be there first, and look at what the crash has left; it never writes."""
        path = self._after / LEDGER
        if self.luck.random() < 0.1 and path.exists():
            with closing(LedgerReader(path)) as reader:
                reader.head()
                yield
        else:
            yield

    def _look_closer(self) -> None:
        """Now and then: the product's own full check finds nothing, and finds a change that was planted."""
        if self.crashes % self._closer:
            return
        found = self._problems()
        insist(not found, f"the full check says {found}")
        changed = tamper(self._after / LEDGER, self.luck)
        insist(self._problems(), f"the full check does not see that {changed}")

    def _problems(self) -> list[Problem]:
        with closing(LedgerReader(self._after / LEDGER)) as reader:
            return [one for one in full_check(reader, VIEWS) if isinstance(one, Problem)]
