"""One nexo terminal in a process of its own: a bench of one thing, its control socket, its state."""

import asyncio
import random
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from simulators.bench import Announce, Bench
from simulators.control import Control
from simulators.devices.device import RefusedError, understood
from simulators.terminals.nexo.setup import Setup
from simulators.terminals.nexo.stand import TCP, Stand
from simulators.terminals.nexo.terminal import NexoTerminal


def read_setup(fields: dict[str, Any]) -> Setup:
    """Read what a command line says of a terminal; RefusedError says what is wrong in it."""
    setup: Setup = understood(fields, Setup, f"the nexo {fields.get('name', '')!r}")
    if not setup.at.startswith(TCP):
        raise RefusedError(f"{setup.at!r} is no port for a nexo terminal: expected tcp:HOST:PORT")
    return setup


def run_terminal(setup: Setup, control: Path, announce: Announce) -> None:
    """Run it until SIGTERM or SIGINT; books and certificate lie beside the control socket."""
    asyncio.run(_run(setup, control.absolute(), announce))


async def _run(setup: Setup, path: Path, announce: Announce) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    terminal = NexoTerminal(random.SystemRandom(), setup, began_ns=time.time_ns() - time.monotonic_ns())
    stand = Stand(terminal, setup, path.with_suffix(".pem"))
    bench = Bench({setup.name: stand}, path.with_suffix(".json"))
    bench.restore()
    stand.changed = bench.keep
    control = Control(path, bench.obey)
    async with AsyncExitStack() as opened:
        # The control socket is first: it is what tells that another terminal has these books.
        opened.push_async_callback(control.close)
        await control.open()
        await bench.open(opened)
        announce({"control": str(path), **bench.status()})
        await stop.wait()
        bench.keep()
