"""The network: whether any interface has a link, and whether the names of broker and hub are known."""

import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import msgspec

from edge.config import ObjectConfig
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError, config_of
from edge.provision.doctor.sysroot import Sysroot

# Linux Documentation/ABI/testing/sysfs-class-net: "unknown" is said of what has no link to lose, as a tunnel.
_LINKED: Final = frozenset({"up", "unknown"})
_THIS_MACHINE: Final = ("127.", "::1", "localhost")


class Links(msgspec.Struct, frozen=True):
    """Interface -> its operstate; without the loop of the machine itself."""

    interfaces: dict[str, str]


class Name(msgspec.Struct, frozen=True):
    """The name of a host, and why nobody knows it ('' if somebody does)."""

    host: str
    trouble: str


Way = Links | Name
"""What is looked at."""


def read(patient: Patient) -> Iterator[Way]:
    """The links, and the names, of what is not on this very machine."""
    config = config_of(patient)
    hosts = [host for host in hosts_of(config) if not host.startswith(_THIS_MACHINE)]
    if not hosts:
        raise UnknownError("broker and hub are on this machine")
    links = links_of(patient.root)
    yield links
    if not no_link(links):
        for host in hosts:
            yield Name(host, trouble_with(host))


def hosts_of(config: ObjectConfig) -> list[str]:
    """Where broker and hub are, each once."""
    return list(dict.fromkeys([config.sync.broker_host, urlsplit(config.sync.hub_url).hostname or ""]))


def links_of(root: Sysroot) -> Links:
    """Every interface but the loop."""
    folders = (each for each in root.found("/sys/class/net/*") if each.name != "lo")
    return Links({each.name: root.text(each / "operstate") or "?" for each in folders})


def trouble_with(host: str) -> str:
    """Why nobody knows the name `host`; '' if somebody does."""
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def no_link(fact: Way) -> Finding | None:
    """No cable, and no radio."""
    if not isinstance(fact, Links) or _LINKED & set(fact.interfaces.values()):
        return None
    said = ", ".join(f"{name} {state}" for name, state in fact.interfaces.items())
    return found("OP-3001", interfaces=said or "there is none")


def no_name(fact: Way) -> Finding | None:
    """A name that leads nowhere."""
    if isinstance(fact, Links) or not fact.trouble:
        return None
    return found("OP-3002", host=fact.host, said=fact.trouble)


NETWORK: Final = Subject(read, no_link, no_name)
