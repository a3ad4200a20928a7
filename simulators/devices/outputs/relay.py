"""A USB relay board of the LCUS family: four bytes switch a relay; boards of several tell how they stand.

Sources: the sheets that shops print beside LCUS-1 boards (A0, channel, 1 or 0, the sum of the three) and
beside boards of eight relays (FF asks, one byte a relay answers). A relay without power is off.
"""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX, RefusedError, understood
from simulators.devices.outputs.switched import Contact, Switch

START, ASK = 0xA0, 0xFF
COMMAND_BYTES: Final = 4
LEVELS: Final = {0: False, 1: True}
RELAYS_MAX: Final = 8


class World(msgspec.Struct):
    """The relays, the first one first."""

    relays: Annotated[list[Contact], Meta(min_length=1, max_length=RELAYS_MAX)]


class Relays:
    """The board; what is no command it passes over, byte by byte."""

    kind = "lcus-relay"
    baud = 9600
    terminator = b""
    verbs: tuple[str, ...] = ()

    def __init__(self, _luck: random.Random, setup: "Part") -> None:
        self._answers = setup.answers
        self._switches = [Switch(Contact()) for _ in range(setup.channels)]
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over with all relays off."""
        self._pending = bytearray()
        self._said: list[bytes] = []
        for switch in self._switches:
            switch.turn(now_ns, on=False)

    def shake(self, _until_ns: int, /) -> None:
        """A relay is on or off."""

    def obey(self, _order: Mapping[str, Any], _now_ns: int, /) -> None:
        """Nothing on it can be moved."""
        raise RefusedError("a relay board has nothing for a hand: only its host switches it")

    def world(self) -> dict[str, Any]:
        """Say which relays are on."""
        told: dict[str, Any] = msgspec.to_builtins(World([switch.contact for switch in self._switches]))
        return told

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Remember how often each was switched."""
        kept: World = understood(world, World, "the relays")
        if len(kept.relays) != len(self._switches):
            raise RefusedError(f"the board has {len(self._switches)} relays, not {len(kept.relays)}")
        for switch, contact in zip(self._switches, kept.relays, strict=True):
            switch.put_back(contact)

    @property
    def wakes_ns(self) -> int | None:
        """It only answers."""
        return None

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take commands, cut in any way."""
        self._pending += data
        while self._pending:
            if self._pending[0] == START:
                if len(self._pending) < COMMAND_BYTES:
                    return
                taken = COMMAND_BYTES if self._switch(self._pending[:COMMAND_BYTES], now_ns) else 1
                del self._pending[:taken]
            elif self._pending.pop(0) == ASK:
                self._tell()

    def speak(self, _now_ns: int, /) -> list[bytes]:
        """Give the answers."""
        said, self._said = self._said, []
        return said

    def _switch(self, command: bytearray, now_ns: int) -> bool:
        """Whether this was a command; one for a relay that is not there does nothing."""
        _, channel, level, check = command
        if sum(command[:3]) & 0xFF != check or level not in LEVELS:
            return False
        if 1 <= channel <= len(self._switches):
            self._switches[channel - 1].turn(now_ns, on=LEVELS[level])
        return True

    def _tell(self) -> None:
        if self._answers and len(self._said) < SAID_FRAMES_MAX:
            self._said.append(bytes(switch.contact.on for switch in self._switches))


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a board on a bench; the sheets of boards with one relay know no question: no `answers`."""

    channels: Annotated[int, Meta(ge=1, le=RELAYS_MAX)] = 1
    answers: bool = False

    def device(self, luck: random.Random) -> Relays:
        """Make the board."""
        return Relays(luck, self)
