"""What no type can say of object.toml: time zones, names, addresses, and devices that go with the kind."""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.config.sections import ObjectFile, SyncSection, split_broker


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
    for field in ("id", "tenant", "site"):
        name = getattr(file.object, field)
        if not name or set(name) & set("/+#") or not name.isascii():
            raise ConfigError(path, f"object.{field}: expected ASCII without / + #, got {name!r}")
    roles = [peripheral.role for peripheral in file.peripheral]
    wanted = {"mirror": {"reader"}, "shelf": {"reader", "scale"}}[file.object.kind]
    if set(roles) != wanted or len(roles) != len(wanted):
        raise ConfigError(
            path, f"peripheral: a {file.object.kind} needs one each of {sorted(wanted)}, got {sorted(roles)}"
        )


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
