"""What is given up as the disk fills, in which order; and a paid sale is written on a full disk."""

import errno
import os
from pathlib import Path

import apsw
import pytest

from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue import budget
from edge.offline_queue.budget import (
    BALLAST_BYTES,
    MIB,
    Ballast,
    Laid,
    Level,
    Room,
    disk_is_full,
    level_of,
    room_of,
)
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Pen
from tests.offline_queue.conftest import StillClock
from tests.offline_queue.desk import write as sell
from tests.offline_queue.small_disk import SOMEBODY_ELSE, fill, small_disk

ROOMY, DROP, PRUNE, REFUSE = Level
BUDGET = 4000 * MIB
PLENTY = 100_000 * MIB
# Five times what the journal's log holds, each as many entries in one commit as make the day short.
DAY = [[f"t{n}-{m}" for m in range(16)] for n in range(300)]


def full_by(percent: float) -> Room:
    return Room(int(BUDGET * percent / 100), PLENTY, BUDGET)


def left(free_bytes: int) -> Room:
    return Room(0, free_bytes, BUDGET)


@pytest.mark.parametrize(
    ("room", "level"),
    [
        (left(PLENTY), ROOMY),
        (full_by(79.9), ROOMY),
        (full_by(80), DROP),
        (full_by(89.9), DROP),
        (full_by(90), PRUNE),
        (full_by(95), REFUSE),
        (full_by(300), REFUSE),
        # The disk is smaller than the budget: what counts is what can be filled.
        (Room(70 * MIB, 30 * MIB, BUDGET), ROOMY),
        (Room(80 * MIB, 20 * MIB, BUDGET), DROP),
        (Room(90 * MIB, 10 * MIB, BUDGET), PRUNE),
        # Others have filled it: no sale, however little is ours.
        (left(8 * MIB), ROOMY),
        (left(8 * MIB - 1), REFUSE),
        (left(0), REFUSE),
        # One byte decides, at sizes where a float would not see it.
        (Room(8 * 10**17 - 1, 10**18, 10**18), ROOMY),
        (Room(8 * 10**17, 10**18, 10**18), DROP),
    ],
)
def test_the_level_is_the_share_of_what_can_be_filled(room: Room, level: Level) -> None:
    assert level_of(room) is level


@pytest.mark.parametrize(
    ("before", "room", "level"),
    [
        (REFUSE, full_by(93.1), REFUSE),
        (REFUSE, full_by(93), PRUNE),
        (REFUSE, full_by(50), ROOMY),
        (PRUNE, full_by(88.1), PRUNE),
        (PRUNE, full_by(88), DROP),
        (PRUNE, full_by(96), REFUSE),
        (DROP, full_by(78.1), DROP),
        (DROP, full_by(78), ROOMY),
        (ROOMY, full_by(79), ROOMY),
        (DROP, full_by(89), DROP),
        (REFUSE, left(10 * MIB - 1), REFUSE),
        (REFUSE, left(10 * MIB), ROOMY),
        (PRUNE, left(9 * MIB), ROOMY),
    ],
)
def test_a_level_is_left_only_two_points_below_where_it_begins(
    before: Level, room: Room, level: Level
) -> None:
    assert level_of(room, before) is level


def test_a_level_never_flaps_however_the_disk_fills_and_empties() -> None:
    level, changes = ROOMY, 0
    for percent in [94.5, 95.5] * 20 + [90.5, 89.5] * 20 + [80.5, 79.5] * 20:
        before, level = level, level_of(full_by(percent), level)
        changes += level is not before
    assert (level, changes) == (DROP, 4)


def test_the_room_is_counted_from_the_files_and_the_disk(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(bytes(300))
    (tmp_path / "ledger.db-wal").write_bytes(bytes(50))
    files = [tmp_path / name for name in ("ledger.db", "ledger.db-wal", "telemetry.db")]
    room = room_of(tmp_path, files, BUDGET)
    assert (room.used_bytes, room.budget_bytes) == (350, BUDGET)
    assert room.free_bytes > 0


def test_pages_that_were_pruned_are_room_again(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(bytes(300))
    files = [tmp_path / "ledger.db"]
    disk = os.statvfs(tmp_path)
    free = disk.f_bavail * disk.f_frsize
    room = room_of(tmp_path, files, BUDGET, spare_bytes=200)
    assert room.used_bytes == 100
    assert abs(room.free_bytes - free) < 1024 * MIB  # others write to this disk too
    assert room_of(tmp_path, files, BUDGET, spare_bytes=999).used_bytes == 0


def test_a_directory_that_is_gone_has_no_room(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        room_of(tmp_path / "gone", [], BUDGET)


def test_the_ballast_is_laid_once_and_given_once(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast")
    assert not ballast.laid
    assert (ballast.lay(), ballast.lay()) == (Laid.NOW, Laid.ALREADY)
    assert ballast.laid
    assert (tmp_path / "ballast").stat().st_blocks * 512 >= BALLAST_BYTES
    assert (ballast.release(), ballast.release()) == (True, False)
    assert list(tmp_path.iterdir()) == []
    assert ballast.lay() is Laid.NOW


def test_half_a_ballast_of_a_power_cut_is_cleared_away_and_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "ballast").write_bytes(bytes(100))
    (tmp_path / "ballast.part").write_bytes(bytes(100))
    ballast = Ballast(tmp_path / "ballast")
    assert not ballast.laid
    assert ballast.lay() is Laid.NOW
    assert [path.name for path in tmp_path.iterdir()] == ["ballast"]


def test_no_ballast_is_laid_where_the_disk_has_not_room_for_two(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    more_than_half = disk.f_bavail * disk.f_frsize // 2 + 1024 * MIB
    assert Ballast(tmp_path / "ballast", more_than_half).lay() is Laid.NO_ROOM
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_while_the_ballast_is_laid_keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", failing(number))
    assert Ballast(tmp_path / "ballast").lay() is Laid.NO_ROOM
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_in_another_way_is_not_taken_for_a_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        Ballast(tmp_path / "ballast").lay()
    assert list(tmp_path.iterdir()) == []


def test_ballast_on_a_disk_that_deletes_nothing_gives_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballast = Ballast(tmp_path / "ballast")
    ballast.lay()
    monkeypatch.setattr(Path, "unlink", failing(errno.EROFS))
    assert not ballast.release()
    assert ballast.laid


def test_room_was_made_even_if_nobody_knows_that_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballast = Ballast(tmp_path / "ballast")
    ballast.lay()
    monkeypatch.setattr(budget, "sync_directory", failing(errno.EIO))
    assert ballast.release()


def test_what_cannot_be_written_on_a_full_disk_is_written_in_the_ballast(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        ballast = Ballast(disk / "ballast")
        assert ballast.lay() is Laid.NOW
        fill(disk)
        assert level_of(room_of(disk, [], BUDGET)) is REFUSE
        sale = disk / "sale"
        with pytest.raises(OSError, match="No space left"):
            write(sale, MIB)
        assert ballast.release()
        write(sale, MIB)
        assert sale.stat().st_size == MIB
        assert ballast.lay() is Laid.NO_ROOM


def test_a_paid_sale_is_written_to_a_ledger_whose_disk_is_full(
    tmp_path: Path, key: SoftwareKey, clock: StillClock
) -> None:
    with small_disk(tmp_path) as disk:
        ballast = Ballast(disk / "ballast")
        assert ballast.lay() is Laid.NOW
        pen = Pen(disk / "ledger.db", key, "mirror-4", clock, reserve=ballast)
        pen.begin("1.0")
        fill(disk)
        for names in DAY:
            assert all(isinstance(sold, Appended) for sold in sell(pen, *names))
            if not ballast.laid:
                break
        assert not ballast.laid
        head = pen.head
        pen.close()
        again = Pen(disk / "ledger.db", key, "mirror-4", clock)
        assert again.head == head
        again.close()


def test_a_ledger_on_a_full_disk_without_ballast_says_so_and_keeps_what_it_promised(
    tmp_path: Path, key: SoftwareKey, clock: StillClock
) -> None:
    with small_disk(tmp_path) as disk:
        pen = Pen(disk / "ledger.db", key, "mirror-4", clock, reserve=Ballast(disk / "ballast"))
        pen.begin("1.0")
        fill(disk)
        with pytest.raises(apsw.Error) as full:  # noqa: PT012 - it is somewhere in the day, not at one sale
            for names in DAY:
                sell(pen, *names)
        assert disk_is_full(full.value)
        promised = pen.head
        pen.close()
        (disk / SOMEBODY_ELSE).unlink()
        again = Pen(disk / "ledger.db", key, "mirror-4", clock)
        # The commit that failed may be there: it was not promised, and nobody knows until the next start.
        assert again.head in (promised, promised + len(DAY[0]))
        again.close()


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (apsw.FullError, True),
        (apsw.IOError, False),
        (apsw.CorruptError, False),
    ],
)
def test_a_full_disk_is_told_from_a_broken_one(error: type[apsw.Error], full: bool) -> None:
    assert disk_is_full(error()) is full


def test_a_log_whose_index_has_no_room_to_grow_is_a_full_disk() -> None:
    no_room, broken = (
        apsw.exception_for(code) for code in (apsw.SQLITE_IOERR_SHMSIZE, apsw.SQLITE_IOERR_WRITE)
    )
    assert isinstance(no_room, apsw.IOError)
    assert isinstance(broken, apsw.IOError)
    assert (disk_is_full(no_room), disk_is_full(broken)) == (True, False)


def write(path: Path, size: int) -> None:
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())


def failing(number: int) -> object:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail
