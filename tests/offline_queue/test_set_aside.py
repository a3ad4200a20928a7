"""A ledger that must not be written any more is kept, and the next epoch says so."""

import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Fork, HeadOf
from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue import pen as pen_module
from edge.offline_queue import set_aside as aside
from edge.offline_queue.ledger import open_ledger
from edge.offline_queue.outcomes import (
    ForeignLedgerError,
    IdemConflictError,
    JournalClosedError,
    JournalDamagedError,
    JournalForkedError,
)
from edge.offline_queue.pen import Pen
from edge.offline_queue.reader import LedgerReader
from tests.offline_queue.conftest import StillClock
from tests.offline_queue.desk import Desk, confirm, receipt, words, write, write_many

SPOIL_A_BODY = (
    "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '\"units\":1', '\"units\":2') AS BLOB)"
    " WHERE seq = 5"
)


def kept(desk: Desk) -> Path:
    (path,) = (desk.path.parent / aside.FOLDER).glob("*/ledger.db")
    return path


def fork_of(desk: Desk) -> Fork:
    fact = decode_body(desk.entries()[1].body).fact
    assert isinstance(fact, Fork)
    return fact


def rolled_back(desk: Desk) -> JournalForkedError:
    """The card is put back to an older copy of itself; the hub has seen what came after."""
    pen = desk.pen()
    write_many(pen, 3)
    desk.close()
    old = desk.path.with_name("old.db")
    shutil.copy(desk.path, old)
    shutil.copy(desk.path.with_name("ledger.db-wal"), desk.path.with_name("old.db-wal"))
    pen = desk.pen()
    write_many(pen, 2, "lost-")
    said = receipt(pen, desk.entries(), pen.head)
    desk.close()
    desk.path.with_name("ledger.db-shm").unlink(missing_ok=True)
    old.rename(desk.path)
    old.with_name("old.db-wal").rename(desk.path.with_name("ledger.db-wal"))
    with pytest.raises(JournalForkedError) as raised:
        desk.pen().acknowledge(said, words(said))
    aside.set_aside(desk.path, "behind-the-hub", str(raised.value), HeadOf(said.seq, said.hash))
    desk.close()
    return raised.value


def test_a_rolled_back_card_begins_a_new_epoch_that_names_both_heads(desk: Desk) -> None:
    assert "the hub has confirmed entry 8, and this ledger ends at" in str(rolled_back(desk))
    epoch, head = desk.rows("SELECT epoch, (SELECT max(seq) FROM entry) FROM journal")[0]
    pen = desk.pen()
    fork = fork_of(desk)
    assert pen.epoch != epoch
    assert (fork.epoch, fork.was.seq, fork.hub.seq, fork.reason) == (epoch, head, 8, "behind-the-hub")
    assert desk.kinds() == ["genesis", "fork", "checkpoint", "boot"]
    assert kept(desk).exists()
    assert aside.note_of(desk.path) is None
    assert desk.problems() == []


def test_the_new_epoch_takes_over_the_state_and_the_keys(desk: Desk) -> None:
    rolled_back(desk)
    pen = desk.pen()
    (refused,) = write(pen, "t0")
    assert isinstance(refused, IdemConflictError)
    write(pen, "new")
    assert list(pen.rebuild())
    assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(4,)]
    assert desk.rows("SELECT units FROM counted WHERE holder = 'transit'") == [(-4,)]
    assert desk.problems() == []


def test_the_new_epoch_may_be_pruned_and_forked_again(desk: Desk) -> None:
    rolled_back(desk)
    pen = desk.pen()
    write(pen, "new")
    pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    assert pen.prune() == 2
    assert pen.prune() == 3
    aside.set_aside(desk.path, "another-history", "as if")
    pen = desk.pen()
    (refused,) = write(pen, "t0")
    assert isinstance(refused, IdemConflictError)
    assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(4,)]
    assert desk.problems() == []


def test_only_the_keys_of_90_days_are_taken_over(desk: Desk, clock: StillClock) -> None:
    write(desk.pen(), "old")
    clock.ms += 91 * 24 * 3_600 * 1_000
    write(desk.pen(), "young")
    aside.set_aside(desk.path, "another-history", "as if")
    pen = desk.pen()
    old, young = write(pen, "old2"), write(pen, "young")
    assert isinstance(young[0], IdemConflictError)
    assert not isinstance(old[0], IdemConflictError)
    assert desk.rows("SELECT count(*) FROM spent WHERE wall_ms < 1707000000000") == [(0,)]


def test_a_damaged_ledger_waits_for_a_person(desk: Desk) -> None:
    write_many(desk.pen(), 3)
    desk.spoil(SPOIL_A_BODY)
    for _ in range(2):
        with pytest.raises(JournalDamagedError, match=r"entry 5 is not what was written.*opos ledger renew"):
            desk.pen()
    assert not desk.path.exists()
    assert kept(desk).exists()


def test_a_person_lets_the_next_epoch_begin_with_what_can_be_believed(desk: Desk) -> None:
    write_many(desk.pen(), 3)
    before = desk.entries()
    desk.spoil(SPOIL_A_BODY)
    with pytest.raises(JournalDamagedError):
        desk.pen()
    note = aside.allow(desk.path)
    assert note is not None
    assert note.allowed
    pen = desk.pen()
    fork = fork_of(desk)
    assert (fork.was, fork.reason) == (HeadOf(4, b64(before[3].hash)), "damaged")
    # Entries 3 and 4 are believed; 5 is not.
    assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(2,)]
    assert len(write(pen, "t2")) == 1
    assert desk.problems() == []


def test_the_hub_s_word_survives_a_damaged_file(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 3)
    confirm(pen, desk, seq=4)
    digest = desk.entries()[3].hash
    desk.spoil(SPOIL_A_BODY)
    with pytest.raises(JournalDamagedError):
        desk.pen()
    aside.allow(desk.path)
    desk.pen()
    assert fork_of(desk).hub == HeadOf(4, b64(digest))


def test_what_comes_before_a_damaged_page_is_taken_over(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 40)
    pen.flush()
    desk.close()
    data = bytearray(desk.path.read_bytes())
    for page in range(len(data) // 1024 - 12, len(data) // 1024):
        data[page * 1024 : page * 1024 + 16] = b"\xff" * 16
    desk.path.write_bytes(data)
    with pytest.raises(JournalDamagedError):
        desk.pen()
    aside.allow(desk.path)
    desk.pen()
    assert fork_of(desk).reason == "damaged"
    assert desk.problems() == []


def test_a_damaged_table_that_only_the_first_entry_of_a_start_comes_across(desk: Desk) -> None:
    write_many(desk.pen(), 2)
    where = "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'counted'"
    root, size = (int(str(each)) for each in desk.rows(where)[0])
    desk.close()
    with desk.path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(bytes(size))
    with pytest.raises(JournalDamagedError, match="Nothing is sold until somebody has looked"):
        desk.pen()
    desk.close()
    assert kept(desk).exists()
    aside.allow(desk.path)
    desk.pen()
    assert fork_of(desk).reason == "damaged"


def test_a_state_that_cannot_be_read_is_not_taken_over(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 3)
    pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    pen.prune()
    desk.spoil("DELETE FROM closing")
    aside.set_aside(desk.path, "another-history", "as if")
    (refused,) = write(desk.pen(), "t0")
    assert isinstance(refused, IdemConflictError)
    assert desk.rows("SELECT * FROM counted") == []
    assert desk.problems() == []


def test_a_receipt_that_cannot_be_read_is_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_: object) -> int:
        raise apsw.CorruptError("database disk image is malformed")

    write_many(desk.pen(), 3)
    aside.set_aside(desk.path, "another-history", "as if")
    monkeypatch.setattr(LedgerReader, "acked", damaged)
    desk.pen()
    assert fork_of(desk).hub == HeadOf(0, "")


def test_a_file_that_nobody_can_read_leaves_nothing_to_take_over(desk: Desk) -> None:
    desk.path.write_bytes(b"a shopping list, and quite a long one" * 100)
    with pytest.raises(JournalDamagedError):
        desk.pen()
    aside.allow(desk.path)
    desk.pen()
    assert fork_of(desk) == Fork("", HeadOf(0, ""), HeadOf(0, ""), "damaged")
    assert desk.problems() == []


def test_a_log_without_its_ledger_is_kept_too(desk: Desk) -> None:
    write_many(desk.pen(), 3)
    desk.close()
    desk.path.rename(desk.path.with_name("elsewhere.db"))
    with pytest.raises(JournalDamagedError, match="is gone, but its log"):
        desk.pen()
    (log,) = (desk.path.parent / aside.FOLDER).glob("*/ledger.db-wal")
    assert log.exists()


def test_a_power_cut_between_the_note_and_the_move_changes_nothing(desk: Desk) -> None:
    pen = desk.pen()
    write_many(pen, 3)
    aside.set_aside(desk.path, "another-history", "as if")
    desk.close()
    folder = desk.path.parent / aside.FOLDER / f"ledger-{desk.path.stat().st_ino}"
    folder.mkdir(parents=True)
    desk.path.with_name("ledger.db-wal").rename(folder / "ledger.db-wal")
    desk.pen()
    assert fork_of(desk).was.seq == 5
    assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(3,)]


def test_a_power_cut_before_the_note_is_forgotten_begins_no_second_epoch(desk: Desk) -> None:
    write_many(desk.pen(), 3)
    note = aside.set_aside(desk.path, "another-history", "as if")
    epoch = desk.pen().epoch
    aside._write(desk.path, note)
    assert desk.pen().epoch == epoch
    assert desk.kinds().count("fork") == 1
    assert aside.note_of(desk.path) is None


def test_a_card_that_was_copied_file_by_file_is_still_over(desk: Desk) -> None:
    write_many(desk.pen(), 3)
    aside.set_aside(desk.path, "another-history", "as if")
    desk.close()
    for suffix in ("", "-wal"):
        old = desk.path.with_name(desk.path.name + suffix)
        copy = Path(shutil.copy(old, old.with_name(f"copy{suffix}")))
        copy.rename(old)
    desk.pen()
    assert fork_of(desk).was.seq == 5
    assert desk.problems() == []


def test_a_log_that_a_reader_began_in_between_is_kept_beside_the_real_one(desk: Desk) -> None:
    write_many(desk.pen(), 3)
    aside.set_aside(desk.path, "another-history", "as if")
    desk.close()
    folder = desk.path.parent / aside.FOLDER / f"ledger-{desk.path.stat().st_ino}"
    folder.mkdir(parents=True)
    desk.path.with_name("ledger.db-wal").rename(folder / "ledger.db-wal")
    desk.path.with_name("ledger.db-wal").touch()
    desk.pen()
    assert {each.name for each in folder.iterdir()} >= {"ledger.db", "ledger.db-wal", "ledger.db-wal.later"}
    assert desk.rows("SELECT units FROM counted WHERE holder = 'shelf'") == [(3,)]


def test_a_file_without_a_row_that_says_whose_it_is_has_no_epoch(desk: Desk) -> None:
    desk.pen()
    desk.spoil("DELETE FROM journal")
    assert aside.set_aside(desk.path, "another-history", "as if").epoch == ""


def test_the_note_goes_only_when_the_boot_after_the_fork_is_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a killed process wrote last is seen by the next one before it is on the disk: its own commit must
    # come first, or a power cut could take the fork and leave no note.
    write_many(desk.pen(), 3)
    aside.set_aside(desk.path, "another-history", "as if")
    kinds: list[list[str]] = []

    def forget(path: Path) -> None:
        kinds.append(desk.kinds())
        aside.forget(path)

    monkeypatch.setattr(pen_module, "forget", forget)
    desk.pen()
    assert kinds == [["genesis", "fork", "checkpoint", "boot"]]


def test_a_note_that_cannot_be_read_stops_everything(desk: Desk) -> None:
    desk.path.with_name("ledger.set-aside.json").write_bytes(b"{")
    with pytest.raises(JournalDamagedError, match="expected why the ledger was set aside"):
        desk.pen()


def test_nobody_is_asked_where_nothing_was_set_aside(desk: Desk) -> None:
    desk.pen()
    assert aside.allow(desk.path) is None


def test_a_ledger_goes_on_with_its_own_key_alone(desk: Desk) -> None:
    key = desk.key
    desk.pen()
    desk.key = SoftwareKey.generate()
    with pytest.raises(ForeignLedgerError, match="give the object its own key back"):
        desk.pen()
    desk.key = key
    assert desk.pen().head == 3


def test_two_processes_never_write_one_ledger(desk: Desk) -> None:
    desk.pen()
    with pytest.raises(JournalClosedError, match="another process writes this ledger"):
        Pen(desk.path, desk.key, "shelf", desk.clock)


class Ballast:
    """Room that may be given up once."""

    def __init__(self) -> None:
        self.released = 0

    def release(self) -> bool:
        self.released += 1
        return self.released == 1


def test_a_full_disk_is_given_the_ballast_at_a_start_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.pen()
    usual, tries = open_ledger, []

    def full_once(*arguments: Any) -> apsw.Connection:
        tries.append(arguments)
        if len(tries) == 1:
            raise JournalClosedError("disk I/O error")
        return usual(*arguments)

    monkeypatch.setattr(pen_module, "open_ledger", full_once)
    desk.reserve = Ballast()
    assert desk.pen().head == 3
    assert desk.reserve.released == 1
    tries.clear()
    with pytest.raises(JournalClosedError):
        desk.pen()


class FullOnce:
    """A connection whose disk is full until the ballast is given up."""

    def __init__(self, db: apsw.Connection, error: apsw.Error) -> None:
        self._db, self._error = db, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def wal_checkpoint(self, *_: object) -> None:
        raise self._error


def test_a_full_disk_keeps_the_log_and_a_failing_one_is_the_end(desk: Desk) -> None:
    desk.reserve = Ballast()
    pen = desk.pen()
    usual = pen._db
    pen._db = FullOnce(usual, apsw.FullError("full"))  # type: ignore[assignment]
    pen.flush()
    assert desk.reserve.released == 1
    pen._db = FullOnce(usual, apsw.IOError("broken"))  # type: ignore[assignment]
    with pytest.raises(apsw.IOError):
        pen.flush()
    pen._db = usual
    assert pen.spare_bytes == 0


def test_a_backup_cannot_cover_more_than_the_hub_has(desk: Desk) -> None:
    pen = desk.pen()
    said = receipt(pen, desk.entries(), 1, safe=2)
    with pytest.raises(ValueError, match="the hub itself only 1"):
        pen.acknowledge(said, words(said))
    confirm(pen, desk, seq=2)
    assert confirm(pen, desk, seq=2) == 2
