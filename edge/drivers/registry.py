"""The registry of devices: what a peripheral's URI means, and which driver speaks to it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import parse_qsl

import msgspec

from edge.commands import Command
from edge.drivers.profiles import Profile, ProfileError, load
from edge.drivers.rfid import r200
from edge.drivers.scales import mtsics
from edge.readings import Nanoseconds, Reading

_PORT_MAX: Final = 65535


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
        """Have it done as soon as the device can; the readings tell what became of it."""
        ...


class PeripheralUriError(ValueError):
    """A peripheral's URI that cannot be worked by; the message says what was expected."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(f"peripheral {text!r}: {what}")


class SerialAddress(msgspec.Struct, frozen=True):
    """A serial port, a USB adapter or a pty by the path of its device."""

    path: str

    def __str__(self) -> str:
        return self.path


class TcpAddress(msgspec.Struct, frozen=True):
    """A device, or a serial server before it, in the network."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class PeripheralUri(msgspec.Struct, frozen=True):
    """How a device is reached, and what it is."""

    address: SerialAddress | TcpAddress
    profile: Profile


def parse_uri(text: str) -> PeripheralUri:
    """`serial:PATH?profile=NAME` or `tcp:HOST:PORT?profile=NAME`; raises PeripheralUriError."""
    scheme, _, rest = text.partition(":")
    where, _, query = rest.partition("?")
    if scheme not in _ADDRESSES:
        raise PeripheralUriError(
            text,
            f"expected serial:PATH?profile=NAME or tcp:HOST:PORT?profile=NAME, got {scheme!r} at its start",
        )
    return PeripheralUri(_ADDRESSES[scheme](text, where), _profile(text, query))


def driver_for(profile: Profile) -> Driver:
    """A new driver for one device of this kind; raises ProfileError."""
    if profile.protocol not in _DRIVERS:
        spoken = ", ".join(_DRIVERS)
        raise ProfileError(f"profile {profile.name!r}: no driver speaks {profile.protocol!r}, only {spoken}")
    try:
        return _DRIVERS[profile.protocol](profile.settings)
    except msgspec.ValidationError as error:
        raise ProfileError(f"profile {profile.name!r}: settings: {error}") from error


def _r200(settings: Mapping[str, Any]) -> Driver:
    return r200.R200(msgspec.convert(settings, r200.Settings))


def _mtsics(settings: Mapping[str, Any]) -> Driver:
    return mtsics.MtSics(msgspec.convert(settings, mtsics.Settings))


_DRIVERS: Final[dict[str, Callable[[Mapping[str, Any]], Driver]]] = {"r200": _r200, "mt-sics": _mtsics}


def _profile(text: str, query: str) -> Profile:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if list(options) != ["profile"]:
        raise PeripheralUriError(
            text, f"expected ?profile=NAME and nothing else after the address, got {query!r}"
        )
    try:
        return load(options["profile"])
    except ProfileError as error:
        raise PeripheralUriError(text, str(error)) from error


def _serial(text: str, where: str) -> SerialAddress:
    if not where:
        raise PeripheralUriError(text, "expected the path of a device after serial:, got nothing")
    return SerialAddress(where)


def _tcp(text: str, where: str) -> TcpAddress:
    host, _, port = where.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= _PORT_MAX:
        raise PeripheralUriError(text, f"expected tcp:HOST:PORT, got {where!r} after tcp:")
    return TcpAddress(host.removeprefix("[").removesuffix("]"), int(port))


_ADDRESSES: Final[dict[str, Callable[[str, str], SerialAddress | TcpAddress]]] = {
    "serial": _serial,
    "tcp": _tcp,
}
