"""The text of an object's configuration: written with its comments, and changed around an editor's own."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import tomlkit
from tomlkit.items import AoT, InlineTable, Item, Table

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.enrolment import Enrolled
from edge.config import KeySection, Kind, PeripheralSection, PlainKeySection, Trust

# As hardware/udev calls the first device of its role on an object.
_DEVICES: Final[Mapping[str, tuple[PeripheralSection, ...]]] = {
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

NO_TERMINAL: Final = "none"
"""The terminal of an object that takes no cards."""

# What stands above each section of a new file, for whoever opens it with an editor.
# An installer reads it on a terminal of 80 columns.
_HEAD: Final = (
    "What this object is, and what hangs on it. `opos setup` or `opos enroll`",
    "wrote it, and you may change it: your values, your comments and their order",
    "stay when it is written again. A change counts from the object's next start.",
)
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "object": ("Who it is, as its hub knows it: for another name or place enrol it anew.",),
    "display": ("Where its glass is served, to this machine alone.",),
    "tender": ("How a shopper pays. For several ways write [[tender]], one for each.",),
    "sync": ("Its hub. `opos enroll` changes these two when the hub has moved.",),
    "key": ("What keeps the key that signs its sales.",),
    "peripheral": (
        "What hangs on it, one [[peripheral]] for each device: `opos devices` lists",
        "what is plugged in, `opos listen URI` says what a device says.",
    ),
}


class UnheardError(ValueError):
    """A decision that an object's file leaves no place for: which one, and what to do."""


class Setup(msgspec.Struct, frozen=True):
    """What the installer decides, and no hub: the glass, the devices, how is paid, what keeps the key.

    Without `peripherals` those that hardware/udev names, without an `account` one for the whole site, without
    `data` (an absolute path) a directory beside the configuration. `terminal` is the URI of a card terminal:
    with one nothing goes on account; NO_TERMINAL takes away one that is there, None leaves it. With a `kind`
    a claim for an object of another one is refused.
    """

    port: int
    peripherals: tuple[PeripheralSection, ...] = ()
    account: str | None = None
    key: KeySection = PlainKeySection()
    data: Path | None = None
    terminal: str | None = None
    kind: Kind | None = None


def object_text(enrolled: Enrolled, setup: Setup) -> str:
    """object.toml of a new object. Raises UnheardError."""
    document = tomlkit.document()
    for line in _HEAD:
        document.add(tomlkit.comment(line))
    for name, fields in _sections(enrolled, setup):
        document.add(name, _table(fields, _WORDS[name]))
    document.add("peripheral", _devices([_fields(each) for each in _devices_of(enrolled, setup)]))
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def trust_text(trust: Trust) -> bytes:
    """trust.json: what the object has pinned, laid out for people."""
    return msgspec.json.format(msgspec.json.encode(trust)) + b"\n"


def with_line(text: str, broker: str, hub: str) -> str:
    """`text` of an object.toml with another [sync] broker and hub; every other byte stays as it is.

    Raises ValueError if `text` is no TOML.
    """
    document = tomlkit.parse(text)
    for name, value in (("broker", broker), ("hub", hub)):
        _put(document["sync"], name, value)
    return tomlkit.dumps(document)


def with_decisions(text: str, setup: Setup) -> str:
    """`text` of an object.toml with what `setup` says of glass, devices and paying; the rest stays.

    Where it names no devices, terminal or account those of `text` stay too. Raises UnheardError, and
    ValueError if that is no TOML.
    """
    document = tomlkit.parse(text)
    _put(document["display"], "port", setup.port)
    if setup.terminal == NO_TERMINAL:
        _take_terminal(document)
    elif setup.terminal is not None:
        _put_terminal(document, setup.terminal)
    if setup.account is not None:
        _put_account(document, setup.account)
    if setup.peripherals:
        _put_devices(document, setup.peripherals)
    return tomlkit.dumps(document)


def _put(table: Any, name: str, value: str | int) -> None:
    """Set a value where it is another one: one that stays keeps the form in which it was written."""
    if table.get(name) != value:
        table[name] = value


def _put_terminal(document: tomlkit.TOMLDocument, uri: str) -> None:
    """Have cards taken at `uri`: by the terminal that is there, beside several ways, in the place of one."""
    tenders = document["tender"]
    terminal = next((each for each in _each(tenders) if each.get("kind") == "zvt"), None)
    if terminal is not None:
        _put(terminal, "uri", uri)
    elif isinstance(tenders, AoT):
        tenders.append(_table({"kind": "zvt", "uri": uri}))
    elif isinstance(tenders, list):  # tender = [{ ... }]
        tenders.append(_inline({"kind": "zvt", "uri": uri}))
    else:
        document["tender"] = _table({"kind": "zvt", "uri": uri})


def _take_terminal(document: tomlkit.TOMLDocument) -> None:
    """Have no cards taken; where nothing else is left sales go on the account of the site."""
    tenders = document["tender"]
    if not any(each.get("kind") == "zvt" for each in _each(tenders)):
        return
    if isinstance(tenders, list):
        for number in reversed(range(len(tenders))):
            if tenders[number].get("kind") == "zvt":
                del tenders[number]
    if not isinstance(tenders, list) or not tenders:
        who: Any = document["object"]
        fields = {"kind": "house-account", "account": _site_account(who["tenant"], who["site"])}
        document["tender"] = _table(fields)


def _put_account(document: tomlkit.TOMLDocument, account: str) -> None:
    """Have sales go on this account. Raises UnheardError where none goes on any."""
    tenders = _each(document["tender"])
    section = next((each for each in tenders if each.get("kind") == "house-account"), None)
    if section is None:
        raise _unheard_account(", ".join(str(each.get("kind")) for each in tenders))
    _put(section, "account", account)


def _unheard_account(kinds: str) -> UnheardError:
    return UnheardError(
        f"account: no sale goes on a house account here, paid is by {kinds}: give --terminal none with it,"
        ' leave it out, or write a [[tender]] of kind "house-account" into the file'
    )


def _put_devices(document: tomlkit.TOMLDocument, devices: Sequence[PeripheralSection]) -> None:
    """Have these devices: what is written of one that stays is kept, with its comments."""
    tables = document["peripheral"]
    if not isinstance(tables, AoT):
        document["peripheral"] = _devices([_fields(each) for each in devices])
        return
    wanted = {(each.role, each.name): _fields(each) for each in devices}
    for number in reversed(range(len(tables))):
        fields = wanted.pop((tables[number]["role"], tables[number].get("name")), None)
        if fields is None:
            del tables[number]
        else:
            _put(tables[number], "uri", fields["uri"])
    for fields in wanted.values():
        tables.append(_table(fields))


def _each(tables: Item | Any) -> Sequence[Any]:
    """The tables of a section that may stand there once or several times."""
    return tables if isinstance(tables, list) else [tables]


def _sections(enrolled: Enrolled, setup: Setup) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "object", _who(enrolled, setup.data)
    yield "display", {"port": setup.port}
    yield "tender", _tender(enrolled, setup)
    yield "sync", {"broker": enrolled.broker, "hub": enrolled.hub}
    if setup.key != PlainKeySection():  # a plain file beside the ledger needs no word
        yield "key", _fields(setup.key)


def _devices_of(enrolled: Enrolled, setup: Setup) -> Sequence[PeripheralSection]:
    return setup.peripherals or _DEVICES.get(enrolled.kind, ())


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


def _tender(enrolled: Enrolled, setup: Setup) -> dict[str, str]:
    if setup.terminal not in {None, NO_TERMINAL}:
        if setup.account is not None:
            raise _unheard_account("zvt")
        return {"kind": "zvt", "uri": str(setup.terminal)}
    account = setup.account or _site_account(enrolled.tenant, enrolled.site)
    return {"kind": "house-account", "account": account}


def _site_account(tenant: str, site: str) -> str:
    """A pseudonym for the account that the whole site bills to: the same on each of its objects."""
    return b64(hashlib.sha256(f"{tenant}/{site}".encode()).digest())[:_ACCOUNT_CHARS]


def _fields(section: PeripheralSection | KeySection) -> dict[str, Any]:
    """What of a section is said: nothing stands for what is not."""
    return {name: value for name, value in msgspec.to_builtins(section).items() if value is not None}


def _table(fields: Mapping[str, Any], words: Sequence[str] = ()) -> Table:
    table = tomlkit.table()
    for line in words:
        table.add(tomlkit.comment(line))
    for name, value in fields.items():
        table.add(name, value)
    return table


def _inline(fields: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(fields)
    return table


def _devices(sections: Sequence[Mapping[str, Any]]) -> AoT:
    tables = tomlkit.aot()
    for number, fields in enumerate(sections):
        tables.append(_table(fields, () if number else _WORDS["peripheral"]))
    return tables
