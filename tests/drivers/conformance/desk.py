"""A driver and a simulated device on one line with faults, in time that only the desk turns on."""

import random
from collections.abc import Mapping
from typing import Any, Final

from edge.drivers.driver import Axis, Driver, Informed, InputFacts
from edge.readings import Nanoseconds, Reading
from simulators.devices.device import Device
from simulators.devices.personas import Typing
from simulators.faults import Line

SECOND_NS: Final = 1_000_000_000
# As often as an event loop could look at best, and at least as often as the plug of a device is looked at.
TURN_NS_MIN: Final = 100_000
TURN_NS_MAX: Final = 20_000_000


class Desk:
    """What a bench and a transport do for them, without a port."""

    def __init__(self, driver: Driver, device: Device, seed: int) -> None:
        self.driver = driver
        self.device = device
        self._line = Line(random.Random(seed), device.baud, device.terminator)
        self._now = 0
        device.power_on(0)
        self._open()

    def obey(self, *orders: Mapping[str, Any]) -> None:
        """Let a hand do something with the device."""
        for order in orders:
            self.device.obey(order, self._now)

    def turn(self, knobs: dict[str, Any]) -> None:
        """Turn the knobs of the line."""
        if unstable_s := self._line.turn(knobs).unstable_s:
            self.device.shake(self._now + unstable_s * SECOND_NS)

    def heal(self) -> None:
        """Turn everything back."""
        self._line.heal()
        self.device.shake(0)

    def restart(self) -> None:
        """Let the power of the device fail for a moment; its port stays."""
        self._line.clear()
        self.device.power_on(self._now)

    def replug(self) -> None:
        """Pull the plug and put it in again: the port is another one."""
        self.restart()
        self._open()

    def run(self, seconds: float) -> list[Reading]:
        """What is heard in so many seconds."""
        heard: list[Reading] = []
        end = self._now + round(seconds * SECOND_NS)
        while self._now < end:
            for piece in self._line.due(self._now):
                heard += self.driver.receive(piece)
            heard += self.driver.tick(Nanoseconds(self._now))
            if sent := self.driver.to_send():
                self.device.hear(self._line.hear(sent, self.device.baud), self._now)
            self._speak()
            self._now = min(end, self._next())
        return heard

    def _open(self) -> None:
        """The port tells what the kernel knows of an input device, as a transport passes it on."""
        if isinstance(self.driver, Informed) and isinstance(self.device, Typing):
            said = self.device.input_persona
            axes = {code: Axis(*ends) for code, ends in said.axes.items()}
            facts = InputFacts(said.name, axes, frozenset(said.keys), frozenset(said.properties))
            self.driver.informed(facts)
        self.driver.opened(Nanoseconds(self._now))

    def _speak(self) -> None:
        """A device waits for its line: it says nothing new before its last word has left."""
        if self._line.wakes_ns is None:
            for frame in self.device.speak(self._now):
                self._line.say(frame, self._now, self.device.baud)

    def _next(self) -> int:
        wakes = (self.driver.deadline_ns, self._line.wakes_ns or self.device.wakes_ns)
        soonest = min((each for each in wakes if each is not None), default=self._now + TURN_NS_MAX)
        return min(max(soonest, self._now + TURN_NS_MIN), self._now + TURN_NS_MAX)
