"""Every way to reach a device: what its link opens, refuses, reads and writes, and how it says so."""

import asyncio
import contextlib
import errno
import os
import pty
import socket
import struct
import sys
import tty
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Literal, cast

import gpiod
import pytest
import smbus2
from gpiod.line import Direction, Value

from edge.drivers.driver import Axis, InputFacts
from edge.drivers.links import UNSENT_BYTES_MAX, Link, LinkLostError, i2c, open_link
from edge.drivers.links.asked import AskedLink
from edge.drivers.links.port import READ_BYTES_MAX, PortLink
from edge.drivers.profiles import Profile, SerialLine, Way
from edge.drivers.transports import why
from edge.drivers.uris import Address, FileAddress, GpioAddress, I2cAddress, PeripheralUri
from tests.drivers import mocked

PROFILE = Profile("mt-sics", "device", ("serial",), serial=SerialLine(9600), name="mine")
FILES: tuple[Way, ...] = ("serial", "evdev", "hidraw", "lp", "iio")

# Generous, since it is only waited out when a test fails.
DEADLINE_S = 20.0


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def uri(address: Address, profile: Profile = PROFILE) -> PeripheralUri:
    return PeripheralUri(address, profile)


def at(way: Way, path: str) -> Address:
    """A place of any way at a path."""
    if way == "gpio":
        return GpioAddress(path, (17, 27))
    return I2cAddress(path, 0x5A) if way == "i2c" else FileAddress(way, path)


@contextlib.asynccontextmanager
async def opened(address: Address) -> Any:
    link = await open_link(uri(address))
    try:
        yield link
    finally:
        link.close()


async def asked(address: Address) -> bytes:
    """The answer to a line feed; only some ways look at their path before."""
    async with opened(address) as link:
        link.write(b"\n")
        return await read(link, 1)


def ask_often(link: Link, question: bytes = b"\n") -> None:
    """Ask, and never look for an answer."""
    for _ in range(1000):
        link.write(question)


async def read(link: Link, size: int) -> bytes:
    """So many bytes, however they come."""
    data = b""
    async with asyncio.timeout(DEADLINE_S):
        while len(data) < size:
            data += await link.read(None)
    return data


@pytest.fixture
def ends() -> Iterator[tuple[int, str]]:
    """The near end of a pty, and the path of its far end."""
    near, far = pty.openpty()
    tty.setraw(far)
    yield near, os.ttyname(far)
    for end in (near, far):
        os.close(end)


@pytest.mark.parametrize("way", [*FILES, "gpio", "i2c"])
def test_a_pty_stands_in_for_any_device_and_carries_its_bytes_as_they_are(
    ends: tuple[int, str], way: Way
) -> None:
    near, path = ends

    async def test() -> None:
        async with opened(at(way, path)) as link:
            os.write(near, bytes(range(256)))
            assert await read(link, 256) == bytes(range(256))
            link.write(b"\r\n\x03\x04\x11\x13")
            assert os.read(near, 100) == b"\r\n\x03\x04\x11\x13"
            assert link.facts is None

    run(test())


@pytest.mark.parametrize(("bits", "parity"), [(7, "E"), (7, "O"), (8, "E")])
def test_a_pty_is_opened_whatever_the_line_of_its_device_is(
    ends: tuple[int, str], bits: Literal[7, 8], parity: Literal["E", "O"]
) -> None:
    profile = Profile("toledo-8217", "scale", ("serial",), serial=SerialLine(9600, bits, parity), name="mine")

    async def test() -> None:
        link = await open_link(uri(at("serial", ends[1]), profile))
        assert link.facts is None
        link.close()

    run(test())


@pytest.mark.parametrize("way", [*FILES, "gpio", "i2c"])
def test_a_device_that_another_process_has_is_not_shared(ends: tuple[int, str], way: Way) -> None:
    async def test() -> None:
        async with opened(at(way, ends[1])):
            with pytest.raises(LinkLostError) as caught:
                await open_link(uri(at(way, ends[1])))
        assert why(caught.value.reason) == "is in use by another program: stop that program"
        async with opened(at(way, ends[1])):
            pass

    run(test())


@pytest.mark.parametrize("way", [*FILES, "gpio", "i2c"])
def test_a_device_that_is_not_there_says_so(tmp_path: Path, way: Way) -> None:
    async def test() -> None:
        with pytest.raises(LinkLostError) as caught:
            await asked(at(way, str(tmp_path / "none")))
        assert why(caught.value.reason, way) == "is not there: check its plug and its power"

    run(test())


@pytest.mark.parametrize("way", ["serial", "evdev", "hidraw", "lp", "gpio", "i2c"])
def test_a_file_that_is_no_device_says_so(tmp_path: Path, way: Way) -> None:
    (tmp_path / "notes.txt").write_text("not a device")

    async def test() -> None:
        with pytest.raises(LinkLostError) as caught:
            await open_link(uri(at(way, str(tmp_path / "notes.txt"))))
        assert why(caught.value.reason, way).startswith("does not work (")

    run(test())


@pytest.mark.parametrize(
    ("way", "group"), [("serial", "dialout"), ("evdev", "input"), ("lp", "lp"), ("gpio", "gpio")]
)
def test_who_may_not_open_a_device_is_told_the_group_that_may(way: Way, group: str) -> None:
    assert why(PermissionError(errno.EACCES, "no"), way).endswith(f"to the group {group}")


def test_a_library_that_is_missing_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    monkeypatch.delitem(sys.modules, "edge.drivers.links.gpio", raising=False)

    async def test() -> None:
        with pytest.raises(LinkLostError) as caught:
            await open_link(uri(GpioAddress("/dev/gpiochip0", (17,))))
        assert why(caught.value.reason) == "needs the Python package gpiod: run pip install 'opos[gpio]'"

    run(test())


def test_a_read_whose_patience_is_over_loses_nothing(ends: tuple[int, str]) -> None:
    async def test() -> None:
        async with opened(at("serial", ends[1])) as link:
            assert await link.read(0) == b""
            os.write(ends[0], b"late")
            assert await read(link, 4) == b"late"

    run(test())


class Socket:
    """One end of a socket as a port."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.fileno = end.fileno
        self.close = end.close


def test_a_device_that_talks_without_end_is_read_once_a_turn_of_the_loop() -> None:
    async def test() -> None:
        read_in: list[int] = []
        near, far = socket.socketpair()
        near.send(bytes(10 * READ_BYTES_MAX))
        link = PortLink(Socket(far))
        now = 0

        def come() -> None:
            assert len(link.take()) <= READ_BYTES_MAX
            read_in.append(now)

        link.listen(come)
        async with asyncio.timeout(DEADLINE_S):
            while len(read_in) < 10:
                now += 1
                await asyncio.sleep(0)
        assert len(set(read_in)) == len(read_in)
        link.close()
        near.close()

    run(test())


def test_what_could_not_be_sent_later_is_told_to_who_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_port: int, _data: bytes) -> int:
        raise OSError(errno.EIO, "input/output error")

    async def test() -> None:
        near, far = socket.socketpair()
        link = PortLink(Socket(far))
        with pytest.raises(LinkLostError, match="takes no commands"):
            ask_often(link, bytes(1000))
        monkeypatch.setattr(os, "write", fail)
        near.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while near.recv(UNSENT_BYTES_MAX):
                pass
        with pytest.raises(LinkLostError, match="input/output error"):
            await read(link, 1)
        with pytest.raises(LinkLostError, match="input/output error"):
            link.write(b"more")
        monkeypatch.undo()
        link.close()
        near.close()

    run(test())


def test_an_answer_that_was_there_before_anybody_listened_is_heard() -> None:
    async def test() -> None:
        link = AskedLink(bytes.upper)
        link.write(b"abc")
        async with asyncio.timeout(DEADLINE_S):
            while not link._asked[0].done():
                await asyncio.sleep(0.001)
        assert await link.read(DEADLINE_S) == b"ABC"
        link.close()

    run(test())


def test_a_value_of_the_kernel_is_read_once_for_each_question(tmp_path: Path) -> None:
    value = tmp_path / "in_voltage0_raw"

    async def test() -> None:
        value.write_text("8388\n")
        async with opened(at("iio", str(value))) as link:
            assert await link.read(0.01) == b""
            link.write(b"\n\n")
            assert await read(link, 10) == b"8388\n8388\n"
            (tmp_path / "new").write_text("-5\n")
            (tmp_path / "new").replace(value)
            link.write(b"\n")
            assert await read(link, 3) == b"-5\n"
            value.unlink()
            link.write(b"\n")
            with pytest.raises(LinkLostError):
                await link.read(DEADLINE_S)

    run(test())


def test_a_value_that_never_comes_is_a_lost_link_and_no_endless_queue(tmp_path: Path) -> None:
    fifo = tmp_path / "slow"
    os.mkfifo(fifo)

    async def test() -> None:
        link = await open_link(uri(at("iio", str(fifo))))
        with pytest.raises(LinkLostError, match="does not answer"):
            ask_often(link)
        link.close()
        port = os.open(fifo, os.O_RDWR)
        os.write(port, b"5\n")  # lets the thread go, which asks no other question
        cast(AskedLink, link)._thread.shutdown()
        os.close(port)

    run(test())


class FakeLines:
    """Lines of a chip that is not there: a pipe for edges, and what was set."""

    def __init__(self) -> None:
        self.fd, self.edges = os.pipe()
        self.settings: dict[int, gpiod.LineSettings] = {}
        self.set: list[dict[int, Value]] = []

    def reconfigure_lines(self, settings: dict[int, gpiod.LineSettings]) -> None:
        self.settings = dict(settings)

    def set_values(self, values: dict[int, Value]) -> None:
        self.set.append(values)

    def release(self) -> None:
        os.close(self.fd)
        os.close(self.edges)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[FakeLines, Address]:
    chip, lines = tmp_path / "gpiochip0", FakeLines()
    chip.touch()

    def request(path: str, config: dict[tuple[int, ...], gpiod.LineSettings], consumer: str) -> FakeLines:
        assert (path, consumer) == (str(chip), "opos")
        lines.settings = {line: settings for group, settings in config.items() for line in group}
        return lines

    monkeypatch.setattr(gpiod, "request_lines", request)
    return lines, GpioAddress(str(chip), (17, 27))


def test_an_edge_of_a_line_comes_as_the_kernel_writes_it(lines: tuple[FakeLines, Address]) -> None:
    edge = struct.pack("=QIIII24x", 5_000_000_000, 1, 17, 1, 1)

    async def test() -> None:
        async with opened(lines[1]) as link:
            os.write(lines[0].edges, edge)
            assert await read(link, 48) == edge
            assert {each.direction for each in lines[0].settings.values()} == {Direction.INPUT}

    run(test())


def test_a_line_becomes_an_output_when_it_is_first_set(lines: tuple[FakeLines, Address]) -> None:
    chip, address = lines

    async def test() -> None:
        async with opened(address) as link:
            link.write(b"")
            link.write(bytes([27, 1]))
            assert chip.settings[27].direction is Direction.OUTPUT
            assert chip.settings[27].output_value is Value.ACTIVE
            assert chip.settings[17].direction is Direction.INPUT
            link.write(bytes([27, 0]))
            assert chip.set == [{27: Value.INACTIVE}]

    run(test())


def test_a_line_that_is_not_in_the_address_is_not_touched(lines: tuple[FakeLines, Address]) -> None:
    async def test() -> None:
        async with opened(lines[1]) as link:
            with pytest.raises(LinkLostError, match="line 4 is none of 17, 27"):
                link.write(bytes([4, 1]))

    run(test())


class FakeBus:
    """A bus with one chip of 16 registers at 5Ah; nobody answers elsewhere."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.registers = bytearray(range(16))

    def i2c_rdwr(self, *messages: smbus2.i2c_msg) -> None:
        register = 0
        for message in messages:
            if message.addr != 0x5A:
                raise OSError(errno.ENXIO, "no such device or address")
            if message.flags & smbus2.smbus2.I2C_M_RD:
                for place in range(len(message)):
                    message.buf[place] = bytes([self.registers[register + place]])
            elif data := bytes(message):
                register = data[0]
                self.registers[register : register + len(data) - 1] = data[1:]

    def close(self) -> None:
        self.registers.clear()


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setattr(i2c, "SMBus", FakeBus)
    (tmp_path / "i2c-1").touch()
    return str(tmp_path / "i2c-1")


@pytest.mark.parametrize(
    ("chip", "asked", "answered"),
    [
        (0x5A, "01 02 00", "00 02 00 01"),
        (0x5A, "02 00 05 AA", "00 00"),
        (0x5A, "02 00 05 AA 01 02 04", "00 00 00 02 04 AA"),
        (0x5A, "00 00", "00 00"),
        (0x5B, "01 02 00", "06 00"),
    ],
    ids=["a register is read", "and written", "two records", "is it there?", "no chip answers"],
)
def test_a_record_is_one_transaction_on_the_bus(bus: str, chip: int, asked: str, answered: str) -> None:
    async def test() -> None:
        async with opened(I2cAddress(bus, chip)) as link:
            link.write(bytes.fromhex(asked))
            expected = bytes.fromhex(answered)
            assert await read(link, len(expected)) == expected

    run(test())


PANEL = """
import asyncio, os
import msgspec
from edge.drivers.links import open_link
from edge.drivers.uris import parse_uri, FileAddress, PeripheralUri
from edge.drivers.profiles import Profile
async def main():
    profile = Profile("touch", "panel", ("evdev",))
    link = await open_link(PeripheralUri(FileAddress("evdev", "/dev/input/event0"), profile))
    print(msgspec.json.encode(link.facts).decode())
    data = b""
    while len(data) < 48:
        data += await link.read(None)
    print(data.hex())
    link.close()
asyncio.run(main())
"""


@mocked.needs_umockdev
def test_the_kernel_tells_what_a_panel_is_and_its_events_come_whole(tmp_path: Path) -> None:
    panel = mocked.Panel("Touch 800", {0: (0, 799), 53: (10, 4095)}, keys=(330,), properties=(1,))
    facts, events = panel.run(tmp_path, PANEL, [(0, 500, 3, 53, 1000), (0, 500, 0, 0, 0)])
    assert facts == InputFacts(
        "Touch 800", {0: Axis(0, 799), 53: Axis(10, 4095)}, frozenset({330}), frozenset({1})
    )
    assert [struct.unpack("<qqHHi", events[at : at + 24])[2:] for at in (0, 24)] == [(3, 53, 1000), (0, 0, 0)]
