"""The full check finds what was changed, wherever it was changed."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec
import pytest

from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.entry import encode_body, first_prev, sign_entry
from cloud_sync.contract.facts import Boot, Checkpoint, Genesis, KeyRotated
from cloud_sync.contract.signing import PublicKey, SoftwareKey
from edge.offline_queue import integrity
from edge.offline_queue.bookkeeping import check_of
from edge.offline_queue.integrity import Problem, full_check, problems
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Order, Pen
from edge.offline_queue.reader import LedgerReader, NoLedgerError, as_entry
from tests.contract.paper_chain import body_of
from tests.offline_queue.desk import Desk, arrived, confirm, receipt, words, write, write_many


def a_full_ledger(desk: Desk) -> Pen:
    """Pruned once, confirmed, with a checkpoint in the middle and a tail."""
    pen = desk.pen()
    write_many(pen, 3)
    pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    pen.prune()
    write_many(pen, 3, "b")
    pen.checkpoint()
    write(pen, "tail")
    while pen.fold():
        pass
    return pen


def found(desk: Desk) -> str:
    return "; ".join(f"{problem.seq}: {problem.reason}" for problem in desk.problems())


def test_an_untouched_ledger_has_no_problems(desk: Desk) -> None:
    a_full_ledger(desk)
    assert desk.problems() == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entry SET body = CAST(body || ' ' AS BLOB) WHERE seq = 8", "8: entry 8: its hash is not"),
        ("UPDATE entry SET sig = zeroblob(64) WHERE seq = 8", "8: the signature is not that"),
        ("UPDATE entry SET kid = 'AAAAAAAA' WHERE seq = 8", "8: expected key"),
        ("UPDATE entry SET kind = 'sale' WHERE seq = 8", "8: it is filed as sale"),
        ("UPDATE entry SET kind = 'checkpoint' WHERE seq = 8", "8: it is filed as checkpoint"),
        ("UPDATE entry SET idem = 'other' WHERE seq = 8", "8: it is filed as stock.move 'other'"),
        ("UPDATE entry SET hash = zeroblob(32) WHERE seq = 8", "9: it does not follow"),
        ("UPDATE entry SET body = x'7b7b' WHERE seq = 8", "8: "),
        ("DELETE FROM entry WHERE seq = 8", "9: expected entry 8"),
        ("UPDATE entry SET seq = 3 WHERE seq = 11", "3: the first entry is neither genesis nor checkpoint"),
        ("UPDATE entry SET seq = -11 WHERE seq = 11", "-11: the first entry is neither genesis"),
        ("DELETE FROM entry WHERE seq < 8", "8: the first entry is neither genesis nor checkpoint"),
        ("DELETE FROM entry", "0: projection 'counted' has read"),
        ("DELETE FROM journal", "0: expected the name of an object"),
        ("UPDATE journal SET dev = 'other'", "0: a row of 'journal'"),
        ("UPDATE acked SET safe = 1", "0: a row of 'acked'"),
        ("UPDATE projection SET seq = 99", "read entry 99"),
        ("UPDATE projection SET version = 7", "projection 'counted' is missing"),
        ("DELETE FROM projection", "projection 'counted' is missing"),
        ("UPDATE spent SET wall_ms = 7", "0: a row of 'spent'"),
        ("UPDATE closing SET state = x'90'", "the state of 'counted' is not what the checkpoint signs"),
        ("DELETE FROM closing WHERE seq = 6", "6: the state of 'counted' at this checkpoint is missing"),
        ("UPDATE closing SET state = x'ff' WHERE seq = 6", "cannot be read any further"),
        ("UPDATE counted SET units = units + 1", "table 'counted': expected the row"),
        ("DELETE FROM counted WHERE holder = 'shelf'", "table 'counted': expected the row"),
        ("INSERT INTO counted VALUES ('zz', 1)", "table 'counted': expected the row None"),
        ("PRAGMA user_version = 1", "0: expected schema version 2"),
        ("PRAGMA application_id = 1", "0: expected schema version 2"),
        ("DROP INDEX spent_by_age", "0: the schema of 'spent_by_age'"),
        ("CREATE TABLE shopping_list (milk TEXT)", "0: 'shopping_list' is no table of this ledger"),
    ],
)
def test_each_change_is_found_and_named(desk: Desk, statement: str, said: str) -> None:
    a_full_ledger(desk)
    desk.spoil(statement)
    assert said in found(desk)


def test_a_changed_row_with_a_right_check_is_found_by_the_hub_s_own_words(desk: Desk) -> None:
    pen = a_full_ledger(desk)
    jws = words(receipt(pen, desk.entries(), 6, safe=6))
    for row, said in {
        (1, 7, 1, 6, jws): "7: the hub's receipt says 6, and the ledger 7",
        (1, 6, 1, 6, "no jws"): "6: the hub's receipt cannot be read",
        (1, 6, 1, 6, words(msgspec.structs.replace(receipt(pen, desk.entries(), 6, 6), hash="x"))): (
            "6: the hub has confirmed an entry that this ledger does not have"
        ),
    }.items():
        check = check_of(*row)
        desk.spoil(
            f"UPDATE acked SET seq = {row[1]}, generation = {row[2]}, safe = {row[3]}, jws = '{row[4]}',"
            f" chk = x'{check.hex()}'"
        )
        assert said in found(desk)


def test_a_damaged_page_is_found_and_nothing_is_raised(desk: Desk) -> None:
    a_full_ledger(desk).flush()
    desk.close()
    data = bytearray(desk.path.read_bytes())
    for page in range(18, len(data) // 1024):
        data[page * 1024 : page * 1024 + 8] = b"\xff" * 8
    desk.path.write_bytes(data)
    desk.path.with_name("ledger.db-wal").unlink()
    assert desk.problems()


def forged(desk: Desk, *facts: object, wall_ms: tuple[int, ...] = (), **changes: object) -> list[str]:
    """The reasons that a chain of these facts, signed with the object's own key, is refused for."""
    pen = desk.pen()
    epoch = pen.epoch
    desk.close()
    prev, statements = first_prev(epoch), ["DELETE FROM entry"]
    for seq, fact in enumerate(facts, 1):
        told = {"dev": "shelf", "epoch": epoch, **changes}
        if wall_ms:
            told["wall_ms"] = wall_ms[seq - 1]
        body = encode_body(body_of(fact, seq, **told))  # type: ignore[arg-type]
        entry = sign_entry(desk.key, seq, prev, body)
        values = ", ".join(f"x'{part.hex()}'" for part in (entry.prev, entry.body, entry.hash, entry.sig))
        kind = type(fact).__struct_config__.tag  # type: ignore[attr-defined]
        statements.append(
            f"INSERT INTO entry VALUES ({seq}, '{kind}', 'idem-{seq}', '{entry.kid}', {values})"
        )
        prev = entry.hash
    desk.spoil(*statements)
    reader = LedgerReader(desk.path)
    reasons = [one.reason for one in problems(reader) if isinstance(one, Problem)]
    reader.close()
    return reasons


def test_a_chain_that_is_signed_right_must_also_mean_something(desk: Desk, key: SoftwareKey) -> None:
    genesis, boot = Genesis(key.public, "file"), Boot("1")
    off_the_curve = PublicKey(b64(b"\1" * 32), b64(b"\2" * 32))
    assert forged(desk, genesis, boot) == []
    assert forged(desk, boot) == [
        "the first entry is neither genesis nor checkpoint: nobody can say whose key signs"
    ]
    assert forged(desk, Checkpoint(key.public, ())) == []
    assert forged(desk, genesis, boot, wall_ms=(7, 6)) == [
        "its clock stands before that of the entry before it"
    ]
    assert "its body says ('mirror'" in forged(desk, genesis, dev="mirror")[0]
    assert "the key that it names is none" in forged(desk, Genesis(off_the_curve, "file"), boot)[0]
    assert forged(desk, genesis, KeyRotated(off_the_curve, "file"), boot) == []
    assert "expected key" in forged(desk, genesis, KeyRotated(SoftwareKey.generate().public, "file"), boot)[0]


def test_a_machine_that_is_in_the_way_is_no_damage(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Iterator[Problem]:
        raise apsw.FullError("no room for a temporary table")

    a_full_ledger(desk)
    monkeypatch.setattr(integrity, "_reprojection", full)
    with pytest.raises(apsw.FullError):
        desk.problems()


def test_a_row_with_an_empty_column_is_no_entry() -> None:
    with pytest.raises(ValueError, match="entry 7: a column is empty"):
        as_entry((7, "kid", b"", None, b"", b""))


def test_a_reader_sees_what_is_there_and_nothing_else(desk: Desk) -> None:
    pen = a_full_ledger(desk)
    reader = LedgerReader(desk.path)
    assert reader.floor() == pen.floor
    assert reader.entry(pen.head) == desk.entries()[-1]
    assert reader.entry(1) is None
    with reader.still():
        reader.database.execute("ROLLBACK")  # as a damaged page does
    reader.close()
    with pytest.raises(NoLedgerError, match="there is no ledger"):
        LedgerReader(desk.path.with_name("nowhere.db"))


def test_the_check_sees_the_ledger_as_it_stood_however_much_is_written_meanwhile(desk: Desk) -> None:
    pen = a_full_ledger(desk)
    reader = LedgerReader(desk.path)
    checking = full_check(reader, desk.projections)
    first = next(checking)
    assert not isinstance(first, Problem)
    for n in range(30):
        pen.write([Order(arrived(f"busy-{n}"), f"busy-{n}")])
        pen.fold()
    pen.checkpoint()
    confirm(pen, desk, safe=pen.head)
    while pen.prune():
        pass
    assert [one for one in checking if isinstance(one, Problem)] == []
    reader.close()
    assert desk.problems() == []


def test_encoding_of_words_is_that_of_the_hub(desk: Desk) -> None:
    pen = desk.pen()
    (done,) = write(pen, "a")
    assert isinstance(done, Appended)
    said = receipt(pen, desk.entries(), done.entry.seq)
    assert encode(said).startswith(b'{"dev":"shelf"')


def test_a_file_that_ends_within_an_empty_page_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    made = apsw.Connection(str(file))
    made.execute("CREATE TABLE one (a); CREATE TABLE other (a)")
    made.close()
    with file.open("r+b") as data:
        data.truncate(file.stat().st_size - 100)
    db = apsw.Connection(str(file))
    assert [problem.reason for problem in integrity._length(db)] == [
        f"the file is cut off: expected {file.stat().st_size + 100} bytes, got {file.stat().st_size}"
    ]
    db.close()
