"""What hangs on a machine: asked on its line, named for certain, or a stranger; and what becomes of it."""

import asyncio
import json
import os
import pty
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.contract.enrolment import Claim, claim_text
from edge.config import Kind, PeripheralSection
from edge.config.checks import wrong_devices
from edge.drivers import probing
from edge.provision.board import board, consoles, has_glass, known_boards
from edge.provision.setup.claims import scanned_claim
from edge.provision.setup.found import (
    Device,
    Looked,
    Places,
    Progress,
    Use,
    likely,
    look,
    places,
    proposed,
)
from tests.drivers import mocked


class Bench:
    """A pty whose far end answers questions: a scale that lies still."""

    def __init__(self) -> None:
        self._near, self._far = pty.openpty()
        tty.setraw(self._far)
        self.path = os.ttyname(self._far)
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def say(self, data: bytes) -> None:
        os.write(self._near, data)

    def close(self) -> None:
        os.write(self._far, b"end")
        self._thread.join()
        for end in (self._near, self._far):
            os.close(end)

    def _answer(self) -> None:
        while not (asked := os.read(self._near, 4096)).endswith(b"end"):
            self.say(b"S S     500.00 g\r\n" * asked.count(b"SI\r\n"))


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LISTEN_NS", 20_000_000)
    monkeypatch.setattr(probing, "ASK_NS", 300_000_000)
    monkeypatch.setattr("edge.provision.setup.found.known", lambda: ["mt-sics", "r200"])


@pytest.mark.usefixtures("_quick_looks")
def test_a_scale_is_found_by_asking_on_the_line_that_was_named(bench: Bench) -> None:
    told: list[Progress] = []
    found = asyncio.run(look(places([bench.path, "/dev/no-such-port"]), told.append))
    uri = f"serial:{bench.path}?profile=mt-sics"
    assert [(each.use, each.uri) for each in found.devices if each.use == "scale"] == [("scale", uri)]
    assert [each.path for each in found.strangers] == ["/dev/no-such-port"]
    assert told[-1].tried == told[-1].total > 0


MACHINE = (
    mocked.usb("1-3", "0922:8003", manufacturer="DYMO", product="M10 Scale")
    + mocked.hidraw("1-3", 0, "/dev/opos/hid-1-3")
    + mocked.usb("1-2", "1a86:7523", product="USB Serial")
    + mocked.serial_port("1-2", 0, "/dev/opos/usb-1-2")
)
PLACES = (
    "import msgspec; from edge.provision.setup.found import places; print(msgspec.json.encode({}).decode())"
)


@mocked.needs_umockdev
def test_what_its_usb_ids_give_away_is_certain_and_the_rest_is_asked(tmp_path: Path) -> None:
    where = json.loads(mocked.run_with(MACHINE, tmp_path, PLACES.format("places()")))
    assert [(each["use"], each["uri"]) for each in where["certain"]] == [
        ("scale", "hidraw:/dev/opos/hid-1-3?profile=dymo-m10")
    ]
    assert [each["path"] for each in where["lines"]] == ["/dev/opos/usb-1-2"]


def scanner(uri: str) -> Device:
    return Device("scanner", uri, "scanner")


READER, SCALE = Device("reader", "serial:/r?profile=r200", "r"), Device("scale", "serial:/s?profile=nci", "s")
SCANNERS = tuple(scanner(f"serial:/c{number}?profile=serial-scanner") for number in range(6))
CAMERA = Device("camera", "camera:/dev/v4l/by-path/x-video-index0", "camera")
TERMINAL = Device("terminal", "serial:/t?profile=zvt-serial", "t")

OBJECTS: dict[tuple[Use, ...], Kind | None] = {
    ("reader", "scale"): "shelf",
    ("reader", "scale", "scanner"): "shelf",
    ("reader",): "mirror",
    ("reader", "camera"): "mirror",
    ("scanner",): "panel",
    ("camera", "printer"): "panel",
    ("scale",): None,
    ("terminal",): None,
    (): None,
}


@pytest.mark.parametrize("uses", OBJECTS)
def test_what_hangs_on_it_says_what_it_most_likely_is(uses: tuple[Use, ...]) -> None:
    assert likely(set(uses)) == OBJECTS[uses]


@pytest.mark.parametrize("kind", ["mirror", "shelf", "tray", "panel"])
def test_what_is_proposed_is_what_such_an_object_may_have(kind: Kind) -> None:
    everything = Looked((READER, READER, SCALE, SCALE, *SCANNERS, CAMERA, TERMINAL))
    devices = proposed(everything, kind)
    assert [*wrong_devices(kind, devices)] == []
    assert {each.role for each in devices} >= {"scanner", "camera"}
    assert len({each.source for each in devices}) == len(devices)


def test_a_mirror_beside_a_scale_leaves_it_alone() -> None:
    assert proposed(Looked((READER, SCALE)), "mirror") == (PeripheralSection("reader", READER.uri),)


def test_a_claim_is_read_off_a_sheet_by_the_scanner_that_was_found(bench: Bench) -> None:
    claim = Claim("https://hub.example", "f" * 43, "AbCdEfGh1234", "s" * 22)
    uri = f"serial:{bench.path}?profile=serial-scanner"
    texts = "4006381333931", claim_text(claim)[:80], claim_text(claim)

    async def held() -> Claim | None:
        """Hold all three before it again and again: what was said before the port was open is lost."""
        scanned = asyncio.ensure_future(scanned_claim([uri], 60))
        while not scanned.done():
            bench.say("".join(f"{text}\r\n" for text in texts).encode())
            await asyncio.wait({scanned}, timeout=0.05)
        return await scanned

    assert asyncio.run(held()) == claim


def test_who_holds_no_claim_before_the_scanner_is_not_waited_for_for_ever(bench: Bench) -> None:
    assert asyncio.run(scanned_claim([f"serial:{bench.path}?profile=serial-scanner"], 0.01)) is None


def on_paper(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


PI_5 = {
    "proc/device-tree/compatible": b"raspberrypi,5-model-b\0brcm,bcm2712\0",
    "proc/device-tree/model": b"Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/meminfo": b"MemTotal:        8245484 kB\nMemFree: 1 kB\n",
}
ROCK = {
    "proc/device-tree/compatible": b"radxa,rock-5b\0rockchip,rk3588\0",
    "proc/device-tree/model": b"Radxa ROCK 5B\0",
}
PC = {"sys/class/dmi/id/sys_vendor": b"LENOVO\n", "sys/class/dmi/id/product_name": b"10MQS0\n"}
GUEST = {"sys/class/dmi/id/sys_vendor": b"QEMU\n"}
BOARDS = {
    "raspberry-pi-5": (PI_5, "Raspberry Pi 5 Model B Rev 1.0", 8052),
    "rock": (ROCK, "Radxa ROCK 5B", 0),
    "x86": (PC, "a PC", 0),
    "qemu": (GUEST, "a guest under QEMU", 0),
    "": ({"proc/device-tree/model": b"Somebody's Board\0"}, "Somebody's Board", 0),
}


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_recognised_by_what_the_kernel_says_of_it(tmp_path: Path, name: str) -> None:
    files, title, memory_mib = BOARDS[name]
    found = board(on_paper(tmp_path, files))
    assert (found.name, found.title, found.memory_mib) == (name, title, memory_mib)


def test_every_board_that_we_know_is_recognised_by_something_and_by_nobody_elses_words() -> None:
    words = [word for _, facts in known_boards() for word in (*facts.compatible, *facts.firmware)]
    assert len(words) == len(set(words))
    assert all(facts.compatible or facts.firmware for _, facts in known_boards())


def test_a_glass_is_there_when_a_screen_is_plugged_in(tmp_path: Path) -> None:
    on_paper(tmp_path, {"sys/class/drm/card0-HDMI-A-1/status": b"disconnected\n"})
    assert not has_glass(tmp_path)
    on_paper(tmp_path, {"sys/class/drm/card1-DSI-1/status": b"connected\n"})
    assert has_glass(tmp_path)


def test_a_port_that_the_kernel_talks_on_is_left_alone(tmp_path: Path) -> None:
    on_paper(tmp_path, {"proc/consoles": b"ttyAMA0 -W- (EC a) 204:64\ntty0 -WU (EC p) 4:1\n"})
    assert consoles(tmp_path) == {"/dev/ttyAMA0", "/dev/tty0"}


def test_a_camera_is_named_by_the_socket_that_it_is_plugged_into(tmp_path: Path) -> None:
    on_paper(tmp_path, {f"dev/v4l/by-path/usb-1-video-index{number}": b"" for number in (0, 1)})
    cameras = [each.uri for each in places((), tmp_path).certain if each.use == "camera"]
    assert cameras == ["camera:/dev/v4l/by-path/usb-1-video-index0"]


def test_a_look_at_nothing_finds_nothing() -> None:
    assert asyncio.run(look(Places((), ()), lambda _: None)) == Looked(())
