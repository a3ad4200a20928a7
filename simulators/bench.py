"""A bench: the simulated devices of one file in one process, and the state that outlives it."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from simulators.control import Control
from simulators.devices.device import RefusedError
from simulators.layout import Layout, Thing, built, read_layout

Announce = Callable[[dict[str, Any]], None]


class Bench:
    """What stands on the bench, by name; one order at a time, each kept before it is answered."""

    def __init__(self, things: dict[str, Thing], state: Path) -> None:
        self._things = things
        self._state = state
        self._one_hand = asyncio.Lock()

    def restore(self) -> None:
        """Put everything back as the last bench left it; what is new on the bench begins empty."""
        try:
            kept = msgspec.json.decode(self._state.read_bytes(), type=dict[str, Any])
            for name in kept.keys() & self._things.keys():
                self._things[name].restore(kept[name])
        except FileNotFoundError:
            return
        except OSError as error:
            raise RefusedError(f"{self._state} cannot be read: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RefusedError) as error:
            raise RefusedError(
                f"{self._state} is not the state of this bench: {error}; remove it to begin with an empty one"
            ) from error

    def keep(self) -> None:
        """Write the state in one step: a bench that dies in the middle comes back with the state before."""
        new = self._state.with_name(f"{self._state.name}.new")
        try:
            new.write_bytes(msgspec.json.encode({name: thing.kept() for name, thing in self._things.items()}))
            new.replace(self._state)
        except OSError as error:
            raise RefusedError(f"the state cannot be kept in {self._state}: {error.strerror}") from error

    def status(self, name: object = None) -> dict[str, Any]:
        """Say how one thing is, or all are."""
        one_or_all = list(self._things) if name is None else [name]
        return {"status": {each: self._thing(each).status() for each in one_or_all}}

    async def open(self, opened: AsyncExitStack) -> None:
        """Open everything; whoever gave an order in the meantime waits for it."""
        async with self._one_hand:
            for thing in self._things.values():
                opened.push_async_callback(thing.close)
                await thing.open()

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do one order and say how the device is then; RefusedError says why not."""
        name = order.get("device")
        async with self._one_hand:
            if order.get("verb") != "status":
                await self._change(name, {key: order[key] for key in order if key != "device"})
            return self.status(name)

    async def _change(self, name: object, fields: dict[str, Any]) -> None:
        thing = self._thing(name)
        try:
            await thing.obey(fields)
        except RefusedError as error:
            raise RefusedError(f"{name}: {error}") from error
        self.keep()

    def _thing(self, name: object) -> Thing:
        if isinstance(name, str) and name in self._things:
            return self._things[name]
        raise RefusedError(f"no device {name!r} on this bench: there are {', '.join(self._things)}")


def run(file: Path, announce: Announce) -> None:
    """Run the bench of a file until SIGTERM or SIGINT; RefusedError when it cannot start."""
    run_layout(read_layout(file), file.absolute().parent, announce)


def run_layout(layout: Layout, folder: Path, announce: Announce) -> None:
    """Run a bench that no file describes; its paths are relative to the folder."""
    asyncio.run(_run(layout, folder, announce))


async def _run(layout: Layout, folder: Path, announce: Announce) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    bench = Bench(built(layout, folder), folder / layout.bench.state)
    control = Control(folder / layout.bench.control, bench.obey)
    bench.restore()
    async with AsyncExitStack() as opened:
        # The control socket is first: it is what tells that another bench holds these devices.
        opened.push_async_callback(control.close)
        await control.open()
        await bench.open(opened)
        announce({"control": str(folder / layout.bench.control), **bench.status()})
        await stop.wait()
        bench.keep()  # what a device did by itself since the last order, as a printer that printed
