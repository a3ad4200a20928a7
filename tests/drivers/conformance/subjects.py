"""Who is examined: a driver by its protocol, what its device is known to say, and how its line behaves."""

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from edge.drivers.driver import Driver
from edge.drivers.profiles import Profile, load
from edge.drivers.registry import driver_for
from edge.readings import DeviceDescribed, DeviceFault, DeviceReady, Garbled, LockSaid, PrinterSaid, Reading
from tests.drivers.conformance.vectors import Vector, VectorFile

_INPUT_EVENT: Final = struct.Struct("<qqHHi")
_LINE_EVENT: Final = struct.Struct("<Q40s")

# What is said of a device rather than of goods and hands; it is said once, when it changes.
SAID_ONCE: Final = (DeviceReady, DeviceFault, DeviceDescribed, PrinterSaid, LockSaid)


# What no kernel and no TCP connection does is to change the bytes that it carries.
_CLEAN_WAYS: Final = {"tcp", "evdev", "hidraw", "iio", "gpio", "i2c"}


class Traits(msgspec.Struct, frozen=True):
    """What the battery must know of a protocol to be fair; each is a fact of the line, not of the driver."""

    piece_bytes: int = 1
    """The kernel hands out whole pieces of this size: noise adds or takes pieces, it shifts nothing."""
    guarded: bool = False
    """Every frame has a checksum: a flipped bit can be noticed."""
    marked: bool = True
    """Where a frame begins can be told: one whose beginning was missed is nothing."""
    fixed: bool = True
    """A frame that has lost a byte can be told from a whole one."""
    lasting: bool = False
    """What a frame means depends on those before it: a finger that is down, a key that is held."""
    mute: bool = False
    """The device only obeys, and says nothing."""
    restless: bool = True
    """The device talks by itself, or is asked: its silence is a fault."""
    greeted: bool = False
    """The device has to know its host before it obeys; whoever wants something waits for DeviceReady."""


_SCANNER: Final = Traits(marked=False, fixed=False, restless=False)
_HANDS: Final = Traits(marked=False, lasting=True, restless=False)

TRAITS: Final[Mapping[str, Traits]] = {
    "cas": Traits(guarded=True),
    "azextra": Traits(fixed=False, restless=False),
    "hid-scale": Traits(piece_bytes=6),
    "hx711": Traits(marked=False),
    "r200": Traits(guarded=True),
    "uhfreader18": Traits(guarded=True),
    "thingmagic": Traits(guarded=True),
    "pn532": Traits(guarded=True),
    "rdm6300": Traits(guarded=True, restless=False),
    "serial-scanner": _SCANNER,
    "hid-scanner": msgspec.structs.replace(_SCANNER, piece_bytes=64),
    "wedge": msgspec.structs.replace(_HANDS, piece_bytes=24),
    "touch": msgspec.structs.replace(_HANDS, piece_bytes=24),
    "gpio-buttons": msgspec.structs.replace(_HANDS, piece_bytes=48),
    "mpr121": msgspec.structs.replace(_HANDS, restless=True),
    "esc-pos": msgspec.structs.replace(_HANDS, restless=True),
    # Between two payments a terminal says nothing, and nobody asks it.
    "zvt": Traits(restless=False, greeted=True),
    "line-display": Traits(mute=True, restless=False),
    "lcus-relay": Traits(mute=True, restless=False),
    "gpio-signals": Traits(piece_bytes=48, restless=False),
}
"""The protocols that differ from a line on which whole lines of text are asked for."""


class Subject(msgspec.Struct, frozen=True):
    """A driver under examination; `fresh` makes a new one, with some settings other than its profile's."""

    protocol: str
    way: str
    vectors: tuple[Vector, ...]
    fresh: Callable[[Mapping[str, Any]], Driver]
    traits: Traits = Traits()

    @property
    def clean(self) -> bool:
        """Whether bytes come as they were sent, or not at all."""
        return self.way in _CLEAN_WAYS

    @property
    def good(self) -> list[Vector]:
        """The vectors that mean something that a shop sells or acts by."""
        return [each for each in self.vectors if payload(self.whole(each))]

    def whole(self, vector: Vector) -> list[Reading]:
        """What a new driver makes of the vector in one piece."""
        return heard(self.fresh(vector.settings), vector.data)

    def later(self, data: bytes, seconds: int) -> bytes:
        """The same again after a while: the kernel's events carry their own time."""
        match self.way:
            case "evdev" if len(data) % _INPUT_EVENT.size == 0:
                events = _INPUT_EVENT.iter_unpack(data)
                return b"".join(_INPUT_EVENT.pack(at_s + seconds, *rest) for at_s, *rest in events)
            case "gpio" if len(data) % _LINE_EVENT.size == 0:
                edges = _LINE_EVENT.iter_unpack(data)
                return b"".join(
                    _LINE_EVENT.pack(at_ns + seconds * 1_000_000_000, rest) for at_ns, rest in edges
                )
            case _:
                return data


def heard(driver: Driver, *parts: bytes) -> list[Reading]:
    """The readings of these parts, one after the other."""
    return [reading for part in parts for reading in driver.receive(part)]


def payload(readings: Iterable[Reading]) -> list[Reading]:
    """What is said of goods and hands, without noise and without the state of the device."""
    return [each for each in readings if not isinstance(each, (Garbled, *SAID_ONCE))]


def subject(file: VectorFile) -> Subject:
    """The driver that is made by the profile of a file of vectors."""
    profile = load(file.profile)
    assert profile.protocol == file.protocol, f"{file.profile} speaks {profile.protocol}, not {file.protocol}"
    return Subject(
        file.protocol,
        profile.ways[0],
        file.vector,
        lambda settings: driver_for(_set(profile, settings)),
        TRAITS.get(file.protocol, Traits()),
    )


def _set(profile: Profile, settings: Mapping[str, Any]) -> Profile:
    return msgspec.structs.replace(profile, settings=profile.settings | dict(settings))
