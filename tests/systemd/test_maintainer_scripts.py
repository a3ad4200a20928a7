"""What the scripts of the packages refuse before anything is unpacked; a folder stands for / here."""

import os
import sqlite3
import stat
import subprocess
import sys
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
    """What the script finds: the ledger, the package that comes, and the program that is installed."""

    unsynced: int | None = 0
    """None of a program that is too broken to say; so is its schema then."""
    is_quiet: bool = True
    schema: int | None = SCHEMA_VERSION
    """That of the ledger; None if there is none."""
    coming: int = SCHEMA_VERSION
    """The schema that the package knows."""
    unit: str = "opos-edge.service"
    """The one unit that is not at rest, and what systemd says of it."""
    state: str = "active"
    user: bool = True
    """Whether there is a user `opos`."""


def _status(unsynced: int | None) -> str:
    said = f'{{"object":"mirror-1","unsynced":{unsynced},"value":{{}}}}'
    return "false" if unsynced is None else f"echo '{said}'"


class Board:
    """A machine on which an object is installed, as far as a script looks at it."""

    def __init__(self, root: Path, answers: Answers) -> None:
        self.root = root
        self.coming = answers.coming
        self.stopped = root / "stopped"
        self.started = root / "started"
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
            case "$1 $2" in
                "is-active --quiet") [ "$3 {answers.state}" = "{answers.unit} active" ] ;;
                "is-active {answers.unit}") echo {answers.state} ;;
                is-active*) echo inactive; exit 3 ;;
                stop*) echo "$2" >>{self.stopped} ;;
                start*) echo "$3" >>{self.started} ;;
            esac""",
        )
        # The schema of the installed program is that of this checkout: it is asked in its own words.
        broken = "exit 1" if answers.unsynced is None else f'exec {sys.executable} "$@"'
        self._program("python3", broken)
        self._program("runuser", 'shift 3; exec "$@"' if answers.user else "echo no such user >&2; exit 1")
        self._program("setpriv", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')

    def _program(self, name: str, body: str) -> None:
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def runs(
        self, words: Sequence[str], environment: dict[str, str], script: str = "opos-edge.preinst"
    ) -> "subprocess.CompletedProcess[str]":
        """Run a script as dpkg would."""
        text = (DEBIAN / script).read_text("utf-8")
        for there, here in (
            ("/opt/opos/bin/", f"{self.root / 'bin'}/"),
            ("/opt/opos", self.root / "opt/opos"),
            ("/etc/opos", self.root / "etc/opos"),
            ("/run/", f"{self.root / 'run'}/"),
            ("@SCHEMA@", self.coming),
        ):
            text = text.replace(there, str(here))
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        command = ["sh", "-c", text, script, *words]
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
    "entries wait in a ledger that only the coming program knows": (
        UPGRADE,
        Answers(unsynced=3, schema=SCHEMA_VERSION + 1, coming=SCHEMA_VERSION + 1),
        {},
        "",
    ),
    "entries wait, and a program comes that will change the ledger": (
        UPGRADE,
        Answers(unsynced=3, coming=SCHEMA_VERSION + 1),
        {},
        "has not confirmed 3 entries",
    ),
    "a ledger that only the coming program knows, and a broken one": (
        UPGRADE,
        Answers(unsynced=None, schema=SCHEMA_VERSION + 1, coming=SCHEMA_VERSION + 1),
        {},
        "cannot be told",
    ),
    "the data of another card, whose user is not there yet": (("install",), Answers(user=False), {}, ""),
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


def test_whoever_is_told_to_wait_for_the_hub_has_the_agent_running(tmp_path: Path) -> None:
    """An update that was killed had ended it: nothing would be confirmed, however long one waits."""
    board = Board(tmp_path, Answers(unsynced=2))
    (tmp_path / "run/opos-edge.running").write_text("opos-sync.service\nopos-edge.service\n")
    assert "has not confirmed 2 entries" in board.runs(UPGRADE, {}).stderr
    assert board.started.read_text() == "opos-sync.service\nopos-edge.service\n"
    assert not (tmp_path / "run/opos-edge.running").exists()


@pytest.mark.parametrize("state", ["activating", "reloading"])
def test_what_systemd_starts_again_and_again_is_stopped_too(state: str, tmp_path: Path) -> None:
    board = Board(tmp_path, Answers(state=state))
    board.runs(UPGRADE, {})
    assert board.stopped.read_text() == "opos-edge.service\n"
    assert (tmp_path / "run/opos-edge.running").read_text() == "opos-edge.service\n"


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_what_does_not_run_is_not_started_by_an_update(state: str, tmp_path: Path) -> None:
    board = Board(tmp_path, Answers(state=state))
    assert board.runs(UPGRADE, {}).returncode == 0
    assert not (tmp_path / "run/opos-edge.running").exists()


def test_what_is_refused_goes_on_selling(tmp_path: Path) -> None:
    board = Board(tmp_path, Answers(is_quiet=False))
    board.runs(UPGRADE, {})
    assert not board.stopped.exists()


UNITS: Final = {
    "opos-edge": "opos-sync.service",
    "opos-camera": "opos-camera.socket",
    "opos-kiosk": "opos-kiosk.service",
    "opos-hub": "opos-hub-backup.timer",
}


@pytest.mark.parametrize(("package", "unit"), UNITS.items())
def test_a_removal_that_is_taken_back_leaves_running_what_ran(
    package: str, unit: str, tmp_path: Path
) -> None:
    board = Board(tmp_path, Answers(unit=unit))
    assert board.runs(("remove",), {}, f"{package}.prerm").returncode == 0
    assert unit in board.stopped.read_text().splitlines()
    assert board.runs(("abort-remove",), {}, f"{package}.postinst").returncode == 0
    assert board.started.read_text().splitlines() == [unit]
    assert not list((tmp_path / "run").glob("*.running"))


@pytest.mark.parametrize(("package", "unit"), UNITS.items())
def test_a_removal_leaves_nothing_for_a_later_installation_to_start(
    package: str, unit: str, tmp_path: Path
) -> None:
    board = Board(tmp_path, Answers(unit=unit))
    board.runs(("remove",), {}, f"{package}.prerm")
    assert board.runs(("remove",), {}, f"{package}.postrm").returncode == 0
    assert not list((tmp_path / "run").glob("*.running"))
    board.runs(("configure",), {}, f"{package}.postinst")
    assert not board.started.exists()


def test_what_python_has_compiled_goes_with_the_program_and_what_is_anothers_stays(tmp_path: Path) -> None:
    board = Board(tmp_path, Answers())
    program = tmp_path / "opt/opos/lib/python3.11/site-packages"
    for folder in ("edge/__pycache__", "edge/display/__pycache__", "theirs"):
        (program / folder).mkdir(parents=True)
        (program / folder / "module.opt-1.pyc").touch()
    assert board.runs(("remove",), {}, "opos-edge.postrm").returncode == 0
    assert [path.name for path in (tmp_path / "opt").rglob("*") if path.is_file()] == ["module.opt-1.pyc"]
    assert not (program / "edge").exists()


# By which words dpkg takes a step back, or makes one in which nothing of ours happens (policy, chapter 6).
QUIET_WORDS: Final = {
    "preinst": ("abort-upgrade",),
    "postinst": ("abort-upgrade", "abort-deconfigure"),
    "prerm": ("upgrade", "failed-upgrade", "deconfigure"),
    "postrm": ("upgrade", "failed-upgrade", "abort-install", "abort-upgrade", "disappear"),
}


@pytest.mark.parametrize(
    ("script", "word"),
    [(each.name, word) for each in SCRIPTS for word in QUIET_WORDS[each.suffix.removeprefix(".")]],
)
def test_a_step_in_which_nothing_of_ours_happens_touches_nothing(
    script: str, word: str, tmp_path: Path
) -> None:
    board = Board(tmp_path, Answers())
    before = sorted(tmp_path.rglob("*"))
    done = board.runs((word, "0.2.0"), {}, script)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_one_that_sh_can_read(script: Path) -> None:
    read = subprocess.run(["/bin/sh", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
    assert "#DEBHELPER#" in script.read_text("utf-8")


def test_the_program_starts_without_what_the_environment_tells_python() -> None:
    first = (DEBIAN.parent / "opos").read_text("utf-8").splitlines()[0]
    assert first == "#!/opt/opos/bin/python3 -I"
