"""The ports of the shop on the loopback: fixed ones for a person, free ones for a script."""

import secrets
import socket
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from simulators.demo.bad_days import BadDayError

HOST: Final = "127.0.0.1"
BASE: Final = 8100
"""The control page; the rest of the shop follows it."""

_HUB: Final = 10
_BROKER: Final = 20
_CABLES: Final = 30
_READERS: Final = 60
_SPAN: Final = 100
"""Ports of one shop lie within so many of its base."""

# Below the ports that Linux gives to outgoing connections (32768 and up): while a process is started again,
# no browser can snatch its port.
_FREE_FIRST: Final = 15_000
_FREE_LAST: Final = 32_000
_TRIES_MAX: Final = 200


class Cable(msgspec.Struct, frozen=True):
    """Where the cable of an object can be reached: its near ends for the broker and the hub."""

    broker: int
    hub: int


class Ports(msgspec.Struct, frozen=True):
    """All ports of a shop; `glass`, `cables` and `readers` (those in the network) by object."""

    control: int
    hub: int
    broker: int
    glass: dict[str, int]
    cables: dict[str, Cable]
    readers: dict[str, int]

    def named(self) -> Iterator[tuple[str, int]]:
        """Every port, and who listens there."""
        yield "the control page", self.control
        yield "the hub", self.hub
        yield "the broker", self.broker
        for name, port in self.glass.items():
            yield name, port
        for name, cable in self.cables.items():
            yield f"the cable of {name}", cable.broker
            yield f"the cable of {name}", cable.hub
        for name, port in self.readers.items():
            yield f"the tag reader of {name}", port


def fixed(base: int, objects: Sequence[str]) -> Ports:
    """The ports that follow `base`."""
    cables = {
        name: Cable(base + _CABLES + 2 * at, base + _CABLES + 2 * at + 1) for at, name in enumerate(objects)
    }
    glass = {name: base + 1 + at for at, name in enumerate(objects)}
    readers = {name: base + _READERS + at for at, name in enumerate(objects)}
    return Ports(base, base + _HUB, base + _BROKER, glass, cables, readers)


def free(objects: Sequence[str]) -> Ports:
    """Ports that nobody listens on, side by side as `fixed` has them."""
    for _ in range(_TRIES_MAX):
        ports = fixed(_FREE_FIRST + secrets.randbelow(_FREE_LAST - _FREE_FIRST), objects)
        if all(is_free(port) for _, port in ports.named()):
            return ports
    raise BadDayError("No free ports were found on this machine: see who listens with `ss -ltnp`.")


def check_free(ports: Ports) -> None:
    """Raise with the first port that somebody else listens on."""
    for name, port in ports.named():
        if not is_free(port):
            raise taken(name, port, ports)


def taken(name: str, port: int, ports: Ports) -> BadDayError:
    """What is said when somebody else listens on a port of ours."""
    return BadDayError(
        f"Port {port}, which {name} wants, is taken by another program: "
        f"run `opos demo --port-base {_elsewhere(ports.control)}`."
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on `port`; lingering connections of one that ended do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _elsewhere(base: int) -> int:
    return base + 1000 if base + 1000 + _SPAN < 65_536 else BASE
