"""`opos ledger query`: any question, no order; the ledger is never touched, and never by a second SQLite."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.cli.ledger.answers import answers
from tests.cli.ledgers import Ledgers, ask, put, sale

NAMES = "SELECT fact ->> '$.lines[0].name' AS name FROM said WHERE kind = 'sale' ORDER BY seq"


def asked(path: Path, sql: str) -> Any:
    result = ask("query", path, sql, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_question_is_answered_as_a_table_as_json_and_as_csv(day: Path) -> None:
    sql = "SELECT kind, count(*) AS n FROM entry GROUP BY kind ORDER BY n DESC, kind LIMIT 2"
    assert asked(day, sql) == [{"kind": "sale", "n": 5}, {"kind": "boot", "n": 1}]
    assert ask("query", day, sql, "--csv").output.splitlines() == ["kind,n", "sale,5", "boot,1"]
    lines = [line.split() for line in ask("query", day, sql).output.splitlines() if line.strip()]
    assert [lines[0], *lines[2:]] == [["kind", "n"], ["sale", "5"], ["boot", "1"]]


def test_names_in_any_script_come_back_as_they_are(day: Path) -> None:
    names = [row["name"] for row in asked(day, NAMES)]
    assert names[:4] == ["Merino sweater", "Schal, grün", "羊毛衫", "سترة صوف"]
    rows = list(csv.reader(io.StringIO(ask("query", day, NAMES, "--csv").stdout_bytes.decode(), newline="")))
    assert [name for (name,) in rows[1:]] == names
    page = ask("query", day, NAMES).output
    assert "羊毛衫" in page
    assert "\x1b" not in page


def test_bytes_are_the_text_that_they_are_or_base64url(ledgers: Ledgers, day: Path) -> None:
    (row,) = asked(day, "SELECT body, hash, NULL AS n, 1.5 AS f FROM entry WHERE seq = 7")
    assert row["body"].encode() == ledgers.bodies()[6]
    assert (len(row["hash"]), row["n"], row["f"]) == (43, None, 1.5)


def test_a_cell_is_no_formula_of_a_spreadsheet(day: Path) -> None:
    sql = "SELECT '=1+1' AS a, -3 AS b, '@x' AS c"
    assert ask("query", day, sql, "--csv").output.splitlines() == ["a,b,c", "'=1+1,-3,'@x"]


def test_nothing_found_is_an_answer(day: Path) -> None:
    sql = "SELECT seq FROM entry WHERE seq > 99"
    assert asked(day, sql) == []
    assert ask("query", day, sql, "--csv").output.splitlines() == ["seq"]
    assert ask("query", day, sql).exit_code == 0


def test_the_tables_that_follow_the_entries_can_be_asked_too(day: Path) -> None:
    assert asked(day, "SELECT units FROM stock WHERE holder = 'floor'") == [{"units": 29}]


def test_a_long_answer_is_cut_only_in_a_table(day: Path) -> None:
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1234) SELECT i FROM n"
    assert "... and 234 more rows" in ask("query", day, sql).stderr
    assert len(asked(day, sql)) == 1_234


REFUSED = "expected a question, such as a SELECT: nothing here writes to a ledger"


def test_an_order_is_refused_with_a_sentence(ledgers: Ledgers, day: Path) -> None:
    before = ledgers.bodies()
    result = ask("query", day, "DELETE FROM entry")
    assert (result.exit_code, result.output) == (1, f"Error: {REFUSED}\n")
    assert ledgers.bodies() == before


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM entry", REFUSED),
        ("UPDATE stock SET units = 0 RETURNING *", REFUSED),
        ("INSERT INTO stock VALUES ('a', 'b', 1)", REFUSED),
        ("DROP TABLE entry", REFUSED),
        ("CREATE TEMP TABLE t (a)", REFUSED),
        ("VACUUM INTO 'stolen.db'", REFUSED),
        ("ATTACH 'ledger.db' AS live", REFUSED),
        ("BEGIN", REFUSED),
        ("-- a comment", REFUSED),
        ("", REFUSED),
        ("SELECT load_extension('x')", "not authorized: SELECT load_extension('x')"),
        ("SELEKT 1", 'near "SELEKT": syntax error: SELEKT 1'),
        ("SELECT * FROM nowhere", "no such table: nowhere: SELECT * FROM nowhere"),
        ("SELECT 1; SELECT 2", "You can only execute one statement at a time: SELECT 1; SELECT 2"),
        ("PRAGMA user_version = 7", "attempt to write a readonly database: PRAGMA user_version = 7"),
        ("SELECT '" + "a" * 999, "unrecognized token: \"'" + "a" * 999 + "\": SELECT '" + "a" * 192),
    ],
)
@pytest.mark.usefixtures("day")
def test_what_is_no_question_is_a_sentence(
    ledgers: Ledgers, sql: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = ledgers.path.parent / "copies" / "copy.db"
    copy.parent.mkdir()
    ledgers.copy_to(copy)
    monkeypatch.chdir(copy.parent)
    before = copy.read_bytes()
    assert list(answers(copy, sql)) == [{"error": why}]
    assert (copy.read_bytes(), list(copy.parent.iterdir())) == (before, [copy])


def test_json_and_csv_at_once_are_wrong_usage(day: Path) -> None:
    assert ask("query", day, "SELECT 1", "--json", "--csv").exit_code == 2


def test_a_ledger_that_is_being_written_is_asked_as_it_stands(ledgers: Ledgers) -> None:
    pen = ledgers.pen()
    for n in (1, 2):
        put(pen, sale(n, "Socks"))
        assert asked(ledgers.path, "SELECT count(*) AS n FROM entry") == [{"n": 2 + n}]
    pen.close()


def test_no_copy_is_left_behind(day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    for sql in ("SELECT 1", "SELEKT 1"):
        ask("query", day, sql)
        assert list(copies.iterdir()) == []


def test_who_has_read_enough_may_hang_up_on_an_answer_without_end(day: Path) -> None:
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    command = [sys.executable, "-m", "opos", "ledger", "query", str(day), sql, "--csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as query:
        assert query.stdout is not None
        assert query.stderr is not None
        assert [query.stdout.readline() for _ in range(2)] == [b"i\r\n", b"1\r\n"]
        query.stdout.close()
        assert query.stderr.read() == b""


@pytest.mark.parametrize(
    "modules",
    [
        "edge.runtime.work, edge.sync",
        "edge.cli.ledger.verify, edge.cli.ledger.query, edge.cli.ledger.rebuild",
    ],
)
def test_no_process_that_opens_a_ledger_carries_a_second_sqlite(modules: str) -> None:
    script = f"import sys, {modules}; sys.exit('sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
