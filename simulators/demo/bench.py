"""The hand at a bench: it makes the devices of one object agree with the world, and pulls the cable."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import msgspec

from simulators.demo.world import Item

# The bench answers at once or is being started again.
_PATIENCE_S: Final = 5.0
# An answer with a thousand tags in it; beyond it this is no bench of ours.
_ANSWER_BYTES_MAX: Final = 256 * 1024
# A pack leaves the plate a moment before its tag leaves the field.
_MOMENT_S: Final = 0.15


class BenchGoneError(Exception):
    """The bench does not answer: its process is gone, and the supervisor is starting it again."""


class BenchRefusedError(Exception):
    """The bench understood and said no: who, where, what."""


class _Tag(msgspec.Struct, frozen=True):
    epc: str


class _Contents(msgspec.Struct, frozen=True):
    """What a device has before it; each device tells its own part."""

    tags: tuple[_Tag, ...] = ()
    mass_mg: int = 0
    cut: bool = False


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    error: str = ""
    status: dict[str, _Contents] = {}


class Bench:
    """The bench that listens at a Unix socket; `roles` are the devices that goods lie before.

    `rssi_dbm` is how loud goods are to its reader.
    """

    def __init__(self, socket: Path, roles: Collection[str], rssi_dbm: int) -> None:
        self._socket = socket
        self._roles = frozenset(roles)
        self._rssi_dbm = rssi_dbm
        self._turn = asyncio.Lock()

    async def agree(self, wanted: Callable[[], Collection[Item]], *, plugged: bool) -> None:
        """Have exactly the `wanted` items before the devices; raises BenchGoneError, BenchRefusedError."""
        async with self._turn:
            now, items = await self._contents(), wanted()
            await self._weigh(now, items)
            await self._tag(now, items)
            await self._connect(now, plugged=plugged)

    async def scan(self, text: str, symbology: str) -> None:
        """Hold a code before the scanner; raises BenchGoneError, BenchRefusedError."""
        async with self._turn:
            await self._ask("scanner", "scan", text=text, symbology=symbology)

    async def _weigh(self, now: dict[str, _Contents], items: Collection[Item]) -> None:
        if "scale" not in self._roles:
            return
        change_mg = sum(item.mass_mg for item in items) - now["scale"].mass_mg
        if change_mg:
            await self._ask("scale", "put" if change_mg > 0 else "take", mass_mg=abs(change_mg))
            await asyncio.sleep(_MOMENT_S)

    async def _tag(self, now: dict[str, _Contents], items: Collection[Item]) -> None:
        if "reader" not in self._roles:
            return
        there = {tag.epc for tag in now["reader"].tags}
        wanted = {item.epc for item in items}
        for epc in sorted(there - wanted):
            await self._ask("reader", "take", epc=epc)
        for epc in sorted(wanted - there):
            await self._ask("reader", "put", epc=epc, rssi_dbm=self._rssi_dbm)

    async def _connect(self, now: dict[str, _Contents], *, plugged: bool) -> None:
        if now["cable"].cut is plugged:
            await self._ask("cable", "plug" if plugged else "cut")

    async def _contents(self) -> dict[str, _Contents]:
        return (await self._ask(None, "status")).status

    async def _ask(self, device: str | None, verb: str, **fields: Any) -> _Answer:
        order = msgspec.json.encode({"device": device, "verb": verb, **fields}) + b"\n"
        try:
            line = await asyncio.wait_for(self._exchange(order), _PATIENCE_S)
        except (OSError, TimeoutError) as error:
            raise BenchGoneError(f"the bench at {self._socket} does not answer: {error!r}") from error
        if not line.endswith(b"\n"):
            raise BenchGoneError(f"the bench at {self._socket} hung up in the middle of an answer")
        answer = msgspec.json.decode(line, type=_Answer)
        if not answer.ok:
            raise BenchRefusedError(f"{self._socket}: {verb}: {answer.error}")
        return answer

    async def _exchange(self, order: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(self._socket), limit=_ANSWER_BYTES_MAX)
        try:
            writer.write(order)
            return await reader.readline()
        finally:
            writer.close()
            await writer.wait_closed()
