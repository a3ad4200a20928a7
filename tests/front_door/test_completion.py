"""Tab completes `opos` in three shells, and nothing is imported to list its commands."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from opos.__main__ import front_door
from opos.completion import SHELLS, completion, script


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_that_asks_opos(shell: str) -> None:
    said = CliRunner().invoke(completion, [shell])
    assert said.exit_code == 0
    assert said.output == script(shell) + "\n"
    assert f"_OPOS_COMPLETE={shell}_complete" in said.output


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_itself_finds_no_fault_with_its_script(shell: str, tmp_path: Path) -> None:
    installed = shutil.which(shell)
    if installed is None:
        pytest.skip(f"{shell} is not installed here")
    file = tmp_path / "opos"
    file.write_text(script(shell))
    checked = subprocess.run([installed, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_another_shell_is_refused_by_name() -> None:
    said = CliRunner().invoke(completion, ["tcsh"])
    assert said.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in said.output


PROBE = """
import os, sys
os.environ.update(COMP_WORDS={words!r}, COMP_CWORD="{number}", _OPOS_COMPLETE="bash_complete")
sys.argv = ["opos"]
from opos.__main__ import main
try:
    main()
finally:
    rooms = sorted(name for name in sys.modules if name.split(".")[0] in ("edge", "cloud_sync", "simulators"))
    print("imported", *rooms, file=sys.stderr)
"""


def completed(words: str) -> tuple[list[str], list[str]]:
    """What Tab offers after `words`, and the modules of ours that were imported for it."""
    probe = PROBE.format(words=words, number=words.count(" "))
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    offered = [line.partition(",")[2] for line in done.stdout.splitlines()]
    return offered, done.stderr.split("imported", 1)[1].split()


def test_all_commands_are_offered_and_none_is_imported() -> None:
    offered, imported = completed("opos ")
    assert offered == sorted(front_door().commands)
    assert imported == []


def test_behind_a_command_its_own_words_are_offered_and_only_it_is_imported() -> None:
    offered, imported = completed("opos sync sta")
    assert offered == ["status"]
    assert [
        name for name in imported if name.startswith(("simulators", "cloud_sync.hub", "edge.runtime."))
    ] == []
