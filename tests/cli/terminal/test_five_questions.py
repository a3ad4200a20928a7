"""`opos setup` as an installer meets it: five questions in a terminal, wrong answers, then an object."""

import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cloud_sync.contract.enrolment import claim_text
from edge.config import load
from tests.agent.line_world import until
from tests.cli.terminal.corner import BENCH
from tests.cli.terminal.forking import Door
from tests.cli.terminal.pane import COLUMNS, Pane
from tests.object.paper_hub import PaperHub

SCALE: Final = """
[[device]]
type = "mt-sics"
name = "scale"
at = "tcp:127.0.0.1:0"
"""


@pytest.fixture
def bench(door: Door, tmp_path: Path) -> Iterator[list[str]]:
    """A reader and a scale, as HOST:PORT."""
    (tmp_path / "bench.toml").write_text(BENCH + SCALE)
    said = tmp_path / "bench.said"
    with Path(os.devnull).open("rb") as nothing, said.open("wb") as file:
        running = door.start(("sim", "up", "bench.toml", "--json"), tmp_path, (nothing, file, file))
    until(lambda: said.read_bytes().endswith(b"\n"), "a bench")
    status = json.loads(said.read_text())["status"]
    yield [each["at"][0].removeprefix("tcp:") for each in status.values()]
    running.kill(signal.SIGTERM)
    assert running.ended() == 0


def answer(pane: Pane, question: str, *texts: str) -> None:
    """Wait for a question and type these, one after the other: all but the last are refused."""
    for count, text in enumerate(texts, 1):
        pane.until_seen(question, count)
        pane.typed(text)
        pane.keys("Enter")


def test_five_questions_make_an_object(bench: list[str], hub: PaperHub, root: Path, tmp_path: Path) -> None:
    looks = " ".join(f"--look {where}" for where in bench)
    claim = claim_text(hub.claim())
    bash = shutil.which("bash")
    with Pane(tmp_path, f"cd {tmp_path} && exec {bash} --norc") as pane:
        pane.typed(
            f"{shlex.quote(sys.executable)} -m opos setup --root root {looks}; echo it ended 'with' $?"
        )
        pane.keys("Enter")
        answer(pane, "The claim that the hub made", claim[:40], "/no/such/file", claim)
        answer(pane, "What it is (mirror/shelf/tray/panel) [shelf]", "fridge", "mirror")
        answer(pane, "Sell with reader?", "drawer", "")
        answer(pane, "A card terminal", "10.0.0.9 x", "10.0.0.9")
        answer(pane, "Does this machine drive the glass itself?", "maybe", "n")
        pane.until("it ended with ")
        page = pane.page()
    assert "it ended with 0" in page, page
    assert "mirror-4 is set up at demo/corner." in page
    assert page.count("\nError: ") == 6
    assert "Traceback" not in page
    sentences = [
        line
        for line in page.splitlines()
        if not any(long in line for long in ("OPOS1.", "echo it ended", str(tmp_path)))
    ]
    assert [line for line in sentences if len(line) > COLUMNS and not line.startswith("Error: ")] == []
    config = load(root / "etc/opos/object.toml", root)
    assert [tender.name for tender in config.tenders] == ["zvt"]
    assert [device.role for device in config.peripherals] == ["reader"]
