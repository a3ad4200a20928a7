"""What the tests of scenarios share: files to run, and the command line in a process of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Opos = Callable[..., subprocess.CompletedProcess[str]]

BENCH = """
[bench]
control = "b.sock"
state = "b.json"

[[device]]
name = "scale"
type = "mt-sics"
at = "pty:scale"
settle_ms = 50
"""


@pytest.fixture
def opos(tmp_path: Path) -> Opos:
    """Run `opos` in the test's folder."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "opos", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run


@pytest.fixture
def scenario(tmp_path: Path) -> Callable[[str], Path]:
    """A scenario on a bench with one scale."""
    (tmp_path / "bench.toml").write_text(BENCH, encoding="utf-8")

    def written(steps: str) -> Path:
        file = tmp_path / "day.scenario.yaml"
        head = "about: a day\nbench: bench.toml\nlisten: {scale: 'serial:{at}?profile=mt-sics'}\nsteps:\n"
        file.write_text(head + steps, encoding="utf-8")
        return file

    return written
