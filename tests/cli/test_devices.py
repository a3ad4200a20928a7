"""`opos devices`: what is plugged in, what an unknown device speaks, what can be spoken to."""

import asyncio
import json
import os
import pty
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli.devices import devices
from edge.drivers import probing
from edge.drivers.profiles import load
from tests.drivers import mocked

MACHINE = (
    mocked.usb("1-3", "0922:8003", manufacturer="DYMO", product="M10 \x1b[31m Scale")
    + mocked.hidraw("1-3", 0, "/dev/opos/hid-1-3")
    + mocked.usb("1-2", "1a86:7523", product="USB Serial")
    + mocked.serial_port("1-2", 0, "/dev/opos/usb-1-2")
)
LIST = "from edge.cli.devices import devices; devices({})"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(devices, list(arguments))
    return result.exit_code, result.output


@mocked.needs_umockdev
def test_a_person_sees_the_model_the_uri_and_what_to_do_about_a_stranger(tmp_path: Path) -> None:
    assert mocked.run_with(MACHINE, tmp_path, LIST.format([])).splitlines() == [
        "DYMO M10 \N{REPLACEMENT CHARACTER}[31m Scale (usb 0922:8003, socket 1-3, /dev/hidraw0)",
        f"  {load('dymo-m10').maker} {load('dymo-m10').model}, scale",
        "  hidraw:/dev/opos/hid-1-3?profile=dymo-m10",
        "USB Serial (usb 1a86:7523, socket 1-2, /dev/ttyUSB0)",
        "  a serial port, and what hangs on it is not known; to find out:",
        "  opos devices probe /dev/opos/usb-1-2",
    ]


@mocked.needs_umockdev
def test_a_program_gets_a_line_for_each_device(tmp_path: Path) -> None:
    lines = mocked.run_with(MACHINE, tmp_path, LIST.format(["list", "--json"])).splitlines()
    assert [json.loads(line)["uris"] for line in lines] == [
        ["hidraw:/dev/opos/hid-1-3?profile=dymo-m10"],
        [],
    ]


@mocked.needs_umockdev
def test_where_nothing_is_plugged_in_a_person_is_told_so_and_a_program_gets_nothing(tmp_path: Path) -> None:
    empty = mocked.usb("1-1", "1d6b:0002")
    assert mocked.run_with(empty, tmp_path, LIST.format([])).startswith("Nothing is plugged in")
    assert mocked.run_with(empty, tmp_path, LIST.format(["--json"])) == ""


def test_every_profile_is_listed_with_how_it_is_reached() -> None:
    code, page = run("profiles")
    assert code == 0
    [row] = [line.split() for line in page.splitlines() if line.startswith("  mt-sics ")]
    assert row == ["mt-sics", "mt-sics", "9600", "8N1,", "tcp"]


def test_a_program_gets_every_profile_with_all_that_it_says() -> None:
    code, lines = run("profiles", "--json")
    assert code == 0
    [r200] = [each for each in map(json.loads, lines.splitlines()) if each["name"] == "r200"]
    assert r200["serial"]["baud"] == 115200
    assert r200["settings"]["heads"] == [0xAA, 0xBB]


def test_a_profile_that_is_damaged_is_left_out_aloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("protocol = ")
    monkeypatch.setattr("edge.drivers.profiles.SITE_DIRECTORY", tmp_path)
    result = CliRunner().invoke(devices, ["profiles"])
    assert result.exit_code == 0
    assert f"left out: {tmp_path}/mine.toml" in result.stderr
    assert "mt-sics" in result.stdout


class Closed(type(Path())):  # type: ignore[misc]
    """A directory that somebody without rights looks into: to root none is."""

    def is_file(self) -> bool:
        raise PermissionError(self)


def test_whoever_may_not_look_into_the_sites_profiles_works_by_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("edge.drivers.profiles.SITE_DIRECTORY", Closed(tmp_path))
    assert load("mt-sics").name == "mt-sics"


@pytest.fixture
def scale() -> Iterator[str]:
    """A scale at a pty that weighs half a kilogram whenever it is asked to."""
    near, far = pty.openpty()
    tty.setraw(far)

    def answer() -> None:
        while (asked := os.read(near, 4096)) != b"end":
            os.write(near, b"S S     500.00 g\r\n" * asked.count(b"SI\r\n"))

    thread = threading.Thread(target=answer)
    thread.start()
    yield os.ttyname(far)
    os.write(far, b"end")
    thread.join()
    for end in (near, far):
        os.close(end)


@pytest.fixture
def _three_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LISTEN_NS", 50_000_000)
    monkeypatch.setattr(probing, "ASK_NS", 500_000_000)
    monkeypatch.setattr("edge.cli.devices.door.known", lambda: ["mt-sics", "r200", "rdm6300"])


@pytest.mark.usefixtures("_three_profiles")
def test_a_scale_is_found_and_what_to_write_down_is_said(scale: str) -> None:
    code, page = run("probe", scale)
    assert code == 0
    assert page.splitlines() == [
        f"mt-sics at 9600 8N1 answers at {scale}:",
        '  {"type":"DeviceReady"}',
        '  {"type":"Weighed","weight_mg":500000,"steady":true,"net":false}',
        f"Write down for it: serial:{scale}?profile=mt-sics",
    ]


@pytest.mark.usefixtures("_three_profiles")
def test_a_program_gets_what_was_found_in_one_line(scale: str) -> None:
    code, line = run("probe", scale, "--json")
    found = json.loads(line)
    assert code == 0
    assert (found["way"], found["address"], found["protocol"]) == ("serial", scale, "mt-sics")
    assert found["line"]["baud"] == 9600
    assert found["profiles"] == ["mt-sics"]
    assert found["readings"][1] == {"type": "Weighed", "weight_mg": 500_000, "steady": True, "net": False}


@pytest.mark.usefixtures("_three_profiles")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_device_that_nobody_understands_ends_with_1_and_says_what_to_try(form: list[str]) -> None:
    near, far = pty.openpty()
    code, page = run("probe", os.ttyname(far), *form)
    assert code == 1
    assert page.startswith("Error: nothing that OPOS knows answers at ")
    os.close(near)
    os.close(far)


@pytest.mark.usefixtures("_three_profiles")
def test_a_scale_in_the_network_is_found() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(b"S S     500.00 g\r\n" if line == b"SI\r\n" else b"ES\r\n")
        writer.close()

    ready, done, places = threading.Event(), threading.Event(), []

    async def served() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        places.append(server.sockets[0].getsockname()[1])
        ready.set()
        await asyncio.to_thread(done.wait)
        server.close()

    thread = threading.Thread(target=asyncio.run, args=[served()])
    thread.start()
    ready.wait()
    code, page = run("probe", f"127.0.0.1:{places[0]}")
    done.set()
    thread.join()
    assert code == 0
    assert f"tcp:127.0.0.1:{places[0]}?profile=mt-sics" in page


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["probe", "/dev/none-such"], 1, "/dev/none-such is not there: check its plug and its power"),
        (["probe", "scale.local:"], 2, "expected a path or HOST:PORT"),
        (["probe"], 2, "Missing argument"),
        (["--json", "probe", "/dev/null"], 2, "write --json and --watch after probe"),
    ],
)
def test_wrong_usage_says_what_is_right(arguments: list[str], code: int, words: str) -> None:
    ended, page = run(*arguments)
    assert ended == code
    assert words in page
