"""Real ports: a pty that is plugged and unplugged, a TCP device that goes and comes, what is heard of it."""

import asyncio
import contextlib
import errno
import os
import pty
import random
import socket
import tty
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import serial

from edge.clock import SystemClock
from edge.drivers.driver import Driver
from edge.drivers.hotplug import Hotplug
from edge.drivers.links import UNSENT_BYTES_MAX, Link, LinkLostError, open_link
from edge.drivers.registry import driver_for
from edge.drivers.scales.mtsics import MtSics, Settings
from edge.drivers.transports import PAUSE_FIRST_S, PAUSE_MAX_S, converse, why
from edge.drivers.uris import PeripheralUri, parse_uri
from edge.readings import DeviceFault, DeviceReady, Garbled, Milligrams, Nanoseconds, Reading, Weighed

ANSWER = b"S S     100.00 g\r\n"
HUNDRED = Weighed(Milligrams(100_000), steady=True)

# Generous, since it is only waited out when a test fails.
DEADLINE_S = 20.0


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop run until something holds."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            await asyncio.sleep(0.002)


class PtyScale:
    """A scale on a pty behind a link of a fixed name; it answers every line while `answers` is set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers = ANSWER
        self.heard = b""
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        near, far = self._ends = pty.openpty()
        tty.setraw(far)
        os.set_blocking(near, False)
        self.path.symlink_to(os.ttyname(far))
        asyncio.get_running_loop().add_reader(near, self._listen)

    def unplug(self) -> None:
        assert self._ends is not None
        asyncio.get_running_loop().remove_reader(self._ends[0])
        self.path.unlink()
        for end in self._ends:
            os.close(end)
        self._ends = None

    def deafen(self) -> None:
        """Stop reading what comes: the line fills up."""
        assert self._ends is not None
        asyncio.get_running_loop().remove_reader(self._ends[0])

    def listen_again(self) -> None:
        assert self._ends is not None
        asyncio.get_running_loop().add_reader(self._ends[0], self._listen)

    def _listen(self) -> None:
        assert self._ends is not None
        data = os.read(self._ends[0], 65536)
        self.heard += data
        for _ in range(data.count(b"\r\n")):
            os.write(self._ends[0], self.answers)


@contextlib.asynccontextmanager
async def talking(
    uri: PeripheralUri, driver: Driver | None = None
) -> AsyncIterator[tuple[list[Reading], "asyncio.Task[None]"]]:
    """A conversation that runs beside the test and is cancelled at its end."""
    heard: list[Reading] = []
    talk = converse(uri, driver or driver_for(uri.profile), heard.append, SystemClock(), random.Random(1))
    task = asyncio.create_task(talk)
    try:
        yield heard, task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def faults(heard: list[Reading]) -> list[str]:
    return [reading.code for reading in heard if isinstance(reading, DeviceFault)]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scale0"


@pytest.fixture
def uri(path: Path) -> PeripheralUri:
    return parse_uri(f"serial:{path}?profile=mt-sics")


def test_a_scale_on_a_serial_port_is_asked_and_heard(path: Path, uri: PeripheralUri) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        async with talking(uri) as (heard, _):
            await until(lambda: heard.count(HUNDRED) >= 3)
            assert heard[:2] == [DeviceReady(), HUNDRED]
            assert set(scale.heard.split(b"\r\n")) == {b"SI", b""}
        scale.unplug()

    run(test())


def test_a_scale_that_is_unplugged_is_gone_once_and_heard_again_when_it_is_back(
    path: Path, uri: PeripheralUri
) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        async with talking(uri) as (heard, _):
            for _ in range(3):
                await until(lambda: HUNDRED in heard)
                heard.clear()
                scale.unplug()
                await until(lambda: "device.gone" in faults(heard))
                scale.plug()
                await until(lambda: DeviceReady() in heard)
                assert faults(heard) == ["device.gone"]
        scale.unplug()

    run(test())


def test_a_scale_that_was_never_there_is_gone_until_it_is_plugged_in(path: Path, uri: PeripheralUri) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        async with talking(uri) as (heard, _):
            await until(lambda: bool(heard))
            scale.plug()
            await until(lambda: HUNDRED in heard)
            assert heard[:3] == [
                DeviceFault(
                    "device.gone", f"The scale at {path} is not there: check its plug and its power."
                ),
                DeviceReady(),
                HUNDRED,
            ]
        scale.unplug()

    run(test())


def test_a_scale_that_is_there_but_says_nothing_is_silent_and_heard_when_it_speaks(
    path: Path, uri: PeripheralUri
) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.answers = b""
        scale.plug()
        async with talking(uri, MtSics(Settings(silence_ms=20))) as (heard, _):
            await until(lambda: faults(heard) == ["device.silent"])
            scale.answers = ANSWER
            await until(lambda: HUNDRED in heard)
            assert heard[1:3] == [DeviceReady(), HUNDRED]
        scale.unplug()

    run(test())


def test_a_port_that_another_program_uses_is_not_shared(path: Path, uri: PeripheralUri) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        other = serial.Serial(str(path), exclusive=True)
        async with talking(uri) as (heard, _):
            await until(lambda: bool(heard))
            assert heard == [
                DeviceFault(
                    "device.gone", f"The scale at {path} is in use by another program: stop that program."
                )
            ]
            other.close()
            await until(lambda: HUNDRED in heard)
        scale.unplug()

    run(test())


def test_a_conversation_that_is_cancelled_leaves_the_port_to_others(path: Path, uri: PeripheralUri) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        async with talking(uri) as (heard, task):
            await until(lambda: HUNDRED in heard)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            serial.Serial(str(path), exclusive=True).close()
        async with talking(uri) as (heard, _):
            await until(lambda: HUNDRED in heard)
        scale.unplug()

    run(test())


def test_what_goes_wrong_in_the_shop_is_no_fault_of_the_device(path: Path, uri: PeripheralUri) -> None:
    def fail(_reading: Reading) -> None:
        raise OSError(errno.ENOSPC, "the disk is full")

    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        with pytest.raises(OSError, match="the disk is full"):
            await converse(uri, driver_for(uri.profile), fail, SystemClock(), random.Random(1))
        serial.Serial(str(path), exclusive=True).close()
        scale.unplug()

    run(test())


class Chatterbox:
    """A driver that has much to say and does not care for an answer."""

    pending = 0
    deadline_ns = Nanoseconds(0)

    def opened(self, now_ns: Nanoseconds) -> None:
        self.deadline_ns = now_ns

    def receive(self, data: bytes) -> Iterator[Reading]:
        yield Garbled(data.hex(), "expected silence")

    def to_send(self) -> bytes:
        return b"x" * 500

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        self.deadline_ns = now_ns
        yield from ()


def test_a_device_that_takes_no_commands_any_more_is_gone(path: Path, uri: PeripheralUri) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        scale.deafen()
        async with talking(uri, Chatterbox()) as (heard, _):
            await until(lambda: bool(faults(heard)))
            assert faults(heard) == ["device.gone"]
        scale.unplug()

    run(test())


async def _filled(link: Link) -> int:
    """Write until the line takes no more, and say how much that was."""
    written = 0
    with contextlib.suppress(LinkLostError):
        while True:
            link.write(b"y" * 100)
            written += 100
            await asyncio.sleep(0)
    return written


def test_what_a_slow_device_could_not_take_yet_is_sent_when_it_can(path: Path, uri: PeripheralUri) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        scale.deafen()
        link = await open_link(uri)
        written = await _filled(link)
        assert written > UNSENT_BYTES_MAX
        scale.listen_again()
        await until(lambda: len(scale.heard) == written)
        link.close()
        scale.unplug()

    run(test())


def _says_nothing(link: Link) -> bool:
    link.write(b"")
    return False


def test_a_port_that_dies_with_bytes_unsent_is_lost_at_the_next_word(path: Path, uri: PeripheralUri) -> None:
    async def test() -> None:
        scale = PtyScale(path)
        scale.plug()
        scale.deafen()
        link = await open_link(uri)
        await _filled(link)
        scale.unplug()
        with pytest.raises(LinkLostError):
            await until(lambda: _says_nothing(link))
        with pytest.raises(LinkLostError):
            await link.read(DEADLINE_S)
        link.close()

    run(test())


def test_a_path_that_is_no_port_says_so(tmp_path: Path) -> None:
    async def test() -> None:
        (tmp_path / "notes.txt").write_text("not a device")
        async with talking(parse_uri(f"serial:{tmp_path}/notes.txt?profile=r200")) as (heard, _):
            await until(lambda: bool(heard))
        [fault] = heard
        assert isinstance(fault, DeviceFault)
        assert fault.code == "device.gone"
        assert fault.sentence.startswith(f"The tag reader at {tmp_path}/notes.txt does not work (")

    run(test())


class TcpScale:
    """A scale behind a port of this machine."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def plug(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    async def unplug(self, *, rudely: bool = False) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            if rudely:
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # closing is a reset
                cast(socket.socket, writer.get_extra_info("socket")).setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
                writer.transport.abort()
            writer.close()
        self._writers.clear()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError):
            while await reader.readline():
                writer.write(ANSWER)


@pytest.mark.parametrize("rudely", [False, True], ids=["closed", "reset"])
def test_a_scale_in_the_network_that_goes_and_comes_is_gone_once_and_heard_again(rudely: bool) -> None:
    async def test() -> None:
        scale = TcpScale()
        await scale.plug()
        async with talking(parse_uri(f"tcp:127.0.0.1:{scale.port}?profile=mt-sics")) as (heard, _):
            for _ in range(3):
                await until(lambda: HUNDRED in heard)
                heard.clear()
                await scale.unplug(rudely=rudely)
                await until(lambda: "device.gone" in faults(heard))
                await scale.plug()
                await until(lambda: DeviceReady() in heard)
                assert faults(heard) == ["device.gone"]
        await scale.unplug()

    run(test())


def test_a_scale_in_the_network_that_is_off_refuses_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    async def test() -> None:
        async with talking(parse_uri(f"tcp:127.0.0.1:{port}?profile=mt-sics")) as (heard, _):
            await until(lambda: bool(heard))
            assert heard == [
                DeviceFault(
                    "device.gone",
                    f"The scale at 127.0.0.1:{port} refuses the connection: "
                    "check that it is on, and its port number.",
                )
            ]

    run(test())


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (OSError(errno.ENOENT, "no such file"), "is not there: check its plug"),
        (OSError(errno.EIO, "input/output error"), "is not there any more: check its plug"),
        (OSError(errno.EACCES, "permission denied"), "add the user of this service to the group dialout"),
        (OSError(errno.EAGAIN, "locked"), "is in use by another program"),
        (socket.gaierror(socket.EAI_NONAME, "not known"), "has a host name that nobody knows"),
        (TimeoutError(), "cannot be reached: check its network cable"),
        (OSError("something new"), "does not work (something new): unplug it, and plug it in again"),
    ],
)
def test_a_person_is_told_what_to_do_about_a_port(reason: OSError, sentence: str) -> None:
    assert sentence in why(reason)


class EnoughError(Exception):
    """The test has seen what it wanted to see."""


def _pauses(monkeypatch: pytest.MonkeyPatch, seed: int, count: int) -> list[float]:
    pauses: list[float] = []

    async def wait(_: Hotplug, pause_s: float | None) -> bool:
        assert pause_s is not None
        pauses.append(pause_s)
        if len(pauses) == count:
            raise EnoughError
        return False

    monkeypatch.setattr(Hotplug, "wait", wait)
    uri = parse_uri("serial:/nowhere/at-all?profile=r200")
    with pytest.raises(EnoughError):
        asyncio.run(
            converse(uri, driver_for(uri.profile), lambda _: None, SystemClock(), random.Random(seed))
        )
    return pauses


def test_pauses_grow_to_their_limit_and_are_scattered_by_luck_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = _pauses(monkeypatch, 7, 12)
    for number, pause_s in enumerate(pauses):
        longest = min(PAUSE_FIRST_S * 2**number, PAUSE_MAX_S)
        assert longest / 2 <= pause_s <= longest
    assert pauses == _pauses(monkeypatch, 7, 12)
    assert pauses != _pauses(monkeypatch, 8, 12)


class _Curt(asyncio.Protocol):
    """A device that says a word to whoever comes, and hangs up."""

    came = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _Curt.came += 1
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"ES\r\n")
        transport.close()


def test_a_device_that_only_hangs_up_is_told_once_and_asked_ever_more_rarely() -> None:
    async def converse_with_it() -> list[Reading]:
        _Curt.came = 0
        server = await asyncio.get_running_loop().create_server(_Curt, "127.0.0.1", 0)
        heard: list[Reading] = []
        uri = parse_uri(f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}?profile=mt-sics")
        talk = converse(uri, MtSics(), heard.append, SystemClock(), random.Random(1))
        task = asyncio.ensure_future(talk)
        await until(lambda: _Curt.came >= 5)
        task.cancel()
        server.close()
        await asyncio.gather(task, return_exceptions=True)
        return heard

    heard = asyncio.run(asyncio.wait_for(converse_with_it(), 30))
    faults = [reading for reading in heard if isinstance(reading, DeviceFault)]
    assert [fault.code for fault in faults] == ["device.gone"]
