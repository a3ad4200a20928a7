"""The object's configuration: one TOML file, read once and checked whole, with sentences for who wrote it."""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from cloud_sync.contract.signing import PublicKey

# A Unix socket's path is at most 107 bytes and a NUL (unix(7), sun_path).
_SOCKET_PATH_BYTES_MAX: Final = 107
# The journal's log, its ballast and the room below which a sale is refused take 16 MiB: half of the least.
_BUDGET_MIB_MIN: Final = 32
# As tpm2-tools write them: a bank and its registers, banks joined by "+" (tpm2_pcrread(1)).
_PCRS: Final = r"^(sha\d+:\d{1,2}(,\d{1,2})*)(\+sha\d+:\d{1,2}(,\d{1,2})*)*$"


class ConfigError(ValueError):
    """A configuration that cannot be worked by: which file, and what to change in it."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")


class ObjectSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who this object is, where it stands, and from which holder it sells."""

    id: str
    kind: Literal["mirror", "shelf"]
    name: str
    tenant: str
    site: str
    sells_from: str
    timezone: str = "UTC"
    data: str = "data"
    trust: str = "trust.json"
    witness: str | None = None
    """A file on another medium that remembers how far the journal was: see `edge.offline_queue.witness`."""


class DisplaySection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the glass is served; `embedders` are the origins that may show it in a frame."""

    port: int
    host: str = "127.0.0.1"
    embedders: tuple[str, ...] = ()


class TenderSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sale is paid by: a house account is billed by the shop; `account` is a pseudonym, no name."""

    kind: Literal["house-account"]
    account: str


class SyncSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hub is: its broker as HOST:PORT and its web address."""

    broker: str
    hub: str

    @property
    def broker_host(self) -> str:
        """The broker's host."""
        return self.broker.rpartition(":")[0]

    @property
    def broker_port(self) -> int:
        """The broker's port."""
        return int(self.broker.rpartition(":")[2])

    @property
    def hub_url(self) -> str:
        """The hub's web address without a slash at its end."""
        return self.hub.rstrip("/")


class PeripheralSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device: what it is for on this object, and how it is reached."""

    role: Literal["reader", "scale"]
    uri: str


class PlainKeySection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="file"):
    """The private key lies in a file of its owner's; without `file` in `object.key` beside the ledger."""

    file: str | None = None


class SealedKeySection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sealed-file"
):
    """It opens with a secret: the bytes of the file `secret`, or a credential of systemd's (`edge.keys`)."""

    file: str | None = None
    secret: str | None = None


class TpmKeySection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tpm"):
    """The file opens with a secret that a TPM 2.0 gives out.

    `handle` is a persistent one (0x81010001), or a file that `tpm2_evictcontrol --output` wrote for it;
    `pcrs` are the registers that the secret was sealed to (sha256:7), None if to none.
    """

    handle: str
    pcrs: Annotated[str, msgspec.Meta(pattern=_PCRS)] | None = None
    file: str | None = None


KeySection = PlainKeySection | SealedKeySection | TpmKeySection
"""What keeps the object's private key while no process runs."""


class StorageSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of the disk the object may fill."""

    budget_mib: Annotated[int, msgspec.Meta(ge=_BUDGET_MIB_MIN)] = 4096

    @property
    def budget_bytes(self) -> int:
        """The same in bytes."""
        return self.budget_mib * 1024 * 1024


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    object: ObjectSection
    display: DisplaySection
    tender: TenderSection
    sync: SyncSection
    peripheral: tuple[PeripheralSection, ...]
    key: KeySection = PlainKeySection()
    storage: StorageSection = StorageSection()


class Trust(msgspec.Struct, frozen=True):
    """The keys of the hub that this object believes: for receipts, for documents, and its roots."""

    receipt: tuple[PublicKey, ...]
    documents: tuple[PublicKey, ...]
    roots: tuple[PublicKey, ...] = ()


class ObjectConfig(msgspec.Struct, frozen=True):
    """All that an object is told when it starts."""

    object: ObjectSection
    display: DisplaySection
    tender: TenderSection
    sync: SyncSection
    peripherals: tuple[PeripheralSection, ...]
    trust: Trust
    data_dir: Path
    key_source: KeySection
    """What keeps the private key; its paths are absolute."""
    storage: StorageSection
    witness: Path | None

    @property
    def ledger(self) -> Path:
        """The journal's database."""
        return self.data_dir / "ledger.db"

    @property
    def key(self) -> Path:
        """The file of the object's private key, plain or sealed."""
        file = self.key_source.file
        return self.data_dir / "object.key" if file is None else Path(file)

    @property
    def ballast(self) -> Path:
        """Room that is kept for a sale that has been paid."""
        return self.data_dir / "ballast"

    @property
    def telemetry(self) -> Path:
        """The lane of what may be lost."""
        return self.data_dir / "telemetry.db"

    @property
    def documents(self) -> Path:
        """Where signed documents are staged and kept."""
        return self.data_dir / "documents"

    @property
    def bell(self) -> Path:
        """The Unix socket between runtime and agent."""
        return self.data_dir / "journal.sock"


def load(path: Path) -> ObjectConfig:
    """The configuration in `path`; raises ConfigError with a sentence that names the file and the mend."""
    file = read(path)
    trust_file = path.parent / file.object.trust
    try:
        trust = msgspec.json.decode(trust_file.read_bytes(), type=Trust)
    except OSError as error:
        raise ConfigError(
            trust_file, f"the hub's keys cannot be read ({error.strerror}): save what `opos hub trust` prints"
        ) from error
    except ValueError as error:
        raise ConfigError(
            trust_file, f"expected what `opos hub trust` prints, got something else: {error}"
        ) from error
    return _config(path, file, trust)


def without_trust(path: Path) -> ObjectConfig:
    """The configuration of an object that has not met its hub yet: it trusts no key."""
    return _config(path, read(path), Trust((), ()))


def read(path: Path) -> _File:
    """The TOML in `path`, checked; raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
        file = msgspec.convert(tomllib.loads(text), type=_File)
    except OSError as error:
        raise ConfigError(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(path, str(error)) from error
    _check(path, file)
    return file


def _check(path: Path, file: _File) -> None:
    try:
        ZoneInfo(file.object.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            path, f"object.timezone: no time zone is called {file.object.timezone!r}"
        ) from error
    if not file.sync.broker.rpartition(":")[2].isdigit():
        raise ConfigError(path, f"sync.broker: expected HOST:PORT, got {file.sync.broker!r}")
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


def _config(path: Path, file: _File, trust: Trust) -> ObjectConfig:
    data_dir = (path.parent / file.object.data).absolute()
    config = ObjectConfig(
        object=file.object,
        display=file.display,
        tender=file.tender,
        sync=file.sync,
        peripherals=file.peripheral,
        trust=trust,
        data_dir=data_dir,
        key_source=_key_source(path.parent, file.key),
        storage=file.storage,
        witness=None if file.object.witness is None else (path.parent / file.object.witness).absolute(),
    )
    if len(str(config.bell).encode()) > _SOCKET_PATH_BYTES_MAX:
        raise ConfigError(
            path, f"object.data: {config.bell} is too long for a socket: choose a shorter directory"
        )
    return config


def _key_source(directory: Path, section: KeySection) -> KeySection:
    """The section with absolute paths: relative ones start where the configuration lies."""
    named = {field: getattr(section, field, None) for field in ("file", "secret", "handle")}
    return msgspec.structs.replace(
        section,
        **{
            field: str((directory / name).absolute())
            for field, name in named.items()
            if name is not None and not _is_handle(name)
        },
    )


def _is_handle(name: str) -> bool:
    """Whether `name` is a number of the TPM's and no path."""
    return name.startswith("0x")
