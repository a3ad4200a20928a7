"""The command line: what a person sees of it, with every command installed, broken or unknown."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opos.exits import Exit
from opos.front_door import FrontDoor, listed

Install = Callable[..., None]

METADATA = "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\nRequires-Dist: Acme.Glue>=2; extra == 'sticky'\n"
GREETING = '''"""A greeting for the shopper."""
import click

@click.command()
def command():
    """Greet."""
    click.echo("good morning")
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution with one command, found before all that were installed earlier."""

    def installed(name: str, source: str, module: str = "acme_command") -> None:
        place = tmp_path / module
        information = place / "acme-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(METADATA)
        (information / "entry_points.txt").write_text(f"[opos.commands]\n{name} = {module}:command\n")
        if source:
            (place / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(place)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return installed


def opos(*args: str) -> Result:
    return CliRunner().invoke(FrontDoor("opos", commands=listed()), args)


def test_a_command_of_another_package_is_listed_by_its_caption_and_runs(install: Install) -> None:
    install("greet", GREETING)
    assert "A greeting for the shopper\n" in opos("--help").output
    assert "acme_command" not in sys.modules
    assert opos("greet").output == "good morning\n"


def test_the_captions_of_our_own_commands_are_for_people() -> None:
    for name, command in listed().items():
        words = command.get_short_help_str()
        assert words, name
        assert not set("`_") & set(words), f"{name}: {words}"
        assert "module" not in words, f"{name}: {words}"


BROKEN = [
    ("", "No module named 'acme_command'\n"),
    ("import acme_gone\n", "No module named 'acme_gone'\n"),
    ("import acme_glue.pot\n", "No module named 'acme_glue': pip install 'acme[sticky]'\n"),
    ("def (:\n", "invalid syntax (acme_command.py, line 1)\n"),
    ("order = 1\n", "module 'acme_command' has no attribute 'command'\n"),
    ("command = 1\n", "acme_command:command is not a click command\n"),
]


@pytest.mark.parametrize(("source", "reason"), BROKEN)
def test_a_broken_command_ends_with_one_sentence_and_spoils_no_other(
    install: Install, source: str, reason: str
) -> None:
    install("broken", source)
    result = opos("broken")
    assert result.output == f"Error: `opos broken` cannot be loaded: {reason}"
    assert result.exit_code == Exit.FAILED
    assert opos("--help").exit_code == Exit.OK


def test_a_command_whose_module_is_gone_says_so_in_the_list(install: Install) -> None:
    install("broken", "")
    shown = " ".join(opos("--help").output.split())
    assert "broken cannot be loaded: no module named 'acme_command'" in shown


def test_the_first_of_two_commands_with_one_name_counts(install: Install) -> None:
    install("greet", GREETING.replace("good morning", "too late"), module="acme_late")
    install("greet", GREETING)
    assert opos("greet").output == "good morning\n"


def test_an_unknown_command_is_wrong_usage_and_near_names_are_offered(install: Install) -> None:
    install("greet", GREETING)
    result = opos("great")
    assert result.exit_code == Exit.USAGE
    assert "No such command 'great'. Did you mean 'greet'?" in result.output


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)


def test_the_list_imports_no_room_of_the_house() -> None:
    look = (
        "import sys; from opos.front_door import listed; [c.get_short_help_str() for c in listed().values()]"
    )
    rooms = "{'edge', 'cloud_sync', 'simulators', 'retail', 'msgspec'}"
    assert run("-c", f"{look}; print(sorted({rooms} & set(sys.modules)))").stdout == "[]\n"


def test_the_command_tells_its_version_its_examples_and_its_exit_codes() -> None:
    assert run("-m", "opos", "--version").stdout.split()[-1] == version("opos")
    help_text = " ".join(run("-m", "opos", "-h").stdout.split())
    assert "opos demo --dir var/demo" in help_text
    assert "0 ok; 1 findings, or failed; 2 wrong usage; 4 sign-in needed; 130 stopped by Ctrl-C." in help_text


def test_every_command_of_the_house_can_be_loaded() -> None:
    names = sorted(listed())
    assert [name for name in names if opos(name, "--help").exit_code != Exit.OK] == []


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["as Python comes", "unbuffered"])
def test_a_full_disk_is_one_sentence(unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "opos", "decode", "code"],
            input=b'{"input": "4006381333931", "form": "ean"}\n',
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert (done.returncode, done.stderr) == (Exit.FAILED, b"Error: the output: No space left on device\n")


def test_a_file_that_cannot_be_there_is_one_sentence(install: Install) -> None:
    install("keep", GREETING.replace('click.echo("good morning")', 'open("/proc/none/such", "wb")'))
    done = opos("keep")
    said = "Error: /proc/none/such: No such file or directory\n"
    assert (done.exit_code, done.stderr) == (Exit.FAILED, said)


def test_a_command_that_was_started_without_an_input_finds_its_end() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m opos decode code <&-"],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (Exit.OK, b"", b"")


def test_ctrl_c_ends_quietly(install: Install) -> None:
    install("wait", GREETING + "    import time\n    time.sleep(60)\n")
    command = [sys.executable, "-m", "opos", "wait"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    waiting = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with waiting:
        assert waiting.stdout
        assert waiting.stdout.readline() == "good morning\n"
        waiting.send_signal(signal.SIGINT)
        _, complaints = waiting.communicate(timeout=30)
    assert (waiting.returncode, complaints) == (Exit.INTERRUPTED, "")
