"""Ctrl-C and a pipe that nobody reads any more end a command quietly, whatever it is about."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from opos.exits import Exit
from tests.agent.line_world import until
from tests.cli.terminal.conftest import Corner
from tests.cli.terminal.corner import READER
from tests.cli.terminal.forking import Door
from tests.cli.terminal.pane import Pane

# What works until it is told to stop ends well then; what is stopped in the middle says so.
INTERRUPTED: Final = {
    f"listen {READER}": Exit.OK,
    f"record {READER} recording.jsonl": Exit.OK,
    "sim up bench.toml": Exit.OK,
    "sim terminal zvt --listen 127.0.0.1:0": Exit.OK,
    "sim terminal nexo --listen 127.0.0.1:0 --plain": Exit.OK,
    "identify mirror/object.toml --seconds 600": Exit.INTERRUPTED,
    "hub run --dir hub --port 0 --broker 127.0.0.1:1": Exit.OK,
    "hub claim --dir hub --tenant demo --site corner --object mirror-9 --wait": Exit.INTERRUPTED,
}


@pytest.mark.parametrize("words", INTERRUPTED)
def test_ctrl_c_ends_what_is_at_work(door: Door, corner: Corner, words: str) -> None:
    place = corner.anew()
    said = place / "said"
    with Path(os.devnull).open("rb") as nothing, said.open("wb") as file:
        running = door.start(shlex.split(words), place, (nothing, file, file))
        until(lambda: said.stat().st_size, f"a word of `opos {words}`")
        running.kill(signal.SIGINT)
        code = running.ended()
    text = said.read_text()
    assert (code, "Traceback" in text, "Aborted" in text) == (INTERRUPTED[words], False, False), text


CLOSED: Final = (
    "--help",
    "explain",
    "explain --json",
    "devices profiles",
    "devices profiles --json",
    "doctor mirror/object.toml",
    "ledger show mirror/data/ledger.db",
    "ledger show mirror/data/ledger.db --json",
    "ledger export mirror/data/ledger.db --format jws",
    "ledger query mirror/data/ledger.db 'SELECT a.seq FROM entry a, entry b, entry c' --csv",
    "ledger figures mirror/data/ledger.db",
    "hub status --dir hub",
    "hub metrics --dir hub",
    "hub trust --dir hub",
    "object show mirror/object.toml --json",
    "setup --example",
    "sim shopper --sessions 2",
    "sync status mirror/object.toml --json",
    "completion zsh",
)


@pytest.mark.parametrize("words", CLOSED)
def test_a_reader_that_has_seen_enough_is_no_error(door: Door, corner: Corner, words: str) -> None:
    place = corner.anew()
    reads, writes = os.pipe()
    os.close(reads)
    with Path(os.devnull).open("rb") as nothing, (place / "err").open("wb") as err:
        running = door.start(shlex.split(words), place, (nothing, writes, err))
        os.close(writes)
        code = running.ended()
    assert (place / "err").read_text() == ""
    assert code in {Exit.OK, Exit.FAILED}


def test_a_question_is_left_by_ctrl_c_as_everything_else_is(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    opos = f"{sys.executable} -m opos"
    with Pane(tmp_path, f"exec {bash} --norc") as pane:
        pane.typed(f"cd {tmp_path} && {opos} staff new staff.json")
        pane.keys("Enter")
        pane.until("PIN")
        pane.keys("C-c")
        pane.typed("echo it ended with $?")
        pane.keys("Enter")
        pane.until("it ended with 130")
        page = pane.page()
    assert ("Traceback" in page, "Aborted" in page) == (False, False), page


def test_head_takes_one_line_of_a_real_process(corner: Corner) -> None:
    words = f"{sys.executable} -m opos ledger export mirror/data/ledger.db --format jws | head -n 1"
    done = subprocess.run(
        ["/bin/bash", "-c", words], cwd=corner.anew(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")
