"""What every simulated device can do: hear bytes, say frames when they are due, and obey a hand."""

from collections.abc import Mapping
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

# What a device keeps to say while its line is busy: a round of the fullest field, and some answers.
SAID_FRAMES_MAX: Final = 1000


class RefusedError(Exception):
    """A person or a file asked for what cannot be done; the text is a sentence that says what and why."""


class Device(Protocol):
    """A device without its port: it owns no descriptor, clock or thread; bytes alone drive it in a test."""

    kind: str
    baud: int
    terminator: bytes
    verbs: tuple[str, ...]

    @property
    def wakes_ns(self) -> int | None:
        """When it next has something to say unasked."""

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host, cut in any way."""

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the frames that are due by now, each whole."""

    def power_on(self, now_ns: int, /) -> None:
        """Start over, as after a power cut: the goods stay, settings and running commands do not."""

    def shake(self, until_ns: int, /) -> None:
        """Measure badly until then, in the way of this device."""

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks with one of `verbs`; RefusedError when it is misread or cannot be."""

    def world(self) -> dict[str, Any]:
        """Say what lies on it or is in front of it, in numbers and words that JSON can hold."""

    def restore(self, world: Mapping[str, Any], now_ns: int, /) -> None:
        """Put everything back as `world` had it; RefusedError when that is no world of this device."""


@runtime_checkable
class Networked(Protocol):
    """What a device does beside when it is reached over a network, where it notices who is there."""

    @property
    def hangs_up(self) -> bool:
        """Whether it closes the line now that all is said."""

    def greet(self, now_ns: int, /) -> None:
        """Begin with a host that has just connected."""

    def part(self, now_ns: int, /) -> None:
        """Go on without a host."""

    def turn_away(self, now_ns: int, /) -> bytes:
        """Give what a second host hears before the line closes on it."""


def read_order(order: Mapping[str, Any], verbs: tuple[str, ...], kind: Any) -> Any:
    """Make the typed order, one of the union `kind`; RefusedError says what is unknown, missing or beyond."""
    verb = order.get("verb")
    if verb not in verbs:
        raise RefusedError(f"the verb {verb!r} is unknown here: the verbs are {', '.join(sorted(verbs))}")
    return understood(order, kind, str(verb))


def understood(fields: Any, kind: Any, what: str) -> Any:
    """Convert strictly; RefusedError names `what` did not fit and why."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        name = f"{what}, {where.rstrip('`')}" if where else what
        raise RefusedError(f"{name}: {problem}") from error
