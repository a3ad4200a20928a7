"""Bad days of the demo: one sentence that says what is wrong and how to mend it, and exit code 1."""

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulators.demo import bad_days
from simulators.demo.cli import demo
from simulators.demo.lock import locked
from simulators.demo.ports import HOST, free, is_free

OBJECTS = ["mirror-4", "shelf-b12", "tray-2", "panel-7"]
Usage = namedtuple("Usage", "total used free")


def _demo(*arguments: object) -> Result:
    return CliRunner().invoke(demo, [str(argument) for argument in arguments])


def _said(result: Result) -> str:
    """The one sentence of a bad day."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    return last.removeprefix("Error: ")


@pytest.fixture
def base() -> int:
    return free(OBJECTS).control


@pytest.mark.parametrize(
    ("offset", "who"),
    [
        (0, "the control page"),
        (1, "mirror-4"),
        (10, "the hub"),
        (20, "the broker"),
        (32, "the cable of shelf-b12"),
        (4, "panel-7"),
    ],
)
def test_a_taken_port_is_named_with_its_owner_to_be(offset: int, who: str, base: int, tmp_path: Path) -> None:
    with socket.create_server((HOST, base + offset)):
        said = _said(_demo("--dir", tmp_path, "--port-base", base))
    assert f"Port {base + offset}, which {who} wants, is taken" in said
    assert "`opos demo --port-base " in said


def test_a_port_that_lingers_after_its_server_has_ended_is_free(base: int) -> None:
    with socket.create_server((HOST, base)) as server, socket.create_connection((HOST, base)):
        server.accept()[0].close()  # whoever closes first keeps the port in TIME_WAIT
        assert not is_free(base)
    assert is_free(base)


def test_without_mosquitto_the_command_that_installs_it_is_said(
    base: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bad_days, "_SERVER_DIRS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    said = _said(_demo("--dir", tmp_path / "shop", "--port-base", base))
    assert "Mosquitto" in said
    assert "`sudo apt-get install mosquitto`" in said


def test_mosquitto_is_found_where_debian_puts_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "sbin" / "mosquitto"
    server.parent.mkdir()
    server.write_text("#!/bin/sh\n", encoding="utf-8")
    server.chmod(0o755)
    monkeypatch.setattr(bad_days, "_SERVER_DIRS", (str(server.parent),))
    monkeypatch.setenv("PATH", "")
    assert bad_days.find_mosquitto() == str(server)


def test_a_full_disk_is_told_before_anything_is_started(
    base: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 12 * 1024 * 1024))
    said = _said(_demo("--dir", tmp_path, "--port-base", base))
    assert f"Only 12 MiB are free in {tmp_path}" in said
    assert "`opos demo --dir DIR`" in said


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "this user may not write there"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EDQUOT, "the disk quota is used up"),
    ],
)
def test_what_the_disk_refuses_is_a_sentence(number: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(bad_days.BadDayError, match=words), bad_days.on_this_disk(tmp_path):
        raise OSError(number, os.strerror(number), str(tmp_path / "world.json"))


def test_another_trouble_of_the_system_is_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), bad_days.on_this_disk(tmp_path):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_a_file_where_the_directory_should_be_is_in_the_way(base: int, tmp_path: Path) -> None:
    way = tmp_path / "way"
    way.write_text("", encoding="utf-8")
    said = _said(_demo("--dir", way / "shop", "--port-base", base))
    assert "a file is in the way" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_not_be_written_is_told(base: int, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir(mode=0o500)
    said = _said(_demo("--dir", tmp_path / "shop", "--port-base", base))
    assert "this user may not write there" in said


def test_a_second_demo_in_the_same_directory_is_told_where_the_first_one_is(
    base: int, tmp_path: Path
) -> None:
    with locked(tmp_path / "demo.lock", "http://127.0.0.1:8100"):
        said = _said(_demo("--dir", tmp_path, "--port-base", base))
    assert f"runs in {tmp_path} already (process {os.getpid()}, http://127.0.0.1:8100)" in said
    assert f"`kill {os.getpid()}`" in said


def test_a_wrong_script_is_told_by_its_line(tmp_path: Path) -> None:
    script = tmp_path / "day.yaml"
    script.write_text("- wait: receipts\n- buy: mirror-9\n", encoding="utf-8")
    said = _said(_demo("--script", script, "--json", "--dir", tmp_path / "shop"))
    assert f"{script}, line 2: expected one of mirror-4, shelf-b12, tray-2, panel-7, got 'mirror-9'" in said
    assert not (tmp_path / "shop").exists()


def test_what_is_no_shop_is_told(base: int, tmp_path: Path) -> None:
    said = _said(_demo("--dir", tmp_path / "shop", "--shop", tmp_path, "--port-base", base))
    assert f"{tmp_path} is no shop" in said


@pytest.mark.parametrize("options", [["--json"], ["--chaos", "7"], ["--port-base", "80"]])
def test_options_that_make_no_sense_are_wrong_usage(options: list[str]) -> None:
    assert _demo(*options).exit_code == 2


SMALL_DISK = """
set -e
mount -t tmpfs -o size=1m opos "$1"
exec "$2" -m opos demo --dir "$1/shop" --port-base "$3"
"""


def test_a_disk_that_is_really_full_ends_with_one_sentence(base: int, tmp_path: Path) -> None:
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("this machine gives nobody a mount namespace of their own")
    done = subprocess.run(
        [*alone, "sh", "-c", SMALL_DISK, "sh", tmp_path, sys.executable, str(base)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "MiB are free in" in done.stderr.splitlines()[-1]
