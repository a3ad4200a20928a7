"""The cable between the real driver and the simulated terminal, in simulated time: each message is a step."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from edge.checkout.payments.terminal import TerminalProvider
from edge.commands import Command
from edge.drivers.driver import Commanded, Driver
from edge.readings import DeviceFault, Nanoseconds, Reading
from simulators.terminals.zvt.terminal import ZvtTerminal
from tests.drivers.zvt.paper import fresh

SECOND: Final = 1_000_000_000
GONE: Final = DeviceFault("device.gone", "The payment terminal is not there any more.")
PAY: Final = bytes.fromhex("0601")
ASK: Final = bytes.fromhex("0501")
REPEAT: Final = bytes.fromhex("0620")

_ON_ITS_WAY_S: Final = 0.02


class Cable:
    """One connection of one life; what has left when the power goes still arrives."""

    def __init__(
        self,
        device: ZvtTerminal,
        loop: asyncio.AbstractEventLoop,
        world_ns: Callable[[], int],
        step: Callable[[str], None],
    ) -> None:
        self.device = device
        self.driver: Driver = fresh("zvt-tcp")
        self.provider: TerminalProvider | None = None
        self.heard: list[Reading] = []
        self.sent: list[bytes] = []
        self.dead = False
        self.delays_s: dict[bytes, float] = {}
        """How much longer messages that begin like this are on their way, once."""
        self.before: dict[bytes, Callable[[], object]] = {}
        """What happens before the terminal hears the first such message."""
        self._loop, self._world_ns, self._step = loop, world_ns, step
        self._plugged = False
        self._flying: list[bytes] = []
        self._alarms: dict[str, asyncio.TimerHandle] = {}

    def command(self, command: Command) -> None:
        """What the runtime does with a command: hand it over, and let the driver take a turn."""
        assert isinstance(self.driver, Commanded)
        self.driver.command(command)
        self._loop.call_soon(self._turn)

    def plug(self) -> None:
        """The port opens."""
        self._plugged = True
        self.device.greet(self._world_ns())
        self.driver.opened(self._now())
        self._turn()

    def unplug(self, away_s: float | None = None) -> None:
        """The port is lost, and what was under way with it; opened again after so long."""
        self._plugged = False
        self._flying.clear()
        self.device.part(self._world_ns())
        self._told([GONE])
        if away_s is not None:
            self._loop.call_later(away_s, self.plug)

    def die(self) -> None:
        """The power of the till goes."""
        for data in self._flying:
            self.device.hear(data, self._world_ns())
        self.device.part(self._world_ns())
        self.dead = True

    def hand(self, verb: str, **order: Any) -> None:
        """Somebody does something at the terminal."""
        self.device.obey({"verb": verb, **order}, self._world_ns())
        self._listen()

    # Below

    def _is_dead(self) -> bool:
        return self.dead

    def _now(self) -> Nanoseconds:
        return Nanoseconds(round(self._loop.time() * SECOND))

    def _turn(self) -> None:
        if self.dead or not self._plugged:
            return
        self._told(self.driver.tick(self._now()))
        for message in _cut(b"" if self._is_dead() else self.driver.to_send()):
            self._say(message)
        self._set("till", self.driver.deadline_ns, self._now(), self._turn)

    def _say(self, message: bytes) -> None:
        self._step(f"till says {message[:2].hex()}")
        if self._is_dead():  # by this very step
            return
        self.sent.append(message)
        self._flying.append(message)
        longer_s = self.delays_s.pop(message[:2], 0.0)
        self._loop.call_later(_ON_ITS_WAY_S + longer_s, self._arrive, message)

    def _arrive(self, message: bytes) -> None:
        if self.dead or message not in self._flying:
            return
        self._flying.remove(message)
        if (deed := self.before.pop(message[:2], None)) is not None:
            deed()
        self.device.hear(message, self._world_ns())
        self._listen()

    def _listen(self) -> None:
        if self.dead:
            return
        for data in self.device.speak(self._world_ns()):
            for message in _cut(data):
                self._loop.call_later(_ON_ITS_WAY_S, self._come, message)
        self._set("terminal", self.device.wakes_ns, self._world_ns(), self._listen)

    def _come(self, message: bytes) -> None:
        if self.dead or not self._plugged:
            return
        self._step(f"terminal says {message[:2].hex()}")
        self._told(self.driver.receive(message))
        self._turn()

    def _told(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            if self.dead:
                return
            self.heard.append(reading)
            if self.provider is not None:
                self.provider.heard(reading)

    def _set(self, who: str, at_ns: int | None, now_ns: int, then: Callable[[], None]) -> None:
        if (alarm := self._alarms.pop(who, None)) is not None:
            alarm.cancel()
        if at_ns is not None and not self.dead:
            self._alarms[who] = self._loop.call_later(max(at_ns - now_ns, 0) / SECOND + 1e-6, then)


def _cut(data: bytes) -> Iterator[bytes]:
    """The messages that stand one behind the other."""
    while data:
        size = 5 + int.from_bytes(data[3:5], "little") if data[2] == 0xFF else 3 + data[2]
        yield data[:size]
        data = data[size:]
