"""Tab in bash, zsh and fish themselves, in a terminal: a command, what is below it, and a file."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cli.terminal.pane import Pane

# How each is started as if nobody had ever changed it, and how it takes the script in.
SHELLS: Final = {
    "bash": ("--norc --noprofile", "source <(opos completion bash)"),
    "zsh": ("-f", "autoload -Uz compinit; compinit -u -D; source <(opos completion zsh)"),
    "fish": ("--no-config", "opos completion fish | source"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes(shell: str, tmp_path: Path) -> None:
    installed = shutil.which(shell)
    if installed is None:
        pytest.skip(f"{shell} is not installed here")
    (tmp_path / "mirror-4.toml").touch()
    flags, takes_in = SHELLS[shell]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = f"cd {tmp_path} && exec env PATH={path} HOME={tmp_path} {installed} {flags}"
    with Pane(tmp_path, started) as pane:
        pane.typed(f"{takes_in}; echo taken in by {shell[:2]}''{shell[2:]}")
        pane.keys("Enter")
        pane.until(f"taken in by {shell}\n")
        pane.typed("opos led")
        pane.keys("Tab")
        pane.until("opos ledger ")
        pane.typed("ver")
        pane.keys("Tab")
        pane.until("opos ledger verify ")
        pane.typed("mirr")
        pane.keys("Tab")
        pane.until("opos ledger verify mirror-4.toml")
        pane.keys("C-u")  # the line is empty again, and the editor still at it
        pane.typed("opos hub wallet blo")
        pane.keys("Tab")
        pane.until("opos hub wallet block ")
        page = pane.page()
    assert "Traceback" not in page
