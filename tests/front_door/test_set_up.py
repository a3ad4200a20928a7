"""The set-up where something is missing: one sentence, a command that mends it, nothing half made."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REAL = ["awk", "bash", "cat", "dirname", "env", "flock", "grep", "mkdir", "readlink", "rm", "sed"]
REAL += ["sha256sum", "tail", "uname"]

Commands = dict[str, str | None]
"""Shell scripts that stand in the place of commands; None where there is no such command."""

# A machine with nothing installed, and with root at the keyboard; a case changes what it is about.
NOTHING_INSTALLED: Commands = {"dpkg-query": "exit 1", "id": "echo 0", "apt-get": "exit 0"}
A_SHOPKEEPER: Commands = {"id": '[ "$1" = -u ] && echo 1000 || echo mina'}
PACKAGES = "gcc libc6-dev linux-libc-dev make mosquitto fonts-inter fonts-noto-core"
INSTALL = f"apt-get install -y --no-install-recommends {PACKAGES}"

BAD_DAYS: dict[str, tuple[Commands, str, str]] = {
    "another system": (
        {"uname": "echo Darwin"},
        "it runs on Linux, and this is Darwin",
        "Debian 12 or newer",
    ),
    "no apt": (
        {"apt-get": None},
        f"there is no apt-get here, so install the like of these yourself: {PACKAGES}",
        "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[hub]'",
    ),
    "no sudo": (A_SHOPKEEPER, "there is no sudo", f"su -c '{INSTALL}"),
    "sudo asks for a password": (
        A_SHOPKEEPER | {"sudo": "echo 'sudo: a password is required' >&2; exit 1"},
        "sudo wants a password that nobody can type here",
        f"sudo {INSTALL}",
    ),
    "apt refuses": (
        {"apt-get": "echo 'E: Unable to locate package gcc'; exit 100"},
        "apt-get failed (Unable to locate package gcc)",
        f"apt-get update && {INSTALL}",
    ),
    "no network": (
        {"apt-get": "echo 'E: Failed to fetch: Temporary failure resolving the mirror'; exit 100"},
        "the network does not reach the package servers",
        "make demo",
    ),
    "a full disk": (
        {"apt-get": "echo 'E: write (28: No space left on device)'; exit 100"},
        "the disk is full",
        "make demo",
    ),
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone as far as the set-up looks at it, with the tools that every system has."""
    (tmp_path / "clone" / ".ci").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", ".ci/bootstrap.sh"):
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in REAL:
        (tools / name).symlink_to(shutil.which(name) or pytest.skip(f"{name} is not on this machine"))
    (tools / "python3").symlink_to(sys.executable)
    return tmp_path / "clone"


def fake(tools: Path, commands: Commands) -> None:
    for name, script in commands.items():
        (tools / name).unlink(missing_ok=True)
        if script is not None:
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)


def set_up(clone: Path, *goal: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(clone.parent / "tools"), "HOME": str(clone.parent), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [clone / ".ci" / "bootstrap.sh", *goal],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("commands", "wrong", "mend"), BAD_DAYS.values(), ids=BAD_DAYS)
def test_a_bad_day_ends_with_one_sentence_and_the_command_that_mends_it(
    clone: Path, commands: Commands, wrong: str, mend: str
) -> None:
    fake(clone.parent / "tools", NOTHING_INSTALLED | commands)
    ended = set_up(clone, "demo")
    assert ended.returncode == 1
    assert ended.stderr.startswith("OPOS cannot be set up: ")
    assert ended.stderr.count("\n") == 1
    assert wrong in ended.stderr
    assert mend in ended.stderr.partition(wrong)[2]
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("goal", [(), ("shop",)])
def test_a_wrong_goal_is_wrong_usage(clone: Path, goal: tuple[str, ...]) -> None:
    ended = set_up(clone, *goal)
    assert (ended.returncode, ended.stderr) == (2, "usage: .ci/bootstrap.sh {demo|test|deb|system}\n")


def test_a_machine_that_has_everything_is_left_alone_without_a_word(clone: Path) -> None:
    installed = 'shift 2; for package; do echo "installed $package"; done'
    fake(clone.parent / "tools", NOTHING_INSTALLED | {"dpkg-query": installed, "apt-get": "exit 100"})
    (clone / ".venv" / "bin").mkdir(parents=True)
    # Stands in for the environment's Python: pip installs all that it is asked for.
    fake(clone / ".venv" / "bin", {"python": "exit 0"})
    first, second = set_up(clone, "demo"), set_up(clone, "demo")
    assert (first.returncode, first.stderr) == (0, "")
    assert "Ready." in first.stdout
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    (clone / "constraints.txt").write_text("click==0\n")
    assert "installing Python packages" in set_up(clone, "demo").stdout
