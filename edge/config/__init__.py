"""The object's configuration: one TOML file, read once and checked whole, with sentences for who wrote it."""

import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.keyring import Keyring, read_keyring
from cloud_sync.contract.signing import PublicKey, Verifier
from edge.config.checks import CAMERA, ConfigError, check
from edge.config.sections import (
    AccountSection,
    CloudSection,
    DeskSection,
    DisplaySection,
    HealthSection,
    KeySection,
    Kind,
    ObjectFile,
    ObjectSection,
    PeripheralSection,
    PlainKeySection,
    ReceiptSection,
    Role,
    SealedKeySection,
    StaffSection,
    StorageSection,
    SyncSection,
    TenderSection,
    TerminalSection,
    TlsFiles,
    TlsSection,
    TpmKeySection,
    WalletSection,
)
from retail.return_policy import ReturnPolicy

__all__ = [
    "CAMERA",
    "AccountSection",
    "CloudSection",
    "ConfigError",
    "DeskSection",
    "DisplaySection",
    "HealthSection",
    "KeySection",
    "Kind",
    "ObjectConfig",
    "ObjectSection",
    "PeripheralSection",
    "PlainKeySection",
    "ReceiptSection",
    "Role",
    "SealedKeySection",
    "StaffSection",
    "StorageSection",
    "SyncSection",
    "TenderSection",
    "TerminalSection",
    "TlsFiles",
    "TlsSection",
    "TpmKeySection",
    "Trust",
    "WalletSection",
    "kept_keyring",
    "load",
    "read",
    "trust_of",
    "without_trust",
]

# A Unix socket's path is at most 107 bytes and a NUL (unix(7), sun_path).
_SOCKET_PATH_BYTES_MAX: Final = 107

# The longest that we have seen has 6 KiB; a file that never ends (/dev/zero) must not fill the memory.
_BYTES_MAX: Final = 256 * 1024
_WRITTEN_BY: Final = "an object's file is written by `opos setup` or `opos enroll`"

_ROOT: Final = Path("/")


class Trust(msgspec.Struct, frozen=True):
    """The keys of the hub that this object believes: for receipts, for documents, and its roots."""

    receipt: tuple[PublicKey, ...]
    documents: tuple[PublicKey, ...]
    roots: tuple[PublicKey, ...] = ()


class ObjectConfig(msgspec.Struct, frozen=True):
    """All that an object is told when it starts."""

    object: ObjectSection
    display: DisplaySection
    tenders: tuple[TenderSection, ...]
    """The ways to pay, in the order in which a shopper is asked."""
    sync: SyncSection
    peripherals: tuple[PeripheralSection, ...]
    trust: Trust
    data_dir: Path
    key_source: KeySection
    """What keeps the private key; its paths are absolute."""
    storage: StorageSection
    witness: Path | None
    tls: TlsFiles
    rehearses: tuple[str, ...] = ()
    """The ways to pay that are only rehearsed, of an object in training; a real one has none."""
    receipt: ReceiptSection = ReceiptSection()
    staff: Path | None = None
    """The list of who of the shop may do what here; None where nobody of the shop works at the glass."""
    returns: ReturnPolicy = ReturnPolicy()
    health: HealthSection = HealthSection()
    """Where its numbers are told; the path of its file is absolute."""

    @property
    def receipt_page(self) -> str:
        """Where receipts are verified: the page of the hub's own unless the file names another one."""
        return self.receipt.page or f"{self.sync.hub_url}/r/"

    @property
    def receipt_hub(self) -> str:
        """Where a browser reaches the hub, without a slash at its end."""
        return self.receipt.hub.rstrip("/") or self.sync.hub_url

    @property
    def account(self) -> str:
        """The house account that sales may go on; '' where there is none."""
        accounts = (tender.account for tender in self.tenders if isinstance(tender, AccountSection))
        return next(accounts, "")

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
    def keyring(self) -> Path:
        """The newest word of a root on the hub's keys; none before the object was enrolled."""
        return self.data_dir / "keyring.jws"

    @property
    def purse(self) -> Path:
        """Where slices of wallets lie: what the hub has lent to this object."""
        return self.data_dir / "purse"

    @property
    def bookmark(self) -> Path:
        """What the next life of the runtime knows of whoever stands there."""
        return self.data_dir / "bookmark.json"

    @property
    def certificate(self) -> Path:
        """The root's word for the key of the journal."""
        return self.data_dir / "certificate.jws"

    @property
    def bell(self) -> Path:
        """The Unix socket between runtime and agent."""
        return self.data_dir / "journal.sock"


def load(path: Path, below: Path = _ROOT) -> ObjectConfig:
    """The configuration in `path`; raises ConfigError with a sentence that names the file and the mend.

    The absolute paths in it are those of a system whose root is `below`: an image that is made elsewhere.
    """
    file = read(path)
    trust_file = path.parent / file.object.trust
    try:
        pinned = msgspec.json.decode(trust_file.read_bytes(), type=Trust)
    except PermissionError as error:
        raise ConfigError(trust_file, _closed(error)) from error
    except OSError as error:
        raise ConfigError(
            trust_file, f"the hub's keys cannot be read ({error.strerror}): save what `opos hub trust` prints"
        ) from error
    except ValueError as error:
        raise ConfigError(
            trust_file, f"expected what `opos hub trust` prints, got something else: {error}"
        ) from error
    config = _config(path, file, pinned, below)
    ring = kept_keyring(config)
    return config if ring is None else msgspec.structs.replace(config, trust=trust_of(ring, pinned))


def kept_keyring(config: ObjectConfig) -> Keyring | None:
    """The keyring that this object has kept, checked anew by the roots that it has pinned.

    Raises ConfigError.
    """
    try:
        jws = config.keyring.read_text(encoding="utf-8")
        return read_keyring(jws, {key.kid: Verifier(key) for key in config.trust.roots})
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise ConfigError(config.keyring, _closed(error)) from error
    except OSError as error:
        raise ConfigError(config.keyring, f"the hub's keys cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(
            config.keyring, f"it is damaged ({error}): enrol the object again with a new claim"
        ) from error


def trust_of(ring: Keyring, pinned: Trust) -> Trust:
    """What an object believes under `ring`: the roots stay those that it has pinned."""
    return Trust(ring.receipt, ring.documents, pinned.roots)


def without_trust(path: Path, below: Path = _ROOT) -> ObjectConfig:
    """The configuration of an object that has not met its hub yet: it trusts no key. `below` as in `load`."""
    return _config(path, read(path), Trust((), ()), below)


def read(path: Path) -> ObjectFile:
    """The TOML in `path`, checked; raises ConfigError."""
    try:
        written = tomllib.loads(_text(path))
        if "object" not in written:
            raise ValueError(f"expected a section [object]: {_WRITTEN_BY}")  # noqa: TRY301 - said below, with the rest
        file = msgspec.convert(written, type=ObjectFile)
    except FileNotFoundError as error:
        raise ConfigError(path, f"cannot be read: {error.strerror}: {_WRITTEN_BY}") from error
    except PermissionError as error:
        raise ConfigError(path, _closed(error)) from error
    except OSError as error:
        raise ConfigError(path, f"cannot be read: {error.strerror}") from error
    except RecursionError as error:  # tomllib says so of brackets in brackets without end
        raise ConfigError(path, "brackets in brackets without end: this is no object's file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, f"byte {error.start} is no UTF-8: save the file as UTF-8") from error
    except ValueError as error:
        raise ConfigError(path, str(error)) from error
    check(path, file)
    return file


def _closed(error: PermissionError) -> str:
    return f"cannot be read: {error.strerror}: give the command with sudo"


def _text(path: Path) -> str:
    """All of a file that is short enough. Raises OSError, ValueError."""
    with path.open("rb") as stream:
        raw = stream.read(_BYTES_MAX + 1)
    if len(raw) > _BYTES_MAX:
        raise ValueError(f"it is longer than {_BYTES_MAX // 1024} KiB: this is no object's file")
    return raw.decode()


def _config(path: Path, file: ObjectFile, trust: Trust, below: Path) -> ObjectConfig:
    place = partial(_placed, path.parent, below)
    data_dir = place(file.object.data)
    config = ObjectConfig(
        object=file.object,
        display=file.display,
        tenders=file.tenders,
        sync=file.sync,
        peripherals=file.peripheral,
        trust=trust,
        data_dir=data_dir,
        key_source=_key_source(place, file.key),
        storage=file.storage,
        witness=None if file.object.witness is None else place(file.object.witness),
        tls=TlsFiles(*(data_dir / name for name in msgspec.structs.astuple(file.tls))),
        receipt=file.receipt,
        staff=None if file.staff is None else place(file.staff.list),
        returns=file.returns,
        health=_health(place, file.health),
    )
    bell = str(config.bell).removeprefix(str(below).rstrip("/"))
    if len(bell.encode()) > _SOCKET_PATH_BYTES_MAX:
        raise ConfigError(path, f"object.data: {bell} is too long for a socket: choose a shorter directory")
    return config


def _placed(directory: Path, below: Path, name: str) -> Path:
    """Where the file called `name` is: relative ones start where the configuration lies."""
    return below / name.lstrip("/") if Path(name).is_absolute() else (directory / name).absolute()


def _health(place: Callable[[str], Path], section: HealthSection) -> HealthSection:
    """The section with an absolute path."""
    if section.textfile is None:
        return section
    return msgspec.structs.replace(section, textfile=str(place(section.textfile)))


def _key_source(place: Callable[[str], Path], section: KeySection) -> KeySection:
    """The section with absolute paths."""
    named = {field: getattr(section, field, None) for field in ("file", "secret", "handle")}
    return msgspec.structs.replace(
        section,
        **{
            field: str(place(name))
            for field, name in named.items()
            if name is not None and not _is_handle(name)
        },
    )


def _is_handle(name: str) -> bool:
    """Whether `name` is a number of the TPM's and no path."""
    return name.startswith("0x")
