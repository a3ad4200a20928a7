"""A device at its port: bytes in, frames out when they are due, a hand on the goods and on the faults."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Final

import msgspec

from simulators.devices.device import Device, Networked, RefusedError, understood
from simulators.faults import BITS_A_BYTE, Faults, Line
from simulators.ports import Port, TcpPort

SECOND_NS: Final = 1_000_000_000


class Kept(msgspec.Struct):
    """What stays when the bench dies: the world as the hand left it, the plug, and the knobs."""

    world: dict[str, Any]
    plugged: bool = True
    faults: Faults = Faults()


class Attached:
    """One device, its line and its port; whoever touches it ends with a turn that says all that is due."""

    def __init__(self, device: Device, port: Port, luck: random.Random, *, paced: bool = False) -> None:
        pace_us = BITS_A_BYTE * 1_000_000 // device.baud if paced else 0
        self._device = device
        self._port = port
        self._line = Line(luck, device.baud, device.terminator, byte_pace_us=pace_us)
        self._plugged = True
        self._alarm: asyncio.TimerHandle | None = None
        self._network: tuple[Networked, TcpPort] | None = None
        if isinstance(device, Networked) and isinstance(port, TcpPort):
            self._network = device, port
            port.doorkeeper = _Door(device, self._line, self._turn)

    async def open(self) -> None:
        """Appear at the port, if the plug is in."""
        if self._plugged:
            await self._appear()

    async def close(self) -> None:
        """Disappear from the port; what the hand did stays."""
        if self._alarm:
            self._alarm.cancel()
        self._port.close()

    async def obey(self, order: Mapping[str, Any]) -> None:
        """Do what a hand asks; RefusedError when it is misread or cannot be."""
        verb = str(order.get("verb"))
        fields = {name: value for name, value in order.items() if name != "verb"}
        if verb in self._device.verbs:
            self._device.obey(order, time.monotonic_ns())
        elif verb == "faults":
            self._turn_knobs(fields)
        elif verb not in self._ACTS:
            known = ", ".join(sorted((*self._device.verbs, "faults", *self._ACTS)))
            raise RefusedError(f"the verb {verb!r} is unknown here: the verbs are {known}")
        elif fields:
            raise RefusedError(f"{verb} takes no {', '.join(fields)}")
        else:
            await self._ACTS[verb](self)
        self._turn()

    def kept(self) -> dict[str, Any]:
        """What a new bench must know."""
        kept: dict[str, Any] = msgspec.to_builtins(
            Kept(self._device.world(), self._plugged, self._line.faults)
        )
        return kept

    def restore(self, kept: Any) -> None:
        """Be as before; RefusedError when `kept` is not of this device."""
        known: Kept = understood(kept, Kept, f"a {self._device.kind}")
        self._device.restore(known.world, time.monotonic_ns())
        self._plugged = known.plugged
        self._line.faults = known.faults

    def status(self) -> dict[str, Any]:
        """Say what it is, where it is, what lies there and what is wrong with it."""
        kept = self.kept()
        return {"type": self._device.kind, "at": [self._port.address], **kept.pop("world"), **kept}

    async def _plug(self) -> None:
        if not self._plugged:
            await self._appear()
            self._plugged = True

    async def _unplug(self) -> None:
        self._plugged = False
        self._port.close()
        self._line.clear()

    async def _restart(self) -> None:
        self._line.clear()
        self._power_on()

    async def _heal(self) -> None:
        self._line.heal()
        self._device.shake(0)

    _ACTS: ClassVar[Mapping[str, Callable[["Attached"], Awaitable[None]]]] = {
        "plug": _plug,
        "unplug": _unplug,
        "restart": _restart,
        "heal": _heal,
    }

    async def _appear(self) -> None:
        await self._port.open(self._hear)
        self._power_on()
        self._turn()

    def _power_on(self) -> None:
        """Start the device over; nobody holds the line of one that is reached over a network."""
        now_ns = time.monotonic_ns()
        self._device.power_on(now_ns)
        if self._network:
            device, port = self._network
            port.hang_up()
            device.part(now_ns)

    def _turn_knobs(self, settings: dict[str, Any]) -> None:
        knobs = self._line.turn(settings)
        if knobs.unstable_s:
            self._device.shake(time.monotonic_ns() + knobs.unstable_s * SECOND_NS)

    @property
    def _host_baud(self) -> int:
        return self._port.host_baud or self._device.baud

    def _hear(self, data: bytes) -> None:
        self._device.hear(self._line.hear(data, self._host_baud), time.monotonic_ns())
        self._turn()

    def _turn(self) -> None:
        """Say all that is due, and set the alarm for what is due next."""
        if self._alarm:
            self._alarm.cancel()
        if not self._plugged:
            return
        now_ns = time.monotonic_ns()
        self._write(now_ns)
        # A device waits for its line: it has nothing new to say before the last word has left.
        if self._line.wakes_ns is None:
            for frame in self._device.speak(now_ns):
                self._line.say(frame, now_ns, self._host_baud)
            self._write(now_ns)
        if self._network and self._line.wakes_ns is None and self._network[0].hangs_up:
            self._network[1].hang_up()
        wakes_ns = self._line.wakes_ns or self._device.wakes_ns
        if wakes_ns is not None:
            after_s = max(0, wakes_ns - now_ns) / SECOND_NS
            self._alarm = asyncio.get_running_loop().call_later(after_s, self._turn)

    def _write(self, now_ns: int) -> None:
        for piece in self._line.due(now_ns):
            self._port.write(piece)


class _Door:
    """Tells a device of the hosts at its network port; what was on its way to the last one is lost."""

    def __init__(self, device: Networked, line: Line, turn: Callable[[], None]) -> None:
        self._device = device
        self._line = line
        self._turn = turn

    def arrived(self) -> None:
        self._device.greet(time.monotonic_ns())
        self._turn()

    def left(self) -> None:
        self._line.clear()
        self._device.part(time.monotonic_ns())

    def turn_away(self) -> bytes:
        return self._device.turn_away(time.monotonic_ns())
