"""What a driver is: a pure thing between bytes and readings, and the few facts that its port can tell it."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from edge.commands import Command
from edge.readings import Nanoseconds, Reading


class Driver(Protocol):
    """Understands one device: bytes in, readings and bytes out; it owns no port, no clock, no thread."""

    @property
    def pending(self) -> int:
        """Bytes received that are not, or not yet, something whole."""
        ...

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do; None when it only waits."""
        ...

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over: the port has just been opened."""
        ...

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        ...

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        ...

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time."""
        ...


@runtime_checkable
class Commanded(Protocol):
    """A driver whose device can be asked for something."""

    def command(self, command: Command) -> None:
        """Have it done as soon as the device can; the readings tell what became of it.

        A command that this kind of device does not know is ignored: it was meant for another one.
        """
        ...


class Axis(msgspec.Struct, frozen=True):
    """The range of one axis of an input device, both ends included."""

    lowest: int
    highest: int


class InputFacts(msgspec.Struct, frozen=True):
    """What the kernel knows of an input device: its name, axes (ABS code -> range), keys and properties."""

    name: str
    axes: Mapping[int, Axis] = {}
    keys: frozenset[int] = frozenset()
    properties: frozenset[int] = frozenset()


@runtime_checkable
class Informed(Protocol):
    """A driver that works better when it knows what the kernel knows of its device."""

    def informed(self, facts: InputFacts) -> None:
        """Take note; it comes before `opened`, each time that the port is opened and can tell."""
        ...


class DriverFactory(Protocol):
    """Makes a new driver from the settings of a profile; what they must not be is a ValidationError."""

    def __call__(self, settings: Mapping[str, Any], /) -> Driver:
        """Make it."""
        ...
