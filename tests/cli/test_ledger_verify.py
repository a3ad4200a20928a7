"""`opos ledger verify`: nothing wrong is passed over, and each problem has a seq and a reason."""

import json
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

from cloud_sync.contract.signing import SoftwareKey
from edge.offline_queue.bookkeeping import check_of
from edge.offline_queue.journal import open_journal
from edge.offline_queue.reader import LedgerReader
from tests.cli.ledgers import DAY, DEV, Ledgers, SteppingClock, ask, put, sale


def verdict(*arguments: object) -> tuple[int, Any]:
    result = ask("verify", *arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


def problems(path: Path) -> list[tuple[int, str]]:
    code, found = verdict(path)
    assert code == (1 if found["problems"] else 0)
    return [(problem["seq"], problem["reason"]) for problem in found["problems"]]


def test_an_intact_ledger_has_no_problems(day: Path) -> None:
    code, found = verdict(day)
    assert (code, found["entries"], found["head"], found["problems"]) == (0, 9, 9, [])
    assert (found["object"], found["first"]) == (DEV, 1)
    assert ask("verify", day).output == "mirror-4: 9 entries, no problems\n"
    assert verdict(day, "--quick")[0] == 0


def test_a_ledger_that_no_till_has_worked_with_has_no_books_to_compare(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "ledger.db", SoftwareKey.generate(), DEV, SteppingClock())
    journal.start("1.0")
    journal.close()
    code, found = verdict(tmp_path / "ledger.db")
    assert (code, found["entries"], found["problems"]) == (0, 2, [])


def test_a_ledger_that_is_being_written_is_checked_as_it_stood(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    put(pen, *DAY)
    assert verdict(ledgers.path)[1]["entries"] == 9
    put(pen, sale(6, "Socks"))
    assert verdict(ledgers.path)[1]["entries"] == 10
    pen.close()


def test_a_ledger_whose_key_was_rotated_is_whole(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    put(pen, sale(1, "Merino sweater"))
    pen.rotate(SoftwareKey.generate())
    put(pen, sale(2, "Socks"))
    pen.close()
    assert problems(ledgers.path) == []


def test_a_pruned_ledger_begins_where_it_was_summed_up(ledgers: Ledgers, day: Path) -> None:
    floor = ledgers.pruned()
    ledgers.write(sale(6, "Socks"))
    code, found = verdict(day)
    assert (code, found["first"], found["entries"], found["problems"]) == (0, floor, 3, [])
    assert floor == 10


@pytest.mark.parametrize(
    ("statement", "seq", "reason"),
    [
        (
            "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '5990', '5991') AS BLOB) WHERE seq = 5",
            5,
            "hash",
        ),
        ("DELETE FROM entry WHERE seq = 6", 7, "expected entry 6: what lies between is missing"),
        ("UPDATE entry SET sig = zeroblob(64) WHERE seq = 7", 7, "signature"),
        ("UPDATE entry SET body = x'7b7d' WHERE seq = 8", 8, ""),
        ("UPDATE entry SET kind = 'boot' WHERE seq = 9", 9, "filed as boot"),
        ("DELETE FROM entry WHERE seq = 1", 2, "nobody can say whose key signs"),
        ("UPDATE stock SET units = units + 1 WHERE holder = 'floor'", 9, "table 'stock'"),
        ("DROP TABLE takings", 0, "takings"),
        ("DELETE FROM journal", 0, "name of an object"),
    ],
    ids=["body", "torn out", "signature", "no body", "kind", "genesis", "stock", "no table", "no owner"],
)
def test_what_was_changed_is_named(
    ledgers: Ledgers, day: Path, statement: str, seq: int, reason: str
) -> None:
    ledgers.spoil(statement)
    assert any(at == seq and reason in why for at, why in problems(day))
    assert f"{reason}" in ask("verify", day).output


def test_what_is_beside_the_entries_is_left_out_of_a_quick_check(ledgers: Ledgers, day: Path) -> None:
    ledgers.spoil("UPDATE stock SET units = units + 1")
    assert (verdict(day)[0], verdict(day, "--quick")[0]) == (1, 0)


def test_more_than_a_thousand_problems_are_counted_and_not_listed(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    put(pen, *(sale(n, "Socks") for n in range(1, 1_201)))
    pen.close()
    ledgers.spoil("UPDATE entry SET sig = zeroblob(64)")
    _, found = verdict(ledgers.path)
    assert (len(found["problems"]), found["entries"]) == (1_000, 1_202)
    assert found["more"] >= 202
    assert ask("verify", ledgers.path).output.splitlines()[-3] == f"... and {found['more']} more"


NO_LEDGERS: list[tuple[str, bytes | None, str]] = [
    ("missing", None, "there is no ledger"),
    ("empty", b"", "the file is empty"),
    ("a text", b"a shopping list, and quite a long one\n" * 100, "no ledger"),
    ("short", b"SQLite format 3\x00", "no ledger"),
    ("zeros", bytes(8192), "no ledger"),
]


@pytest.mark.parametrize(("name", "content", "said"), NO_LEDGERS, ids=[name for name, *_ in NO_LEDGERS])
def test_what_is_no_ledger_is_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / "ledger.db"
    if content is not None:
        path.write_bytes(content)
    code, found = verdict(path)
    assert (code, found["entries"], found["head"], len(found["problems"])) == (1, 0, 0, 1), name
    assert said in found["problems"][0]["reason"]
    plain = ask("verify", path)
    assert (plain.exit_code, said in plain.output, plain.output.count(str(path))) == (1, True, 2)
    assert content is None or path.read_bytes() == content
    assert ("is the evidence" in plain.output) == (content is not None)


def test_a_file_that_was_cut_off_is_a_finding_wherever_it_was_cut(
    ledgers: Ledgers, day: Path, tmp_path: Path
) -> None:
    ledgers.settle()
    whole = day.read_bytes()
    path = tmp_path / "cut.db"
    for length in range(0, len(whole), 1_500):
        path.write_bytes(whole[:length])
        code, found = verdict(path)
        assert (code, bool(found["problems"])) == (1, True), length
        assert path.read_bytes() == whole[:length]


def test_verifying_changes_no_byte(ledgers: Ledgers, day: Path, tmp_path: Path) -> None:
    ledgers.settle()
    copy = tmp_path / "copy.db"
    shutil.copy(day, copy)
    for command in ("verify", "show", "figures", "receipt"):
        assert ask(command, copy).exit_code == 0
    assert copy.read_bytes() == day.read_bytes()


@pytest.mark.parametrize(
    "said", [apsw.BusyError("database is locked"), apsw.ProtocolError("locking protocol")], ids=str
)
@pytest.mark.parametrize(("where", "option"), [("identity", "--json"), ("stored", "--quick")])
def test_a_machine_that_is_in_the_way_is_no_finding(
    day: Path, monkeypatch: pytest.MonkeyPatch, where: str, option: str, said: apsw.Error
) -> None:
    def busy(*_: object) -> None:
        raise said

    monkeypatch.setattr(LedgerReader, where, busy)
    result = ask("verify", day, option)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"it cannot be read now ({said})" in result.stderr


def test_a_ledger_that_no_later_opos_has_opened_yet_is_checked_entry_by_entry(
    ledgers: Ledgers, day: Path
) -> None:
    ledgers.spoil(
        "PRAGMA user_version = 1", "PRAGMA application_id = 0", "ALTER TABLE journal DROP COLUMN chk"
    )
    assert verdict(day)[1]["problems"] == []
    ledgers.spoil("UPDATE entry SET sig = zeroblob(64) WHERE seq = 4")
    assert [seq for seq, _ in problems(day)] == [4]


def test_books_of_another_version_are_made_again_at_the_next_start_and_are_no_finding(
    ledgers: Ledgers, day: Path
) -> None:
    chk = check_of("shop", 1, 9).hex()
    ledgers.spoil("UPDATE projection SET version = 1, chk = x'CHK'".replace("CHK", chk), "DROP TABLE takings")
    assert problems(day) == []
