"""An MPR121, twelve electrodes behind glass, at the far end of an I2C bus.

Source: NXP MPR121 data sheet, rev. 4: register map, stop mode (registers are written only in it),
soft reset by 63h to 80h. Host and bus speak in records here: how many bytes to write, how many to read, the
bytes; back comes an error number of Linux, how many bytes were read, and they.
"""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX, read_order, understood

STATUS, CONFIG_2, ELECTRODES, RESET = 0x00, 0x5D, 0x5E, 0x80
RESET_WORD: Final = 0x63
TOUCH_THRESHOLDS: Final = range(0x41, 0x5A, 2)
# What is not 0 after a reset.
DEFAULTS: Final = {0x5C: 0x10, CONFIG_2: 0x24}
REGISTERS: Final = 256
ELECTRODE_COUNT: Final = 12
OVER_CURRENT: Final = 0x8000
RECORD_BYTES: Final = 2

Electrode = Annotated[int, Meta(ge=0, lt=ELECTRODE_COUNT)]


class Touch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="touch"):
    """A finger touches an electrode until `release`."""

    button: Electrode


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="release"):
    """The finger leaves the electrode."""

    button: Electrode


class ShortCircuit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="short"):
    """Water bridges the electrodes: the chip reports over-current until it is dry (`on` false)."""

    on: bool = True


Hand = Touch | Release | ShortCircuit
VERBS: Final[tuple[str, ...]] = ("touch", "release", "short")


class World(msgspec.Struct):
    """Which electrodes are touched, and whether they are wet."""

    touched: list[Electrode] = []
    wet: bool = False


class Mpr121:
    """The chip; it measures only while it runs, and only electrodes that have a threshold."""

    kind = "mpr121"
    baud = 115_200
    terminator = b""
    verbs: tuple[str, ...] = VERBS

    def __init__(self, _luck: random.Random, _setup: "Part") -> None:
        self._world = World()
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over, stopped."""
        self._pending = bytearray()
        self._said: list[bytes] = []
        self._reset()

    def shake(self, _until_ns: int, /) -> None:
        """The chip follows slow drift by itself."""

    def obey(self, order: Mapping[str, Any], _now_ns: int, /) -> None:
        """Do what a finger asks."""
        hand: Hand = read_order(order, VERBS, Hand)
        match hand:
            case Touch(button=button):
                self._world.touched = sorted({*self._world.touched, button})
            case Release(button=button):
                self._world.touched = [each for each in self._world.touched if each != button]
            case ShortCircuit(on=on):
                self._world.wet = on

    def world(self) -> dict[str, Any]:
        """Say what is touched."""
        return msgspec.structs.asdict(self._world)

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Touch it again."""
        self._world = understood(world, World, "the electrodes")

    @property
    def wakes_ns(self) -> int | None:
        """It only answers."""
        return None

    def hear(self, data: bytes, _now_ns: int, /) -> None:
        """Take the records of a bus, cut in any way."""
        self._pending += data
        while len(self._pending) >= RECORD_BYTES and len(self._pending) >= RECORD_BYTES + self._pending[0]:
            write, read = self._pending[:RECORD_BYTES]
            written = bytes(self._pending[RECORD_BYTES : RECORD_BYTES + write])
            del self._pending[: RECORD_BYTES + write]
            answer = self._transact(written, read)
            if len(self._said) < SAID_FRAMES_MAX:
                self._said.append(bytes((0, len(answer))) + answer)

    def speak(self, _now_ns: int, /) -> list[bytes]:
        """Give the answers."""
        said, self._said = self._said, []
        return said

    def _reset(self) -> None:
        self._registers = bytearray(REGISTERS)
        for register, value in DEFAULTS.items():
            self._registers[register] = value
        self._pointer = 0

    def _transact(self, written: bytes, read: int) -> bytes:
        if written:
            self._pointer = written[0]
            for value in written[1:]:
                self._write(value)
        values = bytes(self._register((self._pointer + each) % REGISTERS) for each in range(read))
        self._pointer = (self._pointer + read) % REGISTERS
        return values

    def _write(self, value: int) -> None:
        register = self._pointer
        self._pointer = (self._pointer + 1) % REGISTERS
        if (register, value) == (RESET, RESET_WORD):
            self._reset()
        elif register == ELECTRODES or not self._running:
            self._registers[register] = value

    def _register(self, number: int) -> int:
        return self._status.to_bytes(2, "little")[number] if number < 2 else self._registers[number]

    @property
    def _running(self) -> int:
        """How many electrodes it measures; 0 is stop mode."""
        return min(self._registers[ELECTRODES] & 0x0F, ELECTRODE_COUNT)

    @property
    def _status(self) -> int:
        measured = [each for each in self._world.touched if each < self._running]
        felt = [each for each in measured if self._registers[TOUCH_THRESHOLDS[each]]]
        return sum(1 << each for each in felt) | (OVER_CURRENT if self._world.wet and self._running else 0)


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a chip on a bench."""

    def device(self, luck: random.Random) -> Mpr121:
        """Make the chip."""
        return Mpr121(luck, self)
