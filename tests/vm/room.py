"""What a proof stands in: a bench whose devices are the kernel's own, and an object's ear at each of them."""

import asyncio
import random
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from evdev import InputDevice, ecodes

from edge.clock import SystemClock
from edge.drivers.plugged import Plugged, plugged
from edge.drivers.profiles import Way
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import parse_uri
from edge.readings import Reading
from simulators.attached import Attached
from simulators.devices.catalogue import part
from simulators.devices.personas import Reporting
from simulators.layout import Thing, built, read_layout
from tests.vm.gadget import GadgetPort

# An emulated processor on a busy machine is a hundred times slower than a till.
PATIENCE_S: Final = 30.0
LOOK_EVERY_S: Final = 0.02

Found = TypeVar("Found")


class Bench:
    """The devices of one file, each at a port that the kernel made; `at` is where the bench links to it."""

    def __init__(self, folder: Path, things: dict[str, Thing]) -> None:
        self._folder = folder
        self._things = things

    def at(self, name: str) -> str:
        """The path of a device."""
        return str(self._folder / name)

    async def order(self, name: str, verb: str, **fields: Any) -> None:
        """Do what a hand does."""
        await self._things[name].obey({"verb": verb, **fields})

    def status(self, name: str) -> dict[str, object]:
        """How a device is."""
        return self._things[name].status()


@asynccontextmanager
async def bench(**devices: str) -> AsyncIterator[Bench]:
    """Set up devices: name -> the rest of its table in a bench's file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.toml"
        tables = [f'[[device]]\nname = "{name}"\n{table}' for name, table in devices.items()]
        file.write_text("\n".join(['[bench]\ncontrol = "sock"\nstate = "state"', *tables]))
        things = built(read_layout(file), Path(folder))
        async with AsyncExitStack() as opened:
            for thing in things.values():
                opened.push_async_callback(thing.close)
                await thing.open()
            yield Bench(Path(folder), things)


@asynccontextmanager
async def usb(kind: str, function: str) -> AsyncIterator[Attached]:
    """Plug in a device that this machine knows by a USB function: `acm`, `printer` or `hid`."""
    device = part({"type": kind, "name": kind, "at": ""}).device(random.Random(1))
    settings = {}
    if isinstance(device, Reporting):
        persona = device.hid_persona
        settings = {"report_desc": persona.descriptor, "report_length": b"%d" % persona.report_bytes}
    attached = Attached(device, GadgetPort(function, settings), random.Random(2))
    await attached.open()
    try:
        yield attached
    finally:
        await attached.close()


@asynccontextmanager
async def opos(*words: str) -> AsyncIterator[asyncio.StreamReader]:
    """Run an `opos` command in a process of its own: what it prints."""
    command = [sys.executable, "-m", "opos", *words]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None, "it was asked for"
    try:
        yield process.stdout
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


class Ear:
    """All that an object hears of one device."""

    def __init__(self, conversation: Conversation, heard: list[Reading]) -> None:
        self.conversation = conversation
        self._heard = heard
        self._told = 0

    async def hears(self, kind: type[Found]) -> Found:
        """The next reading of this kind; those before it are passed over."""

        def found() -> Found | None:
            while self._told < len(self._heard):
                self._told += 1
                if isinstance(reading := self._heard[self._told - 1], kind):
                    return reading
            return None

        return await until(found, f"{kind.__name__} after {self._heard[-8:]}")


@asynccontextmanager
async def ear(uri: str) -> AsyncIterator[Ear]:
    """Listen to a device as an object does."""
    device, heard = parse_uri(uri), list[Reading]()
    driver = driver_for(device.profile)
    conversation = Conversation(device, driver, heard.append, SystemClock(), random.Random(1))
    task = asyncio.ensure_future(conversation.run())
    try:
        yield Ear(conversation, heard)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@contextmanager
def beside(path: str) -> Iterator[list[int]]:
    """Read an input device as another program does: the codes of the keys that it hears."""
    loop, device, keys = asyncio.get_running_loop(), InputDevice(path), list[int]()

    def hear() -> None:
        keys.extend(event.code for event in device.read() if event.type == ecodes.EV_KEY)

    with closing(device):
        loop.add_reader(device.fd, hear)
        try:
            yield keys
        finally:
            loop.remove_reader(device.fd)


async def until(found: Callable[[], Found | None], what: str) -> Found:
    """Look until there is something; AssertionError when the patience is over."""
    loop = asyncio.get_running_loop()
    patience_ends = loop.time() + PATIENCE_S
    while (seen := found()) is None:
        assert loop.time() < patience_ends, f"waited in vain for {what}"
        await asyncio.sleep(LOOK_EVERY_S)
    return seen


async def known(it: Bench, name: str) -> Plugged:
    """What `opos devices` shows of a device, as soon as udev has looked at it."""
    node = str(Path(it.at(name)).resolve())

    def found() -> Plugged | None:
        return next((each for each in plugged([]) if each.node == node), None)

    return await until(found, f"udev to tell of {node}")


async def on_usb(way: Way) -> Plugged:
    """What `opos devices` shows of the USB device that has been plugged in, as soon as udev has named it."""

    def found() -> Plugged | None:
        ours = (each for each in plugged([]) if (each.way, each.usb) == (way, "1209:0003"))
        return next((each for each in ours if each.path != each.node), None)

    return await until(found, f"a {way} device of USB that has its name")
