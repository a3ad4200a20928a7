"""`opos ledger rebuild` and `renew`: tables made again, and a ledger begun after a damaged one."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge.offline_queue.set_aside import note_of, set_aside
from tests.cli.ledgers import Ledgers, ask, put, sale

TABLES = [
    *("stock", "item", "transfer", "document", "takings", "last_sale", "attempt", "due", "day_close"),
    *("slice_use", "slice_back", "slice_end", "desk_deed", "last_refund", "wrong_pin"),
]


def rebuilt(path: Path) -> list[str]:
    """The tables that were wrong."""
    result = ask("rebuild", path, "--json")
    assert result.exit_code == 0, result.output
    tables: list[dict[str, Any]] = json.loads(result.stdout)["tables"]
    assert [table["name"] for table in tables] == TABLES
    return [table["name"] for table in tables if table["changed"]]


@pytest.mark.parametrize(
    ("statements", "wrong"),
    [
        ((), []),
        (("UPDATE stock SET units = units + 1 WHERE holder = 'floor'",), ["stock"]),
        (("DELETE FROM takings", "INSERT INTO transfer VALUES ('t9')"), ["transfer", "takings"]),
        (("UPDATE last_sale SET number = 'K7QM-0001'",), ["last_sale"]),
        (("DROP TABLE document",), TABLES),
    ],
    ids=["nothing", "a count", "rows", "a number", "a table"],
)
def test_the_tables_are_what_the_entries_say_whatever_they_were(
    ledgers: Ledgers, day: Path, statements: tuple[str, ...], wrong: list[str]
) -> None:
    ledgers.spoil(*statements)
    assert ask("verify", day).exit_code == (1 if statements else 0)
    before = ledgers.bodies()
    assert rebuilt(day) == wrong
    assert ask("verify", day).exit_code == 0
    assert ledgers.bodies() == before
    assert rebuilt(day) == []


def test_tables_that_are_only_behind_were_not_wrong(ledgers: Ledgers, day: Path) -> None:
    pen = ledgers.pen(begin=False)
    put(pen, sale(6, "Socks"))
    pen.close()
    assert rebuilt(day) == []


def test_a_pruned_ledger_is_rebuilt_from_where_it_was_summed_up(ledgers: Ledgers, day: Path) -> None:
    ledgers.pruned()
    ledgers.write(sale(6, "Socks"))
    ledgers.spoil("DELETE FROM stock")
    assert rebuilt(day) == ["stock"]
    assert ask("verify", day).exit_code == 0


def test_people_are_told_which_tables_were_wrong(ledgers: Ledgers, day: Path) -> None:
    ledgers.spoil("DELETE FROM stock")
    page = ask("rebuild", day).output.splitlines()
    assert page[0].split() == ["stock", "3", "rows", "was", "wrong,", "and", "is", "right", "now"]
    assert page[1].endswith("was right")
    assert page[-1] == "mirror-4: the tables are made again from the entries up to 9"


def test_a_ledger_that_an_object_writes_is_left_alone(ledgers: Ledgers, day: Path) -> None:
    pen = ledgers.pen(begin=False)
    result = ask("rebuild", day)
    pen.close()
    assert (result.exit_code, "stop the object first" in result.output) == (1, True)
    assert rebuilt(day) == []


def test_a_rebuild_that_cannot_be_done_changes_nothing(ledgers: Ledgers, day: Path) -> None:
    ledgers.spoil(
        "UPDATE entry SET body = x'7b7d' WHERE seq = 4", "UPDATE stock SET units = 77 WHERE holder = 'floor'"
    )
    result = ask("rebuild", day)
    assert (result.exit_code, str(day) in result.output) == (1, True)
    asked = ask("query", day, "SELECT units FROM stock WHERE holder = 'floor'", "--json")
    assert json.loads(asked.stdout) == [{"units": 77}]


def test_a_ledger_that_was_set_aside_is_evidence(day: Path) -> None:
    set_aside(day, "damaged", "page 7 is torn")
    result = ask("rebuild", day)
    assert (result.exit_code, "it stays as it is" in result.output) == (1, True)


def test_no_ledger_is_made_where_there_is_none(tmp_path: Path) -> None:
    result = ask("rebuild", tmp_path / "ledger.db")
    assert (result.exit_code, "there is no ledger" in result.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_person_lets_a_new_ledger_begin(ledgers: Ledgers, day: Path) -> None:
    assert "there is nothing to allow" in ask("renew", day).output
    set_aside(day, "damaged", "page 7 is torn")
    result = ask("renew", day)
    assert (result.exit_code, "set-aside/" in result.output) == (0, True)
    note = note_of(day)
    assert note is not None
    assert note.allowed
    ledgers.write(sale(6, "Socks"))
    assert ask("verify", day).exit_code == 0
    assert [line.split()[3] for line in ask("show", day).output.splitlines()[1:4]] == [
        "genesis",
        "fork",
        "checkpoint",
    ]
    assert ask("verify", day.parent / note.kept).exit_code == 0


def test_a_note_that_nobody_can_read_is_a_sentence(day: Path) -> None:
    set_aside(day, "damaged", "page 7 is torn")
    (note,) = day.parent.glob("*.set-aside.json")
    note.write_text("a shopping list")
    for command in ("renew", "rebuild"):
        result = ask(command, day)
        assert (result.exit_code, str(note) in result.output) == (1, True)
