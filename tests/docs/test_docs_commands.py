"""Every command of the docs is one that the program knows; and what can be run here is run, page by page."""

import io
import re
import shlex
import shutil
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from tests.agent.process_world import OBJECT
from tests.cli.ledgers import DAY, Ledgers
from tests.docs.blocks import (
    ROOT,
    NoCommandError,
    Typed,
    command_of,
    is_ours,
    named_blocks,
    the_door,
    typed,
    words_of,
)
from tests.system import aftercare, hub_letter, letter

# What is not run here: its pattern, why, and below tests/ where it is; the first that matches counts.
ELSEWHERE: Final = (
    (r"opos sync run\b", "runs until it is stopped", "agent"),
    (r"opos object up\b", "runs until it is stopped", "object"),
    (r"opos hub (run|ingest|api)\b", "runs until it is stopped", "hub"),
    (r"opos demo\b", "a whole shop", "demo"),
    (r"opos devices probe\b|opos listen\b", "wants a device", "cli"),
    (r"opos (record|replay)\b", "wants a device", "scenarios"),
    (r"opos sim (up|put|take|status|fault|heal|cable)\b", "talks to a bench that runs", "simulators"),
    (r"opos sim run\b", "takes its seconds", "scenarios"),
    (r"opos sim chaos\b", "takes its seconds", "proofs"),
    (r"opos sim fleet\b", "takes its seconds", "simulators"),
    (r"opos screens\b", "takes pictures in Chromium for minutes", "display"),
    (r"opos decode image\b", "wants a picture and the camera's libraries", "camera"),
    (r"opos enroll\b", "waits for a person at the hub", "object"),
    (r"opos hub (confirm|refuse)\b", "wants an object that waits", "hub/identity"),
    (r"opos hub order\b", "wants an object that is let in", "hub/test_orders.py"),
    (r"opos hub restore\b", "wants a backup and PostgreSQL", "hub/test_backup_commands.py"),
    (r"opos hub wallet (put|look|block|reclaim)\b", "names a wallet", "hub/test_wallet_commands.py"),
    (r"opos object training\b", "wants an object at work", "object"),
    (r"opos ledger rebuild\b", "wants an object that was stopped", "cli/test_ledger_rebuild.py"),
    (
        r"opos (setup|doctor|calibrate|pair|identify|test-sale|support|fleet|explain)\b",
        "changes or asks a whole machine",
        "provision",
    ),
    (r"(sudo|apt|apt-get|systemctl|journalctl|man|curl|scp|ssh|dpkg)\b", "a machine of its own", "system"),
    (
        r"(make|pip|pytest|(/usr/sbin/)?mosquitto|xdg-open|cd|export|(\.venv/bin/)?python)\b",
        "none of ours",
        "",
    ),
)
SYSTEM_PAGE: Final = "docs/system-test.md"

ALL: Final = tuple(typed())
OURS: Final = tuple((one, part) for one in ALL for part in one.parts if is_ours(part))


def elsewhere(one: Typed) -> tuple[str, str, str] | None:
    """Where a line is run that is not run here."""
    line = re.sub(r"(sudo )?\.venv/bin/opos", "opos", one.text)
    parts = re.split(r"\s\|\s", line)
    return next((each for each in ELSEWHERE if any(re.match(each[0], part) for part in parts)), None)


HERE: Final = tuple(one for one in ALL if elsewhere(one) is None)
THERE: Final = tuple((one, part) for one, part in OURS if elsewhere(one) is not None)


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


@cache
def texts(place: str) -> str:
    """All that the tests at a place say."""
    path = ROOT / "tests" / place
    return "\n".join(each.read_text() for each in ([path] if path.is_file() else sorted(path.rglob("*.py"))))


@pytest.mark.parametrize(("one", "part"), THERE, ids=lambda each: str(each)[:60])
def test_a_command_that_is_not_run_here_is_run_where_it_is_said(
    one: Typed, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPOS_BENCH", "shelf.sock")
    found = elsewhere(one)
    assert found is not None
    _, why, place = found
    name, module = command_of(words_of(part))
    said = texts(place)
    is_called = re.search(
        rf"[\"']{name}[\"']|opos [\w -]*\b{name}\b|(from|import) {re.escape(module)}\b", said
    )
    assert is_called, f"{one}: {why}, and nothing in tests/{place} calls it"


def test_what_wants_a_machine_of_its_own_is_on_a_page_that_is_followed_in_one() -> None:
    pages = {one.page for one in ALL if (found := elsewhere(one)) is not None and found[2] == "system"}
    assert pages <= {*hub_letter.PAGES, letter.PAGE, aftercare.HEALTH_PAGE, SYSTEM_PAGE}


@pytest.mark.parametrize("one", [one for one in ALL if " make " in f" {one.text}"], ids=str)
def test_make_knows_what_the_docs_have_it_make(one: Typed) -> None:
    words = shlex.split(one.text.removeprefix("sudo "), comments=True)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert words[:1] == ["make"]
    assert words[1] in targets


@pytest.mark.parametrize("one", [one for one in ALL if one.page == SYSTEM_PAGE], ids=str)
def test_the_story_has_the_steps_that_its_page_names(one: Typed) -> None:
    story = pytest.importorskip("tests.system.story", reason="the extra `camera` is not installed")
    args = next((word for word in shlex.split(one.text, comments=True) if word.startswith("ARGS=")), "")
    words = shlex.split(args.removeprefix("ARGS="))
    asked = dict(zip(words[::2], words[1::2], strict=False))  # `--shell` stands alone
    for only in asked.get("--only", "").split(","):
        assert story.chosen(asked.get("--until", ""), only)


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
        (root / name).write_text(text)
    done = [Shell(root).type(one) for one in here]
    assert len(done) == len(here) > 0
