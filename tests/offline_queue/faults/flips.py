"""One flipped bit in a ledger: whatever it changes for anybody who asks, the full check finds."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from enum import Enum
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from cloud_sync.contract.entry import SignedEntry
from edge.offline_queue.integrity import Problem, full_check
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.offline_queue.witness import Seen, loss
from tests.offline_queue.faults.keeper import PROJECTIONS, Keeper
from tests.offline_queue.faults.questions import Answers, Question, answers, questions
from tests.offline_queue.faults.shop import NEXT_KEY, staged

_LEDGER: Final = "ledger.db"


class Left(Enum):
    """How a day ended."""

    CLOSED = "everything stands in the file, and there is no log"
    CLOSED_WITH_LOG = "everything stands in the file, and the log is there for the next start"
    KILLED = "some commits after the last flush stand in the log alone"


class Intact(msgspec.Struct, frozen=True):
    """A whole ledger as its two files hold it, and what it answers."""

    day: str
    left: Left
    file: bytes
    log: bytes
    questions: list[Question]
    answers: Answers
    epoch: str
    entries: list[SignedEntry]


def short_day(keeper: Keeper) -> None:
    """A new ledger, and nothing but sales."""
    keeper.open()
    keeper.stock("d1")
    for n in range(6):
        keeper.sell(f"a{n}")
    keeper.fold()


def long_day(keeper: Keeper) -> None:
    """Checkpoints, receipts, another start."""
    short_day(keeper)
    for round_ in range(3):
        keeper.sell(*(f"b{round_}.{n}" for n in range(5)))
        keeper.confirm(keeper.pen.head - 2, keeper.pen.head - 4)
        keeper.checkpoint()
    keeper.close()
    keeper.open()
    keeper.sell("c1", "c2")


def pruned(keeper: Keeper) -> None:
    """Another key, and nothing kept below a checkpoint that a backup covers."""
    long_day(keeper)
    keeper.rotate(NEXT_KEY)
    keeper.sell("d1", "d2")
    keeper.confirm(keeper.pen.head, keeper.pen.head - 4)
    keeper.prune()
    keeper.sell("d3")
    keeper.fold()


DAYS: Final = (short_day, long_day, pruned)
_ENDS: Final = (Left.CLOSED, Left.KILLED)


class Found(Enum):
    """What became of a flip."""

    HARMLESS = "nobody is told anything else than before"
    BY_THE_CHECK = "the full check names a problem, or the file is refused"
    BY_A_WITNESS = "the log ends earlier, as if the last commits had never been: who saw the head knows"
    COMES_AGAIN = "the log ends earlier, and only a receipt or a fold is gone: both come again"


def flip_world(seed: int) -> None:
    """Flip one bit; raise AssertionError if that changes an answer and nobody finds it."""
    check_flips([seed])


def check_flips(seeds: Iterable[int], *ends: Left) -> Counter[Found]:
    """One flip for each seed, after a day that ended in one of `ends`: what became of them."""
    with TemporaryDirectory() as directory:
        return Counter(_flip(Path(directory) / _LEDGER, seed, ends or _ENDS) for seed in seeds)


def _flip(path: Path, seed: int, ends: Sequence[Left]) -> Found:
    luck = random.Random(seed)
    intact = _intact(luck.randrange(len(DAYS)), luck.choice(ends))
    file, log = bytearray(intact.file), bytearray(intact.log)
    target = log if log and luck.random() < 0.5 else file
    bit = luck.randrange(8 * len(target))
    target[bit // 8] ^= 1 << bit % 8
    _lay(path, file, log)
    if answers(path, intact.questions) == intact.answers:
        return Found.HARMLESS
    if _is_found(path):
        return Found.BY_THE_CHECK
    assert target is log, f"{_replay(seed, ends)}: bit {bit} of the file of {intact.day} is silent"
    assert intact.left is Left.KILLED, f"{_replay(seed, ends)}: bit {bit} of an old log has undone a sale"
    return _of_the_log(path, intact)


def _replay(seed: int, ends: Sequence[Left]) -> str:
    return f"check_flips([{seed}], {', '.join(map(str, ends))})"


def _of_the_log(path: Path, intact: Intact) -> Found:
    """A log is only as long as its frames hold together: a flip can end it, as a power cut would have."""
    with closing(LedgerReader(path)) as reader:
        entries = list(reader.entries(reader.floor()))
    assert entries == intact.entries[: len(entries)]
    if len(entries) == len(intact.entries):
        return Found.COMES_AGAIN
    assert loss(Seen(intact.epoch, intact.entries[-1].seq), intact.epoch, entries[-1].seq)
    return Found.BY_A_WITNESS


@cache
def _intact(day: int, left: Left) -> Intact:
    with TemporaryDirectory() as directory, staged(random.Random(day)):
        path = Path(directory) / _LEDGER
        keeper = Keeper(path)
        DAYS[day](keeper)
        if left is Left.KILLED:
            keeper.flush()
            keeper.sell("z1")
            keeper.confirm(keeper.pen.head - 1)
            keeper.sell("z2", "z3")
            keeper.fold()
        else:
            keeper.close()
        file = path.read_bytes()
        log = b"" if left is Left.CLOSED else _log_of(path).read_bytes().rstrip(b"\0")
        keeper.close()
        _lay(path, file, log)
        return _asked(path, DAYS[day].__name__, left, file, log)


def _asked(path: Path, day: str, left: Left, file: bytes, log: bytes) -> Intact:
    assert not _is_found(path)
    with closing(LedgerReader(path)) as reader:
        asked, entries = list(questions(reader.database)), list(reader.entries(reader.floor()))
        identity = reader.identity()
    assert identity is not None
    return Intact(day, left, file, log, asked, answers(path, asked), identity.epoch, entries)


def _lay(path: Path, file: bytes | bytearray, log: bytes | bytearray) -> None:
    path.write_bytes(file)
    _log_of(path).write_bytes(log)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


def _is_found(path: Path) -> bool:
    try:
        with closing(LedgerReader(path)) as reader:
            return any(isinstance(one, Problem) for one in full_check(reader, PROJECTIONS))
    except NoLedgerError:
        return True


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
