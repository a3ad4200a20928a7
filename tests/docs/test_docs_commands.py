"""Every command of the docs is one that the program knows; and what can be run here is run, page by page."""

import io
import re
import shlex
import shutil
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from tests.agent.process_world import OBJECT
from tests.cli.ledgers import DAY, Ledgers
from tests.docs.blocks import ROOT, NoCommandError, Typed, is_ours, named_blocks, the_door, typed, words_of

# What is not run here, and where it is: the first that matches counts.
ELSEWHERE: Final = (
    (
        r"opos (sync|object|demo|hub) (run|up)\b|opos hub (ingest|api)\b",
        "runs until it is stopped: process tests",
    ),
    (r"opos demo\b", "a whole shop: tests/demo"),
    (r"opos (listen|record|replay)\b|opos devices probe", "wants a device: tests/drivers"),
    (r"opos sim (up|put|take|status|fault|heal|cable)\b", "talks to a bench that runs: tests/simulators"),
    (r"opos sim (run|chaos|fleet)\b", "takes its seconds: tests/scenarios, tests/proofs, tests/chaos"),
    (r"opos screens\b", "takes pictures in Chromium for minutes: tests/display"),
    (r"opos decode image\b", "wants a picture and the camera's libraries: tests/camera"),
    (r"opos enroll\b", "waits for a person at the hub: tests/hub/identity"),
    (r"opos hub (confirm|refuse)\b", "wants an object that waits: tests/hub/identity"),
    (r"opos hub order\b", "wants an object that is let in: tests/hub/test_orders.py"),
    (r"opos hub restore\b", "wants a backup and PostgreSQL: tests/hub/test_backup_commands.py"),
    (r"opos hub wallet (put|look|block|reclaim)\b", "names a wallet: tests/hub/test_wallet_commands.py"),
    (r"opos object training\b", "wants an object at work: tests/object"),
    (r"opos ledger rebuild\b", "wants an object that was stopped: tests/cli/test_ledger_rebuild.py"),
    (
        r"opos (setup|doctor|calibrate|pair|identify|test-sale|support|fleet|explain)\b",
        "changes or asks a whole machine: make system-test, which follows docs/install.md",
    ),
    (
        r"(sudo |apt|apt-get|systemctl|journalctl|man|curl|scp|ssh|dpkg)\b",
        "a machine of its own: make system-test",
    ),
    (r"(make|pip|pytest|mosquitto|xdg-open|cd|export|python|\.venv/bin/python)\b", "no command of ours"),
)

ALL: Final = tuple(typed())
OURS: Final = tuple((one, part) for one in ALL for part in one.parts if is_ours(part))


def why_not(one: Typed) -> str | None:
    """Why a line is not run here; None for one that is."""
    line = re.sub(r"(sudo )?\.venv/bin/opos", "opos", one.text)
    said = (
        why
        for pattern, why in ELSEWHERE
        if any(re.match(pattern, part) for part in re.split(r"\s\|\s", line))
    )
    return next(said, None)


HERE: Final = tuple(one for one in ALL if why_not(one) is None)


@pytest.mark.parametrize(("one", "part"), OURS, ids=lambda each: str(each)[:60])
def test_the_front_door_takes_what_the_docs_say(
    one: Typed, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPOS_BENCH", "shelf.sock")  # which a page exports before
    try:
        words = words_of(part)
    except NoCommandError as error:
        pytest.fail(f"{one}: {error}")
    assert words


class Shell:
    """A directory where somebody follows a page: pipes, files and commands of ours, in this process."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def type(self, one: Typed) -> str:
        """Type one line; it has to end well. What it said."""
        handed = ""
        for part in one.parts:
            handed = self._do(one, part, handed)
        if (kept := re.search(r"\s>\s*(\S+)", one.text)) is not None:
            path = self._directory / kept[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(handed)
        return handed

    def _do(self, one: Typed, part: str, handed: str) -> str:
        if part.startswith("echo "):
            return shlex.split(part)[1] + "\n"
        assert is_ours(part), one
        words = [re.sub(r"^/backups\b", str(self._directory / "backups"), word) for word in words_of(part)]
        done = CliRunner().invoke(the_door(), words, input=io.BytesIO(handed.encode()))
        assert done.exit_code == 0, f"{one}: {done.output}{done.exception!r}"
        return done.stdout


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a hub with a shop and certificates, to be copied."""
    made = tmp_path_factory.mktemp("hub") / "hub"
    shop = str(ROOT / "simulators" / "shops" / "corner")
    for words in (["init"], ["import", shop], ["broker", "--host", "hub.corner.example"]):
        done = CliRunner().invoke(the_door(), ["hub", *words, "--dir", str(made)])
        assert done.exit_code == 0, done.output
    return made


@pytest.fixture
def root(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, hub: Path) -> Path:
    """The root of the source as a reader has it: two objects that sold, two hubs, a place for backups."""
    here = tmp_path_factory.mktemp("page")  # short: the path of a socket has 107 bytes at most
    monkeypatch.chdir(here)
    (here / "simulators").symlink_to(ROOT / "simulators")
    (here / "backups").mkdir()
    for folder in (here / "var" / "demo" / "mirror-4", here / "mirror"):
        (folder / "data").mkdir(parents=True)
        ledgers = Ledgers(folder / "data")
        ledgers.write(*DAY)
        (folder / "data" / "object.key").write_bytes(ledgers.key.to_pem())
        (folder / "data" / "object.key").chmod(0o600)
        (folder / "object.toml").write_text(OBJECT.format(broker=1883, hub="http://127.0.0.1:8110"))
    for place in (here / "var" / "hub", here / "var" / "demo" / "hub"):
        shutil.copytree(hub, place)
    return here


@pytest.mark.parametrize("page", sorted({one.page for one in HERE}))
def test_whoever_follows_a_page_comes_to_its_end(page: str, root: Path) -> None:
    here = [one for one in HERE if one.page == page]
    if any(" hub init " in one.text for one in here):
        shutil.rmtree(root / "var" / "hub")
    for name, text in named_blocks(page):
        (root / f"{name}.json").write_text(text)
    done = [Shell(root).type(one) for one in here]
    assert len(done) == len(here) > 0
