"""A shop to be measured: Mosquitto, a hub, one object's till and its agent, each a real process."""

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.harness import SkippedError
from benchmarks.opening import DEV
from cloud_sync.contract.signing import SoftwareKey
from simulators.demo.errands import opos, run
from simulators.fleet.place import admit, own_place
from simulators.fleet.shift import Place

TENANT: Final = "bench"
SITE: Final = "corner"
# A drain takes seconds; a machine that needs minutes is busy with something else.
PATIENCE_S: Final = 300.0
_LOOK_S: Final = 0.002

_OBJECT: Final = """\
[object]
id = "{dev}"
kind = "mirror"
name = "Measured"
tenant = "{tenant}"
site = "{site}"
sells_from = "floor"
[display]
port = 1
[tender]
kind = "house-account"
account = "a7Kx"
[sync]
broker = "{host}:{port}"
hub = "{hub}"
[[peripheral]]
role = "reader"
uri = "serial:/nowhere?profile=r200"
"""


class World:
    """Where everything is, and the processes that were started beside broker and hub."""

    def __init__(self, place: Place, directory: Path) -> None:
        self.place = place
        self.file = directory / "object.toml"
        self.data = directory / "data"

    @property
    def hub_pid(self) -> int:
        """The hub's process."""
        return self.place.pids["hub"]

    @asynccontextmanager
    async def till(self, sales: int = 0) -> AsyncIterator[Process]:
        """The object's till, ready; it sells so many times once it has an agent."""
        command = (sys.executable, "-m", "benchmarks.sync.till", str(self.file), str(sales))
        async with _running(command, stdin=PIPE, stdout=PIPE) as till:
            assert till.stdout is not None
            if await till.stdout.readline() != b"ready\n":
                raise SkippedError("the till did not start: it says above why")
            yield till

    @asynccontextmanager
    async def agent(self) -> AsyncIterator[Process]:
        """The object's agent."""
        with (self.data.parent / "agent.log").open("wb") as log:
            async with _running(opos("sync", "run", self.file), stderr=log.fileno()) as agent:
                yield agent


@asynccontextmanager
async def world(directory: Path, ledger: Path | None = None, key: Path | None = None) -> AsyncIterator[World]:
    """A new hub that knows one object; `ledger` and `key` are copied to it if it has sold before."""
    async with own_place(directory) as place:
        made = World(place, directory)
        made.data.mkdir()
        if ledger is not None:
            shutil.copyfile(ledger, made.data / "ledger.db")
        await _introduce(
            made, SoftwareKey.generate() if key is None else SoftwareKey.from_pem(key.read_bytes())
        )
        yield made


async def until(true: Callable[[], bool], what: str) -> None:
    """Wait until it is so; raises SkippedError when that takes too long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                await asyncio.sleep(_LOOK_S)
            return
    raise SkippedError(f"in {PATIENCE_S:g} s it did not come true that {what}")


async def _introduce(made: World, key: SoftwareKey) -> None:
    """Write the object's files, and let the hub know it."""
    file = made.data / "object.key"
    file.touch(mode=0o600)
    file.write_bytes(key.to_pem())
    trust = await run(opos("hub", "trust", "--dir", made.place.hub_dir, "--json"))
    made.file.with_name("trust.json").write_bytes(trust)
    broker = made.place.broker
    told = {"dev": DEV, "tenant": TENANT, "site": SITE, "host": broker.host, "port": broker.port}
    made.file.write_text(_OBJECT.format(**told, hub=made.place.hub_url), encoding="utf-8")
    public = msgspec.to_builtins(key.public)
    await admit(made.place, [{"object": DEV, "tenant": TENANT, "site": SITE, "key": public}])


@asynccontextmanager
async def _running(
    command: tuple[str, ...], *, stdin: int = DEVNULL, stdout: int = DEVNULL, stderr: int | None = None
) -> AsyncIterator[Process]:
    async with AsyncExitStack() as leaving:
        process = await asyncio.create_subprocess_exec(*command, stdin=stdin, stdout=stdout, stderr=stderr)
        leaving.push_async_callback(_end, process)
        yield process


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    await process.communicate()
