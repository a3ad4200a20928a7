"""An unknown device is listened to first, then asked; what answers is found, and what does not is not."""

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.drivers import probing
from edge.drivers.links import LinkLostError
from edge.drivers.probing import Attempt, Found, attempts, tried
from edge.drivers.profiles import Profile, SerialLine
from edge.drivers.uris import Address, FileAddress, TcpAddress
from edge.readings import DeviceReady, Milligrams, TagSeen, Weighed

SLOW, FAST = SerialLine(9600), SerialLine(115200)
SCALE = Profile("mt-sics", "scale", ("serial", "tcp"), serial=SLOW, name="mt-sics")
BENCH_SCALE = Profile("mt-sics", "scale", ("serial",), serial=SLOW, name="a-bench-scale")
OTHER_SCALE = Profile("dialog06", "scale", ("serial",), serial=SerialLine(9600, 7, "O"), name="dialog06")
READER = Profile("r200", "tag reader", ("serial", "tcp"), serial=FAST, name="r200")
CODES = Profile("serial-scanner", "scanner", ("serial",), serial=SLOW, name="serial-scanner")
POSTAL = Profile("hid-scale", "scale", ("hidraw",), name="hid-scale")

WEIGHT = b"S S     100.00 g\r\n"
HUNDRED = Weighed(Milligrams(100_000), steady=True)
TAG = bytes.fromhex("AA02220011C73000E28068900000500E88C6A4A7119B29DD")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LISTEN_NS", 300_000_000)
    monkeypatch.setattr(probing, "ASK_NS", 300_000_000)
    monkeypatch.setattr(probing, "_SECOND_THOUGHT_NS", 20_000_000)


class Stranger:
    """An unknown device at a pty: `says` of what it heard is its answer; it says `unasked` when opened."""

    def __init__(self, says: Callable[[bytes], bytes] = lambda _: b"", unasked: bytes = b"") -> None:
        self.near, self._far = pty.openpty()
        tty.setraw(self._far)
        self.address = FileAddress("serial", os.ttyname(self._far))
        self.heard = b""
        self._says = says
        self._unasked = unasked

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_reader(self.near, self._listen)
        talk = asyncio.create_task(self._talk())
        yield
        talk.cancel()
        loop.remove_reader(self.near)

    async def _talk(self) -> None:
        while self._unasked:
            os.write(self.near, self._unasked)
            await asyncio.sleep(0.02)

    def _listen(self) -> None:
        data = os.read(self.near, 4096)
        self.heard += data
        os.write(self.near, self._says(data))

    def unplug(self) -> None:
        os.close(self.near)
        os.close(self._far)


@pytest.fixture
def stranger() -> Iterator[Callable[..., Stranger]]:
    made: list[Stranger] = []

    def make(*arguments: Callable[[bytes], bytes] | bytes, **named: bytes) -> Stranger:
        made.append(Stranger(*arguments, **named))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.unplug()


def probed(stranger: Stranger, *profiles: Profile) -> tuple[Found | None, Attempt | None]:
    """What is found, and by which attempt."""

    async def probe() -> tuple[Found | None, Attempt | None]:
        async with stranger.alive():
            for attempt in attempts(stranger.address, profiles):
                if found := await tried(stranger.address, attempt, SystemClock()):
                    return found, attempt
        return None, None

    return asyncio.run(probe())


@pytest.mark.parametrize(
    ("address", "profiles", "plan"),
    [
        (
            FileAddress("serial", "/dev/ttyUSB0"),
            [READER, SCALE, BENCH_SCALE, OTHER_SCALE, CODES, POSTAL],
            [
                "Listening at 9600 8N1",
                "Listening at 115200 8N1",
                "Listening at 9600 7O1",
                "Asking in mt-sics at 9600 8N1",
                "Asking in r200 at 115200 8N1",
                "Asking in dialog06 at 9600 7O1",
            ],
        ),
        (
            TcpAddress("10.0.0.9", 4001),
            [READER, SCALE, BENCH_SCALE, POSTAL],
            ["Listening", "Asking in r200", "Asking in mt-sics"],
        ),
        (FileAddress("hidraw", "/dev/hidraw0"), [READER, POSTAL], ["Listening"]),
        (FileAddress("lp", "/dev/usb/lp0"), [READER, POSTAL], []),
    ],
    ids=["serial", "network", "hidraw", "nobody goes that way"],
)
def test_all_lines_are_listened_to_before_anybody_asks_and_each_protocol_is_asked_once(
    address: Address, profiles: list[Profile], plan: list[str]
) -> None:
    assert [str(attempt) for attempt in attempts(address, profiles)] == plan


def test_what_talks_by_itself_is_found_without_a_word_from_us(stranger: Callable[..., Stranger]) -> None:
    reader = stranger(unasked=TAG)
    found, attempt = probed(reader, SCALE, READER, CODES)
    assert found is not None
    assert attempt is not None
    assert (found.protocol, found.line, found.profiles, attempt.asks) == ("r200", FAST, ("r200",), False)
    assert TagSeen("E28068900000500E88C6A4A7", -57) in found.readings
    assert reader.heard == b""


def test_what_only_answers_is_found_by_asking_and_all_its_profiles_are_named(
    stranger: Callable[..., Stranger],
) -> None:
    scale = stranger(lambda asked: WEIGHT * asked.count(b"SI\r\n"))
    found, attempt = probed(scale, READER, BENCH_SCALE, SCALE)
    assert attempt is not None
    assert attempt.asks
    assert found is not None
    assert found.profiles == ("a-bench-scale", "mt-sics")
    assert found.readings[:2] == (DeviceReady(), HUNDRED)


def test_a_line_that_a_scale_understands_is_no_code(stranger: Callable[..., Stranger]) -> None:
    found, _ = probed(stranger(unasked=WEIGHT), CODES, SCALE)
    assert found is not None
    assert found.protocol == "mt-sics"


def test_a_line_that_nobody_else_understands_is_a_code(stranger: Callable[..., Stranger]) -> None:
    found, _ = probed(stranger(unasked=b"4006381333931\r\n"), SCALE, CODES)
    assert found is not None
    assert found.protocol == "serial-scanner"


@pytest.mark.parametrize(
    "unasked", [b"", b"\x00\xff\x80\x13noise\x01", TAG[:-3]], ids=["silent", "noisy", "cut"]
)
def test_what_nobody_understands_is_not_found(stranger: Callable[..., Stranger], unasked: bytes) -> None:
    assert probed(stranger(unasked=unasked), SCALE, READER) == (None, None)


def test_a_device_that_hangs_up_on_a_question_is_not_found() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async def probe() -> list[Found | None]:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        address = TcpAddress("127.0.0.1", server.sockets[0].getsockname()[1])
        found = [await tried(address, each, SystemClock()) for each in attempts(address, [SCALE, READER])]
        server.close()
        return found

    assert asyncio.run(probe()) == [None, None, None]


def test_a_port_that_cannot_be_opened_is_said_to_be_so(tmp_path: Path) -> None:
    address = FileAddress("serial", str(tmp_path / "none"))
    [first, *_] = attempts(address, [SCALE])
    with pytest.raises(LinkLostError, match="No such file"):
        asyncio.run(tried(address, first, SystemClock()))
