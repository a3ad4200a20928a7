"""A person at a terminal sees how far a long command has come; a program sees nothing of it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli.ledger.progress import Bar
from edge.readings import Nanoseconds
from tests.cli.ledgers import SteppingClock


class LookedAtClock(SteppingClock):
    """A clock that moves by `each_ms` whenever it is looked at."""

    def __init__(self, each_ms: int) -> None:
        super().__init__()
        self.each_ms = each_ms

    def now_ns(self) -> Nanoseconds:
        self.ms += self.each_ms
        return super().now_ns()


def worked(each_ms: int, entries: int, *, shown: bool = True) -> None:
    """Go through `entries` with a bar that looks at such a clock."""
    with Bar("exporting", 2_000, shown=shown, clock=LookedAtClock(each_ms)) as bar:
        assert list(bar.along(range(entries))) == list(range(entries))


@pytest.fixture
def _a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.usefixtures("_a_terminal")
def test_a_long_command_says_how_far_it_is_and_how_fast(capsys: pytest.CaptureFixture[str]) -> None:
    worked(600, 2_000)
    output = capsys.readouterr()
    assert output.out == ""
    assert "exporting" in output.err
    assert "1,792 of 2,000 entries, 426 a second" in output.err


@pytest.mark.usefixtures("_a_terminal")
@pytest.mark.parametrize(
    ("each_ms", "shown"), [(1, True), (600, False)], ids=["a short command", "a busy terminal"]
)
def test_nothing_flickers(capsys: pytest.CaptureFixture[str], each_ms: int, shown: bool) -> None:
    worked(each_ms, 2_000, shown=shown)
    assert capsys.readouterr() == ("", "")


def test_a_program_sees_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    worked(600, 2_000)
    assert capsys.readouterr() == ("", "")


def at_a_terminal(*arguments: object, columns: int = 80) -> str:
    """What `opos ledger` prints on a terminal that is so wide."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "opos", "ledger", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        page = b""
        try:
            while piece := os.read(ours, 65536):
                page += piece
        except OSError:  # Linux says EIO when the other side of a pty has hung up
            pass
        finally:
            os.close(ours)
        assert process.wait() == 0
    return page.decode().replace("\r\n", "\n")


def test_a_line_is_as_long_as_the_terminal_is_wide(day: Path) -> None:
    rows = at_a_terminal("show", day, columns=60).splitlines()
    assert len(rows) == 10
    assert rows[-1].endswith("…")
    assert len(rows[-1]) == 60


def test_a_code_that_does_not_fit_the_terminal_is_not_drawn(day: Path) -> None:
    narrow, wide = at_a_terminal("receipt", day, 5), at_a_terminal("receipt", day, 5, columns=200)
    assert "make this window wider, or save it with --png or --svg" in narrow
    assert "█" not in narrow
    assert wide.count("\x1b[97m\x1b[40m████") > 40
