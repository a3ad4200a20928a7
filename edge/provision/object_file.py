"""The text of an object's configuration: written when it is enrolled, its line changed when it is again."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.enrolment import Enrolled
from edge.config import KeySection, PeripheralSection, PlainKeySection, Trust

# As hardware/udev calls the first device of its role on an object.
_DEVICES: Final = {
    "mirror": (PeripheralSection("reader", "serial:/dev/opos/reader0?profile=r200"),),
    "shelf": (
        PeripheralSection("reader", "serial:/dev/opos/reader0?profile=r200"),
        PeripheralSection("scale", "serial:/dev/opos/scale0?profile=mt-sics"),
    ),
    "tray": (
        PeripheralSection("reader", "serial:/dev/opos/reader0?profile=r200"),
        PeripheralSection("scale", "serial:/dev/opos/scale0?profile=mt-sics"),
    ),
    "panel": (PeripheralSection("scanner", "serial:/dev/opos/scanner0?profile=serial-scanner"),),
}
_ACCOUNT_CHARS: Final = 12
_SECTION: Final = re.compile(r"\s*\[+\s*(?P<name>[^\]]*?)\s*\]+")


class Setup(msgspec.Struct, frozen=True):
    """What the installer decides, and no hub: the glass, the devices, the house account, what keeps the key.

    Without `peripherals` those that hardware/udev names, without an `account` one for the whole site, without
    `data` (an absolute path) a directory beside the configuration.
    """

    port: int
    peripherals: tuple[PeripheralSection, ...] = ()
    account: str | None = None
    key: KeySection = PlainKeySection()
    data: Path | None = None


def object_text(enrolled: Enrolled, setup: Setup) -> str:
    """object.toml of a new object."""
    sections: tuple[_Section, ...] = (
        _Section("[object]", _who(enrolled, setup.data)),
        _Section("[display]", {"port": setup.port}),
        _Section("[tender]", {"kind": "house-account", "account": setup.account or _site_account(enrolled)}),
        _Section("[sync]", {"broker": enrolled.broker, "hub": enrolled.hub}),
        *_key(setup.key),
        *(
            _Section("[[peripheral]]", {"role": each.role, "uri": each.uri})
            for each in setup.peripherals or _DEVICES.get(enrolled.kind, ())
        ),
    )
    return "\n".join(line for section in sections for line in section.lines()) + "\n"


def trust_text(trust: Trust) -> bytes:
    """trust.json: what the object has pinned, laid out for people."""
    return msgspec.json.format(msgspec.json.encode(trust)) + b"\n"


def with_line(text: str, broker: str, hub: str) -> str:
    """`text` of an object.toml with another [sync] broker and hub; every other byte stays as it is."""
    fields, section = {"broker": broker, "hub": hub}, ""
    lines = []
    for line in text.splitlines(keepends=True):
        if head := _SECTION.match(line):
            section = head["name"]
        name = line.partition("=")[0].strip()
        end = line[len(line.rstrip("\r\n")) :]
        lines.append(
            f"{name} = {_quoted(fields[name])}{end}" if section == "sync" and name in fields else line
        )
    return "".join(lines)


def _who(enrolled: Enrolled, data: Path | None) -> dict[str, str]:
    who = {
        "id": enrolled.object,
        "kind": enrolled.kind,
        "name": enrolled.name,
        "tenant": enrolled.tenant,
        "site": enrolled.site,
        "sells_from": enrolled.sells_from,
        "timezone": enrolled.timezone,
    }
    return who if data is None else {**who, "data": str(data)}


def _site_account(enrolled: Enrolled) -> str:
    """A pseudonym for the account that the whole site bills to: the same on each of its objects."""
    return b64(hashlib.sha256(f"{enrolled.tenant}/{enrolled.site}".encode()).digest())[:_ACCOUNT_CHARS]


def _key(section: KeySection) -> Iterable["_Section"]:
    """The [key] section, which a plain file beside the ledger does not need."""
    fields = {name: value for name, value in msgspec.to_builtins(section).items() if value is not None}
    return () if section == PlainKeySection() else (_Section("[key]", fields),)


class _Section(NamedTuple):
    head: str
    fields: dict[str, Any]

    def lines(self) -> Iterator[str]:
        yield self.head
        for name, value in self.fields.items():
            yield f"{name} = {value if isinstance(value, int) else _quoted(value)}"


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string (https://toml.io/en/v1.0.0, "String"); DEL alone is no part of one.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
