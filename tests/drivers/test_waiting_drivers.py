"""Drivers that only wait: told what the kernel knows, ready while their port is there, woken by a command."""

import asyncio
import contextlib
import os
import pty
import random
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.commands import Command, Light, Signal
from edge.drivers import transports, turns
from edge.drivers.driver import InputFacts
from edge.drivers.links import LinkLostError, open_link
from edge.drivers.links.link import Link
from edge.drivers.transports import Conversation
from edge.drivers.uris import PeripheralUri, parse_uri
from edge.readings import CodeScanned, DeviceFault, DeviceReady, Nanoseconds, Reading

# Generous, since it is only waited out when a test fails.
DEADLINE_S = 20.0


class Scanner:
    """Takes what comes as a code; has no question and nothing to wait for. Shows a lamp when asked."""

    pending = 0
    deadline_ns: Nanoseconds | None = None

    def __init__(self) -> None:
        self.told: list[object] = []
        self._outgoing = b""

    def informed(self, facts: InputFacts) -> None:
        self.told.append(facts)

    def opened(self, now_ns: Nanoseconds) -> None:  # noqa: ARG002 (the contract's name)
        self.told.append("opened")

    def receive(self, data: bytes) -> Iterator[Reading]:
        yield CodeScanned(data.decode())

    def to_send(self) -> bytes:
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:  # noqa: ARG002 (the contract's name)
        yield from ()

    def command(self, command: Command) -> None:
        assert isinstance(command, Light)
        self._outgoing = command.signal.encode()


class Bench:
    """A conversation that runs beside the test."""

    def __init__(self, uri: PeripheralUri) -> None:
        self.scanner = Scanner()
        self.heard: list[Reading] = []
        self.talk = Conversation(uri, self.scanner, self.heard.append, SystemClock(), random.Random(1))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let both talk until something holds."""
        task = asyncio.create_task(self.talk.run())
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not holds():
                    await asyncio.sleep(0.002)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def ends() -> Iterator[tuple[int, str]]:
    """The near end of a pty, and the path of its far end."""
    near, far = pty.openpty()
    tty.setraw(far)
    os.set_blocking(near, False)
    yield near, os.ttyname(far)
    for end in (near, far):
        os.close(end)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "STAYS_S", 0.05)


def uri_of(path: str) -> PeripheralUri:
    return parse_uri(f"serial:{path}?profile=mt-sics")


def test_a_device_that_only_waits_is_ready_while_its_port_is_there(ends: tuple[int, str]) -> None:
    bench = Bench(uri_of(ends[1]))
    asyncio.run(bench.until(lambda: bool(bench.heard)))
    assert bench.heard == [DeviceReady()]


def test_what_it_says_first_comes_after_its_being_ready(
    monkeypatch: pytest.MonkeyPatch, ends: tuple[int, str]
) -> None:
    monkeypatch.setattr(turns, "STAYS_S", DEADLINE_S)
    bench = Bench(uri_of(ends[1]))

    def heard() -> bool:
        if bench.scanner.told == ["opened"]:
            bench.scanner.told.append(os.write(ends[0], b"4006381333931"))
        return len(bench.heard) > 1

    asyncio.run(bench.until(heard))
    assert bench.heard == [DeviceReady(), CodeScanned("4006381333931")]


def test_a_device_that_comes_back_is_ready_again_before_it_says_anything(tmp_path: Path) -> None:
    async def test() -> None:
        path = tmp_path / "scanner0"
        bench = Bench(uri_of(str(path)))
        near, far = pty.openpty()

        def said(kind: type[Reading], plug: Callable[[], None]) -> bool:
            if bench.heard and isinstance(bench.heard[-1], kind):
                plug()
                return True
            return False

        await bench.until(lambda: said(DeviceFault, lambda: path.symlink_to(os.ttyname(far))))
        await bench.until(lambda: said(DeviceReady, lambda: None))
        assert [type(each) for each in bench.heard] == [DeviceFault, DeviceReady]
        os.close(near)
        os.close(far)

    asyncio.run(test())


def test_a_server_that_hangs_up_at_once_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "STAYS_S", DEADLINE_S)
    hung_up: list[int] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung_up.append(1)
        writer.close()

    async def test() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        bench = Bench(parse_uri(f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}?profile=mt-sics"))
        await bench.until(lambda: len(hung_up) > 1)
        assert [type(reading) for reading in bench.heard] == [DeviceFault]
        server.close()

    asyncio.run(test())


def test_a_command_goes_out_at_once_though_the_driver_waits_for_nothing(ends: tuple[int, str]) -> None:
    bench = Bench(uri_of(ends[1]))
    seen = b""

    def shown() -> bool:
        nonlocal seen
        if bench.heard:
            bench.talk.command(Light(Signal.DONE))
        with contextlib.suppress(BlockingIOError):
            seen += os.read(ends[0], 100)
        return b"done" in seen

    asyncio.run(bench.until(shown))
    assert b"done" in seen


def test_a_command_does_not_wait_for_the_proof_that_the_port_stays(
    monkeypatch: pytest.MonkeyPatch, ends: tuple[int, str]
) -> None:
    monkeypatch.setattr(turns, "STAYS_S", DEADLINE_S)
    bench = Bench(uri_of(ends[1]))
    seen = b""

    def shown() -> bool:
        nonlocal seen
        if bench.scanner.told:
            bench.talk.command(Light(Signal.DONE))
        with contextlib.suppress(BlockingIOError):
            seen += os.read(ends[0], 100)
        return b"done" in seen

    asyncio.run(bench.until(shown))
    assert bench.heard == []


def test_a_command_to_a_device_that_is_not_there_is_not_lost_on_us(tmp_path: Path) -> None:
    bench = Bench(uri_of(str(tmp_path / "none")))
    bench.talk.command(Light(Signal.DONE))
    assert bench.scanner.to_send() == b"done"


def test_what_the_kernel_knows_is_told_before_the_port_is_open(
    monkeypatch: pytest.MonkeyPatch, ends: tuple[int, str]
) -> None:
    facts = InputFacts("Bar Code Scanner")

    async def informed(uri: PeripheralUri) -> Link:
        link = await open_link(uri)
        link.facts = facts
        return link

    monkeypatch.setattr(transports, "open_link", informed)
    bench = Bench(uri_of(ends[1]))
    asyncio.run(bench.until(lambda: bool(bench.heard)))
    assert bench.scanner.told == [facts, "opened"]


def test_a_device_that_is_gone_for_good_is_told_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tries: list[PeripheralUri] = []

    async def fail(uri: PeripheralUri) -> Link:
        tries.append(uri)
        raise LinkLostError(FileNotFoundError(2, "no such file"))

    monkeypatch.setattr(transports, "open_link", fail)
    bench = Bench(uri_of(str(tmp_path / "none")))
    asyncio.run(bench.until(lambda: len(tries) > 2))
    assert len(bench.heard) == 1
