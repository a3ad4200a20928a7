"""What the installer types: a key, a look into a ledger, and what is said when it goes wrong."""

import json
import socket
import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner

from cloud_sync.contract.signing import SoftwareKey
from edge.cli.ledger import ledger
from edge.cli.object import object_
from edge.clock import SystemClock
from edge.offline_queue.journal import open_journal
from tests.object.test_config import GOOD, write


def invoke(command: object, *arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(each) for each in arguments])  # type: ignore[arg-type]
    return result.exit_code, result.output


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    for _ in range(2):
        journal = open_journal(path, SoftwareKey.from_pem(PEM), "mirror-4", SystemClock())
        journal.start("1.0")
        journal.close()
    return path


PEM = SoftwareKey.generate().to_pem()


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = write(tmp_path)
    (tmp_path / "trust.json").unlink()
    first = invoke(object_, "key", file, "--json")
    assert first == invoke(object_, "key", file, "--json")
    assert first[0] == 0
    assert json.loads(first[1]).keys() == {"kty", "crv", "x", "y", "kid"}
    assert stat.S_IMODE((tmp_path / "data" / "object.key").stat().st_mode) == 0o600
    assert "PRIVATE" not in first[1]


def test_an_object_without_a_key_says_how_to_make_one(tmp_path: Path) -> None:
    code, output = invoke(object_, "run", write(tmp_path, GOOD.replace("8101", "0")))
    assert code == 1
    assert "run `opos object key`" in output


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, output = invoke(object_, "run", write(tmp_path, GOOD.replace("8101", str(port))))
    assert code == 1
    assert f"127.0.0.1:{port}" in output
    assert "display.port" in output


def test_an_intact_ledger_is_verified(ledger_path: Path) -> None:
    code, output = invoke(ledger, "verify", ledger_path, "--json")
    assert (code, json.loads(output)) == (0, {"entries": 3, "head": 3, "problems": []})


def test_a_changed_entry_is_named(ledger_path: Path) -> None:
    db = apsw.Connection(str(ledger_path))
    db.execute("DROP TRIGGER entry_is_written_in_ink")
    db.execute(
        "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '1.0', '6.6') AS BLOB) WHERE seq = 2"
    )
    db.close()
    code, output = invoke(ledger, "verify", ledger_path, "--json")
    assert code == 1
    assert [problem["seq"] for problem in json.loads(output)["problems"]] == [2]


def test_an_entry_that_was_cut_out_is_missed(ledger_path: Path) -> None:
    db = apsw.Connection(str(ledger_path))
    db.execute("DROP TRIGGER entry_is_never_torn_out")
    db.execute("DELETE FROM entry WHERE seq = 2")
    db.close()
    code, output = invoke(ledger, "verify", ledger_path)
    assert code == 1
    assert "entry 3: expected entry 2" in output


def test_a_ledger_is_shown_summed_and_asked(ledger_path: Path) -> None:
    code, output = invoke(ledger, "show", ledger_path, "--last", 2)
    assert (code, [line.split()[1] for line in output.splitlines()]) == (0, ["boot", "boot"])
    code, output = invoke(ledger, "figures", ledger_path, "--json")
    figures = json.loads(output)
    assert (figures["object"], figures["entries"], figures["sales"], figures["money"]) == (
        "mirror-4",
        3,
        0,
        {},
    )
    code, output = invoke(ledger, "query", ledger_path, "SELECT count(*) AS n FROM entry", "--json")
    assert (code, json.loads(output)) == (0, [{"n": 3}])


@pytest.mark.parametrize("command", [["verify"], ["show"], ["figures"], ["query"]])
def test_no_ledger_is_a_sentence(tmp_path: Path, command: list[str]) -> None:
    more = ["SELECT 1"] if command == ["query"] else []
    code, output = invoke(ledger, *command, tmp_path / "none.db", *more)
    assert code == 1
    assert "there is no ledger" in output


def test_a_wrong_question_is_a_sentence_and_the_ledger_stays(ledger_path: Path) -> None:
    before = ledger_path.read_bytes()
    for sql in ("SELEKT 1", "SELECT * FROM nowhere"):
        code, output = invoke(ledger, "query", ledger_path, sql)
        assert code == 1
        assert "Traceback" not in output
    assert ledger_path.read_bytes() == before


def test_the_ledger_is_never_opened_by_a_second_sqlite_in_the_runtime() -> None:
    """Import what the runtime and the agent import: neither may carry Python's own sqlite3 along."""
    script = "import sys, edge.runtime, edge.sync; sys.exit('sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
