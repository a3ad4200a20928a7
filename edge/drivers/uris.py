"""The URIs of peripherals: where a device is reached, and what kind of device it is."""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from edge.drivers.profiles import Profile, ProfileError, Way, load

_PORT_MAX: Final = 65535
# More inputs and outputs than the header of a board has.
_LINES_MAX: Final = 64
_I2C_ADDRESS_MAX: Final = 0x77

_GRABS: Final = {"yes": True, "no": False}


class PeripheralUriError(ValueError):
    """A peripheral's URI that cannot be worked by; the message says what was expected."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(f"peripheral {text!r}: {what}")


class FileAddress(msgspec.Struct, frozen=True):
    """A device by the path of its file: a serial port, an input device, a hidraw, a printer, or a pty."""

    way: Way
    path: str

    def __str__(self) -> str:
        return self.path


class TcpAddress(msgspec.Struct, frozen=True):
    """A device, or a serial server before it, in the network."""

    host: str
    port: int

    @property
    def way(self) -> Way:
        """Its scheme."""
        return "tcp"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class GpioAddress(msgspec.Struct, frozen=True):
    """Lines of one GPIO chip, by their offsets."""

    path: str
    lines: tuple[int, ...]

    @property
    def way(self) -> Way:
        """Its scheme."""
        return "gpio"

    def __str__(self) -> str:
        return f"{self.path}:{','.join(map(str, self.lines))}"


class I2cAddress(msgspec.Struct, frozen=True):
    """A chip on an I2C bus."""

    path: str
    chip: int

    @property
    def way(self) -> Way:
        """Its scheme."""
        return "i2c"

    def __str__(self) -> str:
        return f"{self.path}:{self.chip:#04x}"


Address = FileAddress | TcpAddress | GpioAddress | I2cAddress


class PeripheralUri(msgspec.Struct, frozen=True):
    """How a device is reached, and what it is.

    `grab` says that an input device is ours alone; a panel that a browser needs too is listened to beside it.
    """

    address: Address
    profile: Profile
    grab: bool = True


def parse_uri(text: str) -> PeripheralUri:
    """`WAY:WHERE?profile=NAME`; raises PeripheralUriError.

    serial:PATH  evdev:PATH  hidraw:PATH  iio:PATH  lp:PATH  tcp:HOST:PORT  gpio:PATH:LINE[,LINE...]
    i2c:PATH:ADDRESS; an evdev may say `&grab=no` at its end.
    """
    scheme, _, rest = text.partition(":")
    where, _, query = rest.partition("?")
    if scheme not in _ADDRESSES:
        raise PeripheralUriError(
            text,
            f"expected serial:PATH?profile=NAME or tcp:HOST:PORT?profile=NAME, got {scheme!r} at its start",
        )
    address = _ADDRESSES[scheme](text, where)
    options = _options(text, query, ("profile", "grab") if scheme == "evdev" else ("profile",))
    profile = _profile(text, options["profile"])
    if scheme not in profile.ways:
        raise PeripheralUriError(
            text, f"a {profile.name} is reached by {' or '.join(profile.ways)}, got {scheme!r} at its start"
        )
    return PeripheralUri(address, profile, _GRABS[options.get("grab", "yes")])


def tcp_address(where: str) -> TcpAddress:
    """`HOST:PORT`; raises PeripheralUriError."""
    return _tcp(where, where)


def _options(text: str, query: str, allowed: tuple[str, ...]) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if "profile" not in options or not options.keys() <= set(allowed):
        raise PeripheralUriError(
            text, f"expected ?profile=NAME and nothing else after the address, got {query!r}"
        )
    if options.get("grab", "yes") not in _GRABS:
        raise PeripheralUriError(text, f"expected grab=yes or grab=no, got {options['grab']!r}")
    return options


def _profile(text: str, name: str) -> Profile:
    try:
        return load(name)
    except ProfileError as error:
        raise PeripheralUriError(text, str(error)) from error


def _file(way: Way) -> Callable[[str, str], FileAddress]:
    def address(text: str, where: str) -> FileAddress:
        if not where:
            raise PeripheralUriError(text, f"expected the path of a device after {way}:, got nothing")
        return FileAddress(way, where)

    return address


def _tcp(text: str, where: str) -> TcpAddress:
    host, _, port = where.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) <= _PORT_MAX:
        raise PeripheralUriError(text, f"expected tcp:HOST:PORT, got {where!r} after tcp:")
    return TcpAddress(host.removeprefix("[").removesuffix("]"), int(port))


def _gpio(text: str, where: str) -> GpioAddress:
    path, _, offsets = where.rpartition(":")
    lines = offsets.split(",")
    if not path or len(lines) > _LINES_MAX or not all(each.isascii() and each.isdigit() for each in lines):
        raise PeripheralUriError(
            text, f"expected gpio:/dev/gpiochip0:17 or gpio:/dev/gpiochip0:17,27, got {where!r} after gpio:"
        )
    return GpioAddress(path, tuple(int(each) for each in lines))


def _i2c(text: str, where: str) -> I2cAddress:
    path, _, address = where.rpartition(":")
    try:
        chip = int(address, 16)
    except ValueError:
        chip = 0
    if not path or not 0 < chip <= _I2C_ADDRESS_MAX:
        raise PeripheralUriError(text, f"expected i2c:/dev/i2c-1:0x5a, got {where!r} after i2c:")
    return I2cAddress(path, chip)


_ADDRESSES: Final[dict[str, Callable[[str, str], Address]]] = {
    "serial": _file("serial"),
    "evdev": _file("evdev"),
    "hidraw": _file("hidraw"),
    "iio": _file("iio"),
    "lp": _file("lp"),
    "tcp": _tcp,
    "gpio": _gpio,
    "i2c": _i2c,
}
