"""The ledger's file: made whole, brought up to date, refused when a later version wrote it."""

import errno
from importlib import resources
from pathlib import Path

import apsw
import pytest

from cloud_sync.contract.entry import encode_body, first_prev, sign_entry
from cloud_sync.contract.facts import Boot, Fact, Genesis
from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue import ledger
from edge.offline_queue.ledger import open_ledger, schema_of, schema_wanted
from edge.offline_queue.outcomes import ForeignLedgerError, JournalClosedError, JournalDamagedError
from edge.offline_queue.pen import Pen
from edge.offline_queue.standing import signing_kid
from tests.contract.paper_chain import body_of
from tests.offline_queue.desk import Desk, confirm, write, write_many

VERSION_1 = Path(__file__).with_name("schema_version_1.sql")


def make_version_1(path: Path, key: SoftwareKey, *, confirmed: bool) -> None:
    """A ledger as the first release wrote it."""
    db = apsw.Connection(str(path))
    db.execute("PRAGMA page_size = 1024")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(VERSION_1.read_text(encoding="utf-8"))
    db.execute("INSERT INTO journal VALUES (1, 'shelf', 'old-epoch')")
    prev = first_prev("old-epoch")
    facts: tuple[Fact, ...] = (Genesis(key.public, "file"), Boot("0.1.0"))
    for seq, fact in enumerate(facts, 1):
        body = encode_body(body_of(fact, seq, dev="shelf", epoch="old-epoch"))
        entry = sign_entry(key, seq, prev, body)
        kind = ("genesis", "boot")[seq - 1]
        db.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (seq, kind, f"idem-{seq}", entry.kid, entry.prev, entry.body, entry.hash, entry.sig),
        )
        prev = entry.hash
    db.execute("INSERT INTO projection VALUES ('counted', 0, 1)")
    if confirmed:
        db.execute("INSERT INTO acked VALUES (1, 1, 1, 0, 'e30.e30.')")
    db.pragma("user_version", 1)
    db.close()


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_ledger_of_the_first_release_is_brought_up_to_date(desk: Desk, *, confirmed: bool) -> None:
    make_version_1(desk.path, desk.key, confirmed=confirmed)
    pen = desk.pen()
    assert (pen.epoch, pen.head, pen.acked) == ("old-epoch", 3, int(confirmed))
    write(pen, "a")
    confirm(pen, desk)
    assert desk.problems() == []
    fresh = schema_wanted([each.schema for each in desk.projections])
    assert desk.read(lambda reader: schema_of(reader.database)) == fresh


def test_a_ledger_of_a_later_release_is_left_alone(desk: Desk) -> None:
    desk.pen()
    desk.spoil("PRAGMA user_version = 99")
    with pytest.raises(ForeignLedgerError, match="update OPOS"):
        desk.pen()
    assert desk.path.exists()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("PRAGMA user_version = 0", "expected the schema"),
        ("PRAGMA application_id = 7", "expected the schema"),
        ("DROP INDEX spent_by_age", "the schema of 'spent_by_age'"),
        ("UPDATE journal SET chk = zeroblob(8)", "whose ledger it is"),
        ("DELETE FROM journal", "whose ledger it is"),
        ("UPDATE entry SET kind = 'sale' WHERE seq = 2", "not filed as what it says"),
        ("UPDATE entry SET idem = 'x' WHERE seq = 2", "not filed as what it says"),
        ("UPDATE entry SET body = x'7b' WHERE seq = 3", "entry 3 is not what was written"),
        ("UPDATE entry SET hash = zeroblob(32) WHERE seq = 3", "entry 3 is not what was written"),
        ("UPDATE entry SET prev = zeroblob(32) WHERE seq = 1", "entry 1 is not what was written"),
        ("DELETE FROM entry WHERE seq = 2", "entry 3 is not what was written"),
    ],
)
def test_what_does_not_hold_together_is_found_at_the_start(desk: Desk, statement: str, why: str) -> None:
    write_many(desk.pen(), 2)
    desk.spoil(statement)
    with pytest.raises(JournalDamagedError, match=why):
        desk.pen()


def test_a_body_that_has_become_a_text_is_found(desk: Desk) -> None:
    """As when a bit of its type flips in the file: SQLite's own types are trusted by nobody who reads it."""
    write_many(desk.pen(), 2)
    loose = "UPDATE sqlite_schema SET sql = replace(sql, {}) WHERE name = 'entry'"
    desk.spoil(
        *("PRAGMA writable_schema = ON", loose.format("'STRICT', ''"), "PRAGMA writable_schema = RESET"),
        "UPDATE entry SET body = CAST(body AS TEXT) WHERE seq = 3",
        *(
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = sql || 'STRICT' WHERE name = 'entry'",
        ),
    )
    with pytest.raises(JournalDamagedError, match="the entry after 2 is not what was written"):
        desk.pen()


def test_a_body_that_is_hashed_right_and_says_nothing_is_found(desk: Desk) -> None:
    write_many(desk.pen(), 1)
    last = desk.entries()[-1]
    forged = sign_entry(desk.key, last.seq, last.prev, b"{}")
    desk.spoil(
        f"UPDATE entry SET body = x'{forged.body.hex()}', hash = x'{forged.hash.hex()}'"
        f" WHERE seq = {last.seq}"
    )
    with pytest.raises(JournalDamagedError, match="cannot be read"):
        desk.pen()


def test_the_log_has_its_full_length_from_the_start_and_keeps_it(desk: Desk) -> None:
    wal = desk.path.with_name("ledger.db-wal")
    desk.pen()
    size = wal.stat().st_size
    assert size > 4 * 1024 * 1024
    write_many(desk.pen(), 20)
    assert wal.stat().st_size == size
    desk.close()
    assert wal.stat().st_size == size


def test_a_log_of_a_ledger_that_was_closed_holds_nothing_that_matters(desk: Desk) -> None:
    write_many(desk.pen(), 20)
    desk.close()
    wal = desk.path.with_name("ledger.db-wal")
    log = bytearray(wal.read_bytes())
    log[32 + 24 + 500] ^= 1
    wal.write_bytes(log)
    assert desk.pen().head == 23
    assert desk.problems() == []


def test_half_a_ledger_of_a_power_cut_is_made_anew(desk: Desk) -> None:
    desk.path.with_name("ledger.db.part").write_bytes(b"half")
    desk.path.with_name("ledger.db.part-journal").write_bytes(b"half")
    assert desk.pen().head == 2


def test_a_missing_log_is_an_empty_one(desk: Desk) -> None:
    write_many(desk.pen(), 3)
    desk.close()
    desk.path.with_name("ledger.db-wal").unlink()
    assert desk.pen().head == 6


def test_a_directory_that_is_not_there_is_a_sentence(desk: Desk) -> None:
    nowhere = desk.path.parent / "nowhere" / "ledger.db"
    with pytest.raises(JournalClosedError, match="cannot be opened"):
        open_ledger(nowhere, "shelf")
    with pytest.raises(JournalClosedError, match="cannot be opened"):
        Pen(nowhere, desk.key, "shelf", desk.clock)


def test_a_log_that_cannot_be_grown_is_a_sentence(desk: Desk) -> None:
    desk.path.with_name("ledger.db-wal").symlink_to(desk.path.parent / "nowhere" / "log")
    desk.path.touch()
    with pytest.raises(JournalClosedError, match="cannot be made"):
        open_ledger(desk.path, "shelf")


def test_a_disk_that_cannot_be_read_is_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise apsw.IOError(f"disk I/O error {errno.EIO}")

    desk.pen()
    desk.close()
    monkeypatch.setattr(ledger, "_bring_up_to_date", fail)
    with pytest.raises(JournalClosedError, match="cannot be opened"):
        desk.pen()


def test_the_key_that_signs_next_is_asked_of_a_ledger_without_opening_it_for_writing(desk: Desk) -> None:
    assert signing_kid(desk.path) is None
    other = SoftwareKey.generate()
    desk.pen()
    assert signing_kid(desk.path) == desk.key.public.kid
    desk.pen().rotate(other)
    assert signing_kid(desk.path) == other.public.kid


def test_a_ledger_whose_end_cannot_be_read_names_no_key(desk: Desk) -> None:
    write(desk.pen(), "a")
    desk.spoil("UPDATE entry SET body = x'7b' WHERE seq = (SELECT max(seq) FROM entry)")
    with pytest.raises(JournalDamagedError, match="its end cannot be read"):
        signing_kid(desk.path)


def test_the_schema_is_in_the_package() -> None:
    schema = resources.files("edge.offline_queue").joinpath("schema.sql").read_text(encoding="utf-8")
    assert schema.startswith("-- The ledger of one object and one epoch.")


def test_a_transaction_inside_another_is_a_part_of_it() -> None:
    db = apsw.Connection(":memory:")
    db.execute("CREATE TABLE goods (name TEXT)")

    def both() -> None:
        with ledger.transaction(db):
            with ledger.transaction(db):
                db.execute("INSERT INTO goods VALUES ('scarf')")
            raise ValueError("not this one either")

    with pytest.raises(ValueError, match="not this one"):
        both()
    assert db.execute("SELECT count(*) FROM goods").get == 0
    db.close()
