"""What no type can say of object.toml: time zones, names, addresses, and devices that go with the kind."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.config.sections import (
    Kind,
    ObjectFile,
    PeripheralSection,
    ReceiptSection,
    Role,
    SyncSection,
    split_broker,
)

_NEEDED: Final[Mapping[Kind, frozenset[Role]]] = {
    "mirror": frozenset({"reader"}),
    "shelf": frozenset({"reader", "scale"}),
    "tray": frozenset({"reader"}),
    "panel": frozenset(),  # but one that reads codes: see `_EYES`
}
"""Without one of each it cannot be such an object."""

_EYES: Final[frozenset[Role]] = frozenset({"scanner", "camera"})
_ANYWHERE: Final[frozenset[Role]] = _EYES | {"touch", "printer"}
_ALLOWED: Final[Mapping[Kind, frozenset[Role]]] = {
    "mirror": _ANYWHERE | {"reader"},
    "shelf": _ANYWHERE | {"reader", "scale"},
    "tray": _ANYWHERE | {"reader", "scale"},
    "panel": _ANYWHERE,
}

# A counter has a scanner in it and one to take in the hand; of everything else an object has one.
_SEVERAL: Final[frozenset[Role]] = frozenset({"scanner"})
_SCANNERS_MAX: Final = 4

# What stands before the receipt in a code of 1,500 characters; and a line that folds once on paper.
_LINK_CHARACTERS_MAX: Final = 200
_LINE_CHARACTERS_MAX: Final = 80

CAMERA: Final = "camera:"
"""What the address of a camera begins with."""


class ConfigError(ValueError):
    """A configuration that cannot be worked by: which file, and what to change in it."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")


def check(path: Path, file: ObjectFile) -> None:
    """Return if the object that `file` describes could be one; raise ConfigError if not."""
    try:
        ZoneInfo(file.object.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            path, f"object.timezone: no time zone is called {file.object.timezone!r}"
        ) from error
    _check_line(path, file.sync)
    for wrong in _wrong_receipts(file.receipt):
        raise ConfigError(path, f"receipt.{wrong}")
    for field in ("id", "tenant", "site"):
        name = getattr(file.object, field)
        if not name or set(name) & set("/+#") or not name.isascii():
            raise ConfigError(path, f"object.{field}: expected ASCII without / + #, got {name!r}")
    for wrong in _wrong_tenders(file):
        raise ConfigError(path, f"tender: {wrong}")
    for wrong in wrong_devices(file.object.kind, file.peripheral):
        raise ConfigError(path, f"peripheral: {wrong}")


def _wrong_tenders(file: ObjectFile) -> Iterator[str]:
    """Entries name a way to pay by its kind or provider: two of one name could not be told apart."""
    if not file.tenders:
        yield "expected a way to pay, got none"
    for name, count in Counter(tender.name for tender in file.tenders).items():
        if count > 1:
            yield f"expected {name} once, got {count} of it"


def _listed(roles: Iterable[Role]) -> str:
    return ", ".join(sorted(roles)) or "none"


def wrong_devices(kind: Kind, devices: Sequence[PeripheralSection]) -> Iterator[str]:
    """What keeps these devices from being those of an object of this kind: a sentence each."""
    roles = Counter(device.role for device in devices)
    if _NEEDED[kind] - roles.keys():
        each = "a" if len(_NEEDED[kind]) == 1 else "one each of"
        yield f"a {kind} needs {each} {_listed(_NEEDED[kind])}, got {_listed(roles.elements())}"
    if not _NEEDED[kind] and not _EYES & roles.keys():
        yield f"a {kind} needs a scanner or a camera, got {_listed(roles.elements())}"
    for role, count in roles.items():
        if role not in _ALLOWED[kind]:
            yield f"a {kind} has no use for a {role}: expected some of {_listed(_ALLOWED[kind])}"
        most = _SCANNERS_MAX if role in _SEVERAL else 1
        if count > most:
            yield f"expected {most} {role} at most, got {count}"
    yield from _wrong_names(devices)
    for device in devices:
        if (device.role == "camera") is not device.uri.startswith(CAMERA):
            yield f"expected {CAMERA}... for a camera alone, not for a {device.role}: {device.uri!r}"


def _wrong_names(devices: Sequence[PeripheralSection]) -> Iterator[str]:
    """Several scanners need names, since what is said of one must not be taken for another's."""
    others = set(get_args(Role)) - _SEVERAL
    for device in devices:
        if device.name is not None and (device.role not in _SEVERAL or device.name in others):
            yield f"expected a name for a scanner alone, and none of {sorted(others)}, got {device.name!r}"
    for source, count in Counter(device.source for device in devices).items():
        if count > 1:
            yield f"{count} devices are called {source!r}: give each a `name` of its own"


def _wrong_receipts(receipt: ReceiptSection) -> Iterator[str]:
    """A browser verifies nothing on a page that came in the clear; half a link leads nowhere."""
    for name, link in (("page", receipt.page), ("hub", receipt.hub)):
        if link and not _is_link(link):
            yield f"{name}: expected https://... of at most {_LINK_CHARACTERS_MAX} characters, got {link!r}"
    for name, line in (("shop", receipt.shop), *(("imprint", line) for line in receipt.imprint)):
        if not line.isprintable() or len(line) > _LINE_CHARACTERS_MAX:
            yield f"{name}: expected at most {_LINE_CHARACTERS_MAX} characters in a line, got {line!r}"


def _is_link(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
    plain = link.isascii() and link.isprintable() and not set(link) & set("# ")
    return secure and plain and bool(parts.hostname) and len(link) <= _LINK_CHARACTERS_MAX


def _check_line(path: Path, sync: SyncSection) -> None:
    """In the clear only to this very machine: everything else is somebody else's network."""
    try:
        broker, hub = split_broker(sync.broker), urlsplit(sync.hub)
        whole = bool(broker.hostname and broker.port and broker.scheme in {"mqtt", "mqtts"})
    except ValueError:
        whole = False
    if not whole or broker.path:
        raise ConfigError(path, f"sync.broker: expected HOST:PORT or mqtts://HOST:PORT, got {sync.broker!r}")
    if broker.scheme == "mqtt" and not _is_here(broker.hostname):
        raise ConfigError(
            path, f"sync.broker: {sync.broker!r} is another machine: expected mqtts://HOST:PORT"
        )
    if hub.scheme != "https" and not (hub.scheme == "http" and _is_here(hub.hostname)):
        raise ConfigError(path, f"sync.hub: expected https://..., got {sync.hub!r}")


def _is_here(host: str | None) -> bool:
    """Whether `host` is this very machine."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
