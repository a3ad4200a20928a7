"""A word with each device: those that are mute, that talk nonsense, that are held, that are not there."""

import errno
import fcntl
import os
import pty
import shlex
import socket
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from edge.clock import SystemClock
from edge.config import ObjectConfig, PeripheralSection, TerminalSection, without_trust
from edge.provision.doctor.devices import DEVICES, Called, called
from edge.provision.doctor.patient import Device, Patient, Status, run_tool
from edge.provision.doctor.subject import UnknownError
from tests.object.test_config import write
from tests.provision.doctor.machines import codes, findings


@contextmanager
def port(answer: bytes = b"", *, unasked: bool = False) -> Iterator[str]:
    """A serial port whose far end answers each question so, or says it without end."""
    far, near = pty.openpty()
    tty.setraw(near)
    over = threading.Event()

    def speak() -> None:
        try:
            while not over.is_set():
                if not unasked:
                    os.read(far, 1000)
                if answer:
                    os.write(far, answer)
                over.wait(0.02 if unasked else 0)
        except OSError:
            return  # hung up

    voice = threading.Thread(target=speak, daemon=True)
    voice.start()
    try:
        yield os.ttyname(near)
    finally:
        over.set()
        os.close(near)
        if unasked:
            voice.join()
        os.close(far)


def scale(path: str, profile: str = "mt-sics") -> PeripheralSection:
    return PeripheralSection("scale", f"serial:{path}?profile={profile}")


@pytest.fixture
def config(tmp_path: Path) -> ObjectConfig:
    return without_trust(write(tmp_path))


def seen(config: ObjectConfig, *sections: PeripheralSection, status: Status | None = None) -> Patient:
    """An object with these devices; where nothing is said of its runtime there is none."""
    with_them = msgspec.structs.replace(config, peripherals=sections)
    return Patient(Path("object.toml"), config=with_them, clock=SystemClock(), status=status)


def told(**devices: Device) -> Status:
    return Status("idle", devices=devices)


def test_a_scale_that_answers_is_well(config: ObjectConfig) -> None:
    with port(b"S S     100.00 g\r\n") as path:
        assert codes("devices", seen(config, scale(path))) == []


def test_a_scale_that_is_mute_and_one_that_talks_nonsense_are_two_things(config: ObjectConfig) -> None:
    with port() as mute, port(b"\x02\xa9%7+]\r\n") as strange:
        ill = seen(config, scale(mute), scale(strange))
        silent, garbled = findings("devices", ill)
    wanted = f"opos pair scale {Path('object.toml').absolute()} --port {{}} --stop-object --yes"
    assert (silent.code, silent.mend) == ("OP-2102", wanted.format(mute))
    assert (garbled.code, garbled.mend) == ("OP-2104", wanted.format(strange))


def test_a_port_that_is_not_there_and_a_profile_that_is_none(config: ObjectConfig) -> None:
    ill = seen(config, scale("/dev/opos/scale7"), scale("/dev/null", profile="mt-sisc"))
    gone, nameless = findings("devices", ill)
    assert (gone.code, nameless.code) == ("OP-2101", "OP-2108")
    assert "/dev/opos/scale7" in gone.sentence
    assert "mt-sics" in nameless.sentence, "the nearest profile is named"


def test_a_port_that_another_program_holds_is_freed_by_ending_it(config: ObjectConfig) -> None:
    hold = "import fcntl, os, sys, termios; f = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)\n"
    hold += "fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    with (
        port(b"S S     100.00 g\r\n") as path,
        subprocess.Popen(
            [sys.executable, "-c", hold, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as thief,
    ):
        assert thief.stdout is not None
        thief.stdout.readline()
        (held,) = findings("devices", seen(config, scale(path)))
        assert (held.code, held.mend) == ("OP-2105", f"kill {thief.pid}")
        assert run_tool(shlex.split(held.mend)).code == 0
        thief.communicate(timeout=20)
        assert codes("devices", seen(config, scale(path))) == []


FAULTS = [
    (Device("faulty", "device.gone", "The scale at /dev/x is not there: check its plug."), "OP-2101"),
    (Device("faulty", "device.silent", "The scale does not answer."), "OP-2102"),
    (
        Device(
            "faulty",
            "device.gone",
            "The scale at /dev/x may not be opened: add the user of this service to the group dialout.",
        ),
        "OP-2103",
    ),
    (Device("faulty", "scale.overload", "Too much lies on the scale."), "OP-2107"),
    (Device("faulty", "printer.paper-out", "The printer has no paper."), "OP-2109"),
]


@pytest.mark.parametrize(("device", "code"), FAULTS, ids=[code for _, code in FAULTS])
def test_what_the_runtime_has_heard_of_a_device_is_believed(device: Device, code: str) -> None:
    one = Called(scale("/dev/x"), "/dev/x", "serial", device)
    assert [finding.code for finding in DEVICES.judge([one])] == [code]


def test_a_device_that_the_runtime_holds_is_not_opened_by_two(config: ObjectConfig) -> None:
    with port(unasked=True, answer=b"x") as path:
        working = seen(config, scale(path), status=told(scale=Device("ready")))
        with open_exclusively(path):
            assert codes("devices", working) == []


@contextmanager
def open_exclusively(path: str) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.ioctl(file, termios.TIOCEXCL)
        yield
    finally:
        fcntl.ioctl(file, termios.TIOCNXCL)
        os.close(file)


def test_what_the_service_may_not_open_is_its_to_tell_whoever_examines(config: ObjectConfig) -> None:
    sentence = "The scale at {} may not be opened: add the user of this service to the group dialout."
    with port(b"S S     100.00 g\r\n") as path:  # which answers us, who may open it
        shut = told(scale=Device("faulty", "device.gone", sentence.format(path)))
        assert codes("devices", seen(config, scale(path), status=shut)) == ["OP-2103"]


def test_a_line_that_was_spoilt_while_the_object_runs_is_found_before_its_next_start(
    config: ObjectConfig,
) -> None:
    running = told(scale=Device("ready"))
    assert codes("devices", seen(config, scale("/dev/null", "mt-sisc"), status=running)) == ["OP-2108"]


def test_what_cannot_be_asked_what_it_is_is_looked_at_again(config: ObjectConfig) -> None:
    printer = PeripheralSection("printer", "lp:/dev/usb/lp0?profile=esc-pos")
    scanner = PeripheralSection("scanner", "serial:/dev/ttyACM0?profile=serial-scanner", "the left one")
    ready = told(printer=Device("ready"), **{"the left one": Device("ready")})
    its, others = findings("devices", seen(config, printer, scanner, status=ready))
    assert its.mend == "opos doctor --only devices"
    assert "opos pair scanner --name 'the left one' " in others.mend


def test_a_name_that_changes_with_each_start_is_found_even_where_all_is_well(config: ObjectConfig) -> None:
    passing = seen(config, scale("/dev/ttyUSB0"), status=told(scale=Device("ready")))
    assert codes("devices", passing) == ["OP-2106"]
    lasting = seen(config, scale("/dev/opos/usb-1-1.3"), status=told(scale=Device("ready")))
    assert codes("devices", lasting) == []


def test_a_camera_is_opened_and_not_looked_through(config: ObjectConfig) -> None:
    cameras = [PeripheralSection("camera", f"camera:{path}") for path in ("/dev/null", "/dev/video-none")]
    assert [one.device.code for one in called(seen(config), cameras)] == ["", "camera.gone"]
    assert codes("devices", seen(config, cameras[1])) == ["OP-2101"]


def test_a_camera_that_the_service_may_not_open_is_told_with_its_group(
    config: ObjectConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(path: str, *_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    camera = PeripheralSection("camera", "camera:0")
    monkeypatch.setattr(os, "open", shut)
    (one,) = called(seen(config), [camera])
    assert "/dev/video0 may not be opened" in one.device.sentence
    assert one.device.sentence.endswith("group video.")


def with_terminal(config: ObjectConfig, uri: str) -> ObjectConfig:
    return msgspec.structs.replace(config, tenders=(TerminalSection(uri),))


def test_a_terminal_that_nobody_reaches_and_one_that_is_mute(config: ObjectConfig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        silent = seen(with_terminal(config, f"tcp:{address}?profile=zvt-tcp"))
        assert codes("terminal", silent) == ["OP-5003"]
    (away,) = findings("terminal", silent)
    assert (away.code, away.mend) == ("OP-5002", "opos doctor --only terminal")


TERMINAL = [
    (told(zvt=Device("ready")), []),
    (told(), ["OP-5003"]),
    (told(zvt=Device("faulty", "terminal.refused", "It does not accept this till.")), ["OP-5001"]),
    (told(zvt=Device("faulty", "device.gone", "It is gone.")), ["OP-5002"]),
]


@pytest.mark.parametrize(("status", "wanted"), TERMINAL, ids=[str(wanted) for _, wanted in TERMINAL])
def test_a_terminal_is_asked_by_the_runtime_that_holds_it(
    config: ObjectConfig, status: Status, wanted: list[str]
) -> None:
    config = with_terminal(config, "tcp:127.0.0.1:1?profile=zvt-tcp")
    assert codes("terminal", seen(config, status=status)) == wanted


def test_an_object_without_devices_or_terminal_is_not_judged_by_them(config: ObjectConfig) -> None:
    for subject in ("devices", "terminal"):
        with pytest.raises(UnknownError):
            codes(subject, seen(config))
