"""What the scripts of the packages refuse before anything is unpacked; a folder stands for / here."""

import os
import sqlite3
import stat
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
import pytest

from edge.offline_queue.ledger import SCHEMA_VERSION

DEBIAN: Final = Path(__file__).parents[2] / "systemd" / "packaging" / "debian"
SCRIPTS: Final = sorted(
    each for kind in ("preinst", "postinst", "prerm", "postrm") for each in DEBIAN.glob(f"*.{kind}")
)
OBJECT: Final = """
[object]
id = "mirror-1"
data = "data"
"""


class Answers(msgspec.Struct, frozen=True):
    """What the installed program says when the script asks it."""

    unsynced: int | None = 0
    """None of a program that is too broken to say."""
    is_quiet: bool = True
    schema: int | None = SCHEMA_VERSION
    """That of the ledger; None if there is none."""


def _status(unsynced: int | None) -> str:
    said = f'{{"object":"mirror-1","unsynced":{unsynced},"value":{{}}}}'
    return "false" if unsynced is None else f"echo '{said}'"


class Board:
    """A machine on which an object is installed, as far as a script looks at it."""

    def __init__(self, root: Path, answers: Answers) -> None:
        self.root = root
        self.stopped = root / "stopped"
        (root / "etc/opos/data").mkdir(parents=True)
        (root / "run/systemd/system").mkdir(parents=True)
        (root / "etc/opos/object.toml").write_text(OBJECT, "utf-8")
        if answers.schema is not None:
            with closing(sqlite3.connect(root / "etc/opos/data/ledger.db")) as ledger:
                ledger.execute(f"PRAGMA user_version = {answers.schema}")
        self._program(
            "opos",
            f"""
            case "$1 $2" in
                "sync status") {_status(answers.unsynced)} ;;
                "object quiet") [ "$3" = --help ] || {"true" if answers.is_quiet else "false"} ;;
            esac""",
        )
        self._program(
            "systemctl",
            f"""
            case "$1" in
                is-active) [ "$3" = opos-edge.service ] ;;
                stop) echo "$2" >>{self.stopped} ;;
            esac""",
        )
        self._program("runuser", 'shift 3; exec "$@"')

    def _program(self, name: str, body: str) -> None:
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def runs(self, words: Sequence[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        """Run opos-edge.preinst as dpkg would."""
        text = (DEBIAN / "opos-edge.preinst").read_text("utf-8")
        for there, here in (
            ("/opt/opos/bin/opos", self.root / "bin/opos"),
            ("/etc/opos", self.root / "etc/opos"),
            ("/run/", f"{self.root / 'run'}/"),
            ("@SCHEMA@", SCHEMA_VERSION),
        ):
            text = text.replace(there, str(here))
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        command = ["sh", "-c", text, "preinst", *words]
        environment = {"PATH": path, **environment}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


UPGRADE: Final = ("upgrade", "0.1.0", "0.2.0")
CASES: Final = {
    "all is well": (UPGRADE, Answers(), {}, ""),
    "the first installation": (("install",), Answers(schema=None), {}, ""),
    "a ledger of the version before": (UPGRADE, Answers(schema=SCHEMA_VERSION - 1), {}, ""),
    "a later version has written the ledger": (
        UPGRADE,
        Answers(schema=SCHEMA_VERSION + 1),
        {},
        "keep that version",
    ),
    "it comes back to a later ledger": (
        ("install",),
        Answers(schema=SCHEMA_VERSION + 1),
        {},
        "keep that version",
    ),
    "entries wait": (UPGRADE, Answers(unsynced=3), {}, "has not confirmed 3 entries"),
    "nobody can say whether entries wait": (UPGRADE, Answers(unsynced=None), {}, "cannot be told"),
    "nobody can say, and there is no ledger": (UPGRADE, Answers(unsynced=None, schema=None), {}, ""),
    "entries wait and somebody says so": (UPGRADE, Answers(unsynced=3), {"OPOS_UPDATE_UNSYNCED": "1"}, ""),
    "somebody pays": (UPGRADE, Answers(is_quiet=False), {}, "while somebody pays"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_update_is_refused_where_something_could_be_lost(case: str, tmp_path: Path) -> None:
    words, answers, environment, sentence = CASES[case]
    done = Board(tmp_path, answers).runs(words, environment)
    assert (done.returncode, sentence in done.stderr) == (1 if sentence else 0, True), done.stderr


def test_who_says_so_in_a_file_may_update_with_entries_that_wait(tmp_path: Path) -> None:
    board = Board(tmp_path, Answers(unsynced=3))
    (tmp_path / "etc/opos/update-unsynced").touch()
    assert board.runs(UPGRADE, {}).returncode == 0


def test_what_runs_is_stopped_before_it_is_replaced_and_written_down(tmp_path: Path) -> None:
    board = Board(tmp_path, Answers())
    board.runs(UPGRADE, {})
    assert board.stopped.read_text() == "opos-edge.service\n"
    assert (tmp_path / "run/opos-edge.running").read_text() == "opos-edge.service\n"


def test_what_is_refused_goes_on_selling(tmp_path: Path) -> None:
    board = Board(tmp_path, Answers(is_quiet=False))
    board.runs(UPGRADE, {})
    assert not board.stopped.exists()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_one_that_sh_can_read(script: Path) -> None:
    read = subprocess.run(["/bin/sh", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
    assert "#DEBHELPER#" in script.read_text("utf-8")


def test_the_program_starts_without_what_the_environment_tells_python() -> None:
    first = (DEBIAN.parent / "opos").read_text("utf-8").splitlines()[0]
    assert first == "#!/opt/opos/bin/python3 -I"
