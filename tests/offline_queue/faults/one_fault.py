"""One scripted life of a ledger on a disk with one fault: the pen keeps its promise, or it raises."""

import random
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import apsw
import msgspec

from edge.offline_queue.outcomes import JournalClosedError, JournalDamagedError
from tests.offline_queue.faults.disk import Call, Fault, FaultyDisk
from tests.offline_queue.faults.keeper import (
    Keeper,
    check_promises,
    key_that_signs,
    problems_of,
    read_entries,
    unpromised,
)
from tests.offline_queue.faults.shop import NEXT_KEY, staged

LEDGER: Final = "ledger.db"
FAULTS: Final[tuple[tuple[Call, tuple[int, ...]], ...]] = (
    ("write", (apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_FULL)),
    ("read", (apsw.SQLITE_IOERR_READ, apsw.SQLITE_IOERR_SHORT_READ)),
    ("sync", (apsw.SQLITE_IOERR_FSYNC,)),
    ("truncate", (apsw.SQLITE_IOERR_TRUNCATE,)),
    ("open", (apsw.SQLITE_CANTOPEN,)),
    ("size", (apsw.SQLITE_IOERR_FSTAT,)),
    ("delete", (apsw.SQLITE_IOERR_DELETE,)),
)
"""How each kind of call can fail."""


class Outcome(msgspec.Struct, frozen=True):
    """How a life with one fault went: what the keeper was doing when it ended, and why it did.

    `raised` is empty when the fault was overcome; `released` names what the reserve was given up for.
    """

    doing: str
    raised: str
    released: tuple[str, ...]


class Ballast:
    """Room that a full disk gets back, as long as there is some of it: then the fault is gone."""

    def __init__(self, disk: FaultyDisk, keeper: Keeper) -> None:
        self._disk = disk
        self._keeper = keeper
        self.released: list[str] = []

    def release(self) -> bool:
        self.released.append(self._keeper.doing)
        self._disk.mend()
        return len(self.released) == 1


def live(keeper: Keeper) -> None:
    """Everything that a pen can do, in two openings of one ledger."""
    keeper.open()
    keeper.stock("d1", "d2")
    keeper.sell("a")
    keeper.sell("b", "c", "d")
    keeper.fold()
    keeper.confirm(4)
    keeper.checkpoint()
    keeper.sell("e")
    keeper.confirm(keeper.pen.head, safe=keeper.pen.head)
    keeper.flush()
    keeper.sell("f", "g")
    keeper.checkpoint()
    keeper.prune()
    keeper.sell("h")
    keeper.close()
    keeper.open()
    keeper.sell("i")
    keeper.flush()
    keeper.rotate(NEXT_KEY)
    keeper.sell("j", "k")
    keeper.confirm(keeper.pen.head, safe=keeper.pen.head)
    keeper.checkpoint()
    keeper.prune()
    keeper.close()


@cache
def calls_of_a_life() -> Counter[Call]:
    """Live without a fault: how many calls of each kind that takes."""
    with TemporaryDirectory() as directory, FaultyDisk() as disk, staged(random.Random(1)):
        live(Keeper(Path(directory) / LEDGER))
    return disk.calls


def any_fault_world(seed: int) -> None:
    """Any fault at any call, lasting or not, with ballast or without, and either end."""
    luck = random.Random(seed)
    call, codes = luck.choice(FAULTS)
    fault = Fault(
        call,
        luck.randrange(calls_of_a_life()[call]),
        luck.choice(codes),
        lasting=luck.random() < 0.3,
        partial=luck.random() < 0.3,
    )
    check_fault(fault, dies=luck.random() < 0.5, ballast=luck.random() < 0.5)


def check_fault(fault: Fault, *, dies: bool, ballast: bool = True) -> Outcome:
    """Live with one fault; raise AssertionError unless what is left keeps every promise.

    The process then dies at once and leaves the files as they are, or it closes them.
    """
    with TemporaryDirectory() as directory:
        try:
            return _fault_world(Path(directory) / LEDGER, fault, dies=dies, ballast=ballast)
        except (AssertionError, apsw.Error) as error:
            error.add_note(f"replay it: check_fault({fault}, {dies=}, {ballast=})")
            raise


def _fault_world(path: Path, fault: Fault, *, dies: bool, ballast: bool) -> Outcome:
    keeper = Keeper(path)
    with FaultyDisk(fault) as disk, staged(random.Random(1)):
        reserve = Ballast(disk, keeper)
        keeper.reserve = reserve if ballast else None
        raised = _live_until_it_fails(keeper, fault)
        doing = keeper.doing
        left = _copied(path) if dies else path
        disk.mend()
        keeper.close()
    assert disk.struck, "a life has no such call"
    check_what_is_left(keeper, left)
    return Outcome(doing, raised, tuple(reserve.released))


def _live_until_it_fails(keeper: Keeper, fault: Fault) -> str:
    # A card that gives fewer bytes than a file has looks like a file that was cut off.
    short = fault.code == apsw.SQLITE_IOERR_SHORT_READ
    lies = (JournalDamagedError, apsw.CorruptError) if short else ()
    try:
        live(keeper)
    except (apsw.IOError, apsw.FullError, apsw.CantOpenError, JournalClosedError, *lies) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _copied(path: Path) -> Path:
    """The files as the kernel has them at this moment."""
    killed = path.parent / "killed"
    shutil.copytree(path.parent, killed, ignore=shutil.ignore_patterns("*-shm", "*.lock"))
    return killed / path.name


def check_what_is_left(keeper: Keeper, path: Path) -> None:
    """Open it on a good disk: all promises are there, and a group in flight is there whole or not at all."""
    entries = read_entries(path) if path.exists() else []
    check_promises(keeper, entries)
    # To begin is two commits: an object may die with a genesis and without a boot.
    begun = keeper.in_flight[:1] if "boot" in keeper.in_flight else ()
    assert unpromised(keeper, entries) in {(), keeper.in_flight, begun}
    heir = Keeper(path)
    heir.key = key_that_signs(entries)
    with FaultyDisk(), staged(random.Random(2)):
        heir.open()
        heir.sell("the next one")
        heir.close()
    assert problems_of(path) == []
