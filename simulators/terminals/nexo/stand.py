"""A terminal at its door: questions in, answers out when they are due, and hands on the slot and the plug."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec

from simulators.cable import place
from simulators.devices.device import RefusedError, understood
from simulators.terminals.nexo.certificate import Identity
from simulators.terminals.nexo.door import Answer, Door
from simulators.terminals.nexo.setup import Setup
from simulators.terminals.nexo.terminal import NexoTerminal

SECOND_NS: Final = 1_000_000_000
TCP: Final = "tcp:"


class Kept(msgspec.Struct):
    """What stays when the bench dies: the world as the hand left it, and the plug."""

    world: dict[str, Any]
    plugged: bool = True


class Stand:
    """One terminal on a bench; `changed` is called when its books may have."""

    def __init__(self, terminal: NexoTerminal, setup: Setup, certificate: Path) -> None:
        self._terminal = terminal
        self._identity = None if setup.plain else Identity(setup.poi_id, place(setup.at.removeprefix(TCP))[0])
        self._certificate = certificate
        self._poi_id = setup.poi_id
        tls = self._identity.context() if self._identity else None
        self._door = Door(place(setup.at.removeprefix(TCP)), self._ask, tls)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._callers = 0
        self._ended = 0
        self._plugged = True
        self._alarm: asyncio.TimerHandle | None = None
        self.changed: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Write the certificate for tills to pin, and listen if the plug is in."""
        if self._identity:
            try:
                self._certificate.write_bytes(self._identity.pem)
            except OSError as error:
                raise RefusedError(f"no certificate in {self._certificate}: {error.strerror}") from error
        if self._plugged:
            await self._appear()

    async def close(self) -> None:
        """Disappear; what the hand did stays."""
        if self._alarm:
            self._alarm.cancel()
        await self._door.close()

    async def obey(self, order: Mapping[str, Any]) -> None:
        """Do what a hand asks; RefusedError when it is misread or cannot be."""
        verb = str(order.get("verb"))
        if verb in self._terminal.verbs:
            self._terminal.obey(order, time.monotonic_ns())
        elif verb not in self._ACTS:
            known = ", ".join(sorted((*self._terminal.verbs, *self._ACTS)))
            raise RefusedError(f"the verb {verb!r} is unknown here: the verbs are {known}")
        elif len(order) > 1:
            raise RefusedError(f"{verb} takes no {', '.join(name for name in order if name != 'verb')}")
        else:
            await self._ACTS[verb](self)
        self._turn()

    def kept(self) -> dict[str, Any]:
        """What a new bench must know."""
        kept: dict[str, Any] = msgspec.to_builtins(Kept(self._terminal.world(), self._plugged))
        return kept

    def restore(self, kept: Any) -> None:
        """Be as before; RefusedError when `kept` is not of such a terminal."""
        known: Kept = understood(kept, Kept, "a nexo terminal")
        self._terminal.restore(known.world, time.monotonic_ns())
        self._plugged = known.plugged

    def status(self) -> dict[str, Any]:
        """Say what it is, where it is, what to pin, and what is in its books."""
        host, port = self._door.place
        way = "https" if self._identity else "http"
        pinned = self._identity and {
            "certificate": str(self._certificate),
            "name": self._identity.name,
            "sha256": self._identity.sha256,
        }
        about = {
            "type": self._terminal.kind,
            "at": [f"tcp:{host}:{port}"],
            "poi_id": self._poi_id,
            "url": f"{way}://{host}:{port}/nexo",
        }
        # The answers of two days and their ServiceIDs are too long for a hand to read.
        world = {
            name: told for name, told in self._terminal.world().items() if name not in ("told", "used_s")
        }
        return {**about, "tls": pinned, **world, "plugged": self._plugged}

    async def _plug(self) -> None:
        if not self._plugged:
            self._plugged = True
            await self._appear()

    async def _unplug(self) -> None:
        """The network cable: a payment goes on without it."""
        self._plugged = False
        await self._door.close()

    async def _restart(self) -> None:
        self._terminal.power_on(time.monotonic_ns())
        await self._door.hang_up()

    _ACTS: ClassVar[Mapping[str, Callable[["Stand"], Awaitable[None]]]] = {
        "plug": _plug,
        "unplug": _unplug,
        "restart": _restart,
    }

    async def _appear(self) -> None:
        await self._door.open()
        self._turn()

    async def _ask(self, body: bytes) -> Answer:
        self._callers += 1
        caller = self._callers
        self._waiting[caller] = asyncio.get_running_loop().create_future()
        try:
            self._terminal.ask(caller, body, time.monotonic_ns())
            self._turn()
            return await self._waiting[caller]
        finally:
            del self._waiting[caller]

    def _turn(self) -> None:
        """Say all that is due, and set the alarm for what is due next."""
        if self._alarm:
            self._alarm.cancel()
        now_ns = time.monotonic_ns()
        due = self._terminal.said(now_ns)
        if due or self._terminal.ended != self._ended:
            self._ended = self._terminal.ended
            self.changed()  # before it is said: a terminal that is killed has it in its books all the same
        for said in due:
            waiting = self._waiting.get(said.caller)
            if waiting and not waiting.done():
                waiting.set_result(Answer(said.body, said.bytes_max))
        wakes_ns = self._terminal.wakes_ns
        if wakes_ns is not None:
            after_s = max(0, wakes_ns - now_ns) / SECOND_NS
            self._alarm = asyncio.get_running_loop().call_later(after_s, self._turn)
