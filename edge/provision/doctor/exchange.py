"""A real exchange with a device through its driver: what it says of itself, and whether it says anything.

Where the object runs it holds its devices, and its roll tells how they stand; here is what is done where it
does not, or where it has lost one.
"""

import asyncio
import contextlib
from collections import deque
from random import SystemRandom
from typing import Final

from edge.clock import Clock
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import PeripheralUri
from edge.provision.doctor.patient import Device
from edge.readings import DeviceFault, DeviceReady, Garbled, Reading, TerminalReady

# Drivers tell a silence after one to three seconds; a terminal registers within two.
_PATIENCE_S: Final = 4.0
# Noise of a plug is one piece of nonsense; a line that is set wrongly gives one for each question at least.
_GARBLED_LEAST: Final = 2

GARBLED: Final = "device.garbled"
"""What the doctor calls a device of which only nonsense is heard."""


class _Ear:
    """What was heard of one device, until it is enough."""

    def __init__(self) -> None:
        self.enough = asyncio.Event()
        self._device = Device("waited-for")
        self._garbled: deque[str] = deque(maxlen=_GARBLED_LEAST)
        self._silence = f"Nothing was heard of it in {_PATIENCE_S:g} s."

    def hear(self, reading: Reading) -> None:
        """Take in one reading: a word of sense is enough, and a fault that the device itself tells.

        Silence and nonsense are only what there is until the patience is over: who is busy hears late.
        """
        match reading:
            case Garbled(reason=reason):
                self._garbled.append(reason)
            case DeviceFault(code="device.silent", sentence=sentence):
                self._silence = sentence
            case DeviceFault(code=code, sentence=sentence):
                self._say(Device("faulty", code, sentence))
            case DeviceReady() | TerminalReady():
                self._say(Device("ready"))
            case _:
                pass

    def told(self) -> Device:
        """How the device stands, when it is enough or the patience is over."""
        if self.enough.is_set():
            return self._device
        if len(self._garbled) == _GARBLED_LEAST:
            return Device("faulty", GARBLED, self._garbled[-1])
        return Device("faulty", "device.silent", self._silence)

    def _say(self, device: Device) -> None:
        self._device = device
        self.enough.set()


async def exchange(uri: PeripheralUri, clock: Clock) -> Device:
    """Speak with the device at `uri` until it is known how it stands. Raises ProfileError."""
    ear = _Ear()
    line = Conversation(uri, driver_for(uri.profile), ear.hear, clock, SystemRandom())
    talking = asyncio.ensure_future(line.run())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            await ear.enough.wait()
    talking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await talking
    return ear.told()
