"""The sections of object.toml: what an installer may say, and where it is, in types."""

from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from retail.return_policy import ReturnPolicy

Kind = Literal["mirror", "shelf", "tray", "panel"]
"""What an object is: a glass that goods are held up to, a shelf that they are taken from, a tray that they
are laid into, a panel that their codes are shown to."""

Role = Literal["reader", "scale", "scanner", "touch", "camera", "printer"]
"""What a device is for on its object."""

# The journal's log, its ballast and the room below which a sale is refused take 16 MiB: half of the least.
_BUDGET_MIB_MIN: Final = 32
# A name, an address, two numbers and a telephone; and nobody prints a sale four times.
IMPRINT_LINES_MAX: Final = 8
COPIES_MAX: Final = 3
# A watch's face, and a wall.
PANEL_MM_MIN: Final = 50
PANEL_MM_MAX: Final = 5000
_TIME_OF_DAY: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
# As tpm2-tools write them: a bank and its registers, banks joined by "+" (tpm2_pcrread(1)).
_PCRS: Final = r"^(sha\d+:\d{1,2}(,\d{1,2})*)(\+sha\d+:\d{1,2}(,\d{1,2})*)*$"


class ObjectSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who this object is, where it stands, and from which holder it sells."""

    id: str
    kind: Kind
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
    """Where the glass is served; `embedders` are the origins that may show it in a frame.

    `width_mm` is that of the picture as it hangs, where the panel itself tells none or a wrong one.
    """

    port: int
    host: str = "127.0.0.1"
    embedders: tuple[str, ...] = ()
    width_mm: Annotated[int, msgspec.Meta(ge=PANEL_MM_MIN, le=PANEL_MM_MAX)] | None = None
    mounting_mm: Annotated[int, msgspec.Meta(ge=0, le=PANEL_MM_MAX)] | None = None
    """How high the picture's lower edge hangs above the floor."""
    contrast: Literal["normal", "high"] = "normal"
    """With `high` letters are as clear as they can be, whoever comes."""


class AccountSection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="house-account"
):
    """Sales go on a house account, which the shop bills; `account` is a pseudonym, no name."""

    account: str

    @property
    def name(self) -> str:
        """The name of the way to pay."""
        return "house-account"


class DeskSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="desk"):
    """The shopper pays at the desk, by a code."""

    @property
    def name(self) -> str:
        """The name of the way to pay."""
        return "desk"


class TerminalSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="zvt"):
    """A card terminal that speaks ZVT: tcp:HOST:PORT?profile=zvt-tcp or serial:PATH?profile=zvt-serial.

    At `end_of_day` (03:00 by the site's clock) it hands in what it took; without it, when the shop says so.
    """

    uri: str
    end_of_day: Annotated[str, msgspec.Meta(pattern=_TIME_OF_DAY)] | None = None

    @property
    def name(self) -> str:
        """The name of the way to pay."""
        return "zvt"


class CloudSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="cloud"):
    """A provider that the hub has an account with."""

    provider: Literal["stripe", "wechat", "alipay"]

    @property
    def name(self) -> str:
        """The name of the way to pay."""
        return self.provider


class WalletSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="wallet"):
    """Wallets and gift cards of the shop's own, which the hub keeps and lends from."""

    @property
    def name(self) -> str:
        """The name of the way to pay."""
        return "wallet"


TenderSection = AccountSection | DeskSection | TerminalSection | CloudSection | WalletSection
"""One way to pay."""


class ReceiptSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What receipts say of the shop, where their codes lead, and how many are printed unasked.

    `page` verifies a receipt in the shopper's browser, `hub` shows the copy of a long one: both are the hub's
    own unless it has another address for people. `shop` is the object's name unless it says more.
    """

    page: str = ""
    hub: str = ""
    shop: Annotated[str, msgspec.Meta(max_length=80)] = ""
    imprint: Annotated[tuple[str, ...], msgspec.Meta(max_length=IMPRINT_LINES_MAX)] = ()
    """What the law wants of the shop: its address, its tax number; a line each."""
    copies: Annotated[int, msgspec.Meta(ge=0, le=COPIES_MAX)] = 0
    """With none, the shopper taps for one."""


class SyncSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hub is: its broker (mqtts://HOST:PORT) and its web address (https://...).

    A broker or a hub on this very machine may be spoken to in the clear: HOST:PORT and http://. `duty`
    "metered" says that each byte of the line costs money.
    """

    broker: str
    hub: str
    duty: Literal["always", "metered"] = "always"

    @property
    def broker_host(self) -> str:
        """The broker's host, an IPv6 address without its brackets."""
        return split_broker(self.broker).hostname or ""

    @property
    def broker_port(self) -> int:
        """The broker's port."""
        return split_broker(self.broker).port or 0

    @property
    def broker_is_secure(self) -> bool:
        """Whether the broker is spoken to over TLS."""
        return split_broker(self.broker).scheme == "mqtts"

    @property
    def hub_url(self) -> str:
        """The hub's web address without a slash at its end."""
        return self.hub.rstrip("/")

    @property
    def hub_is_secure(self) -> bool:
        """Whether the hub is spoken to over TLS."""
        return urlsplit(self.hub).scheme == "https"


class TlsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Other places for the files of the line than beside the ledger: see `TlsFiles`."""

    root: str = "root.crt"
    chain: str = "tls.crt"
    key: str = "tls.key"


class TlsFiles(msgspec.Struct, frozen=True):
    """The files of the line, all PEM.

    `root` is the one certificate that this object believes, `chain` its own certificate and what leads to
    the root, `key` the private key of that.
    """

    root: Path
    chain: Path
    key: Path


class PeripheralSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device: what it is for on this object, and how it is reached.

    The `uri` of a camera is camera:NUMBER or camera:PATH. `name` tells one scanner from another.
    """

    role: Role
    uri: str
    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,19}$")] | None = None

    @property
    def source(self) -> str:
        """Who says what is heard from it: its name, or else its role."""
        return self.name or self.role


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


class StaffSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who of the shop may do what at this object: the file that `opos staff` keeps."""

    list: str


class HealthSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the object's numbers are told: `textfile` for node_exporter, `port` for a scrape.

    Under systemd they are in metrics.prom of the unit's runtime directory unless `textfile` says otherwise.
    """

    textfile: str | None = None
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    host: str = "127.0.0.1"


class ObjectFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    object: ObjectSection
    display: DisplaySection
    tender: TenderSection | tuple[TenderSection, ...]
    """One way to pay, or several in the order in which a shopper is asked: [tender], or [[tender]] each."""
    sync: SyncSection
    peripheral: tuple[PeripheralSection, ...]
    key: KeySection = PlainKeySection()
    storage: StorageSection = StorageSection()
    tls: TlsSection = TlsSection()
    receipt: ReceiptSection = ReceiptSection()
    staff: StaffSection | None = None
    returns: ReturnPolicy = ReturnPolicy()
    health: HealthSection = HealthSection()

    @property
    def tenders(self) -> tuple[TenderSection, ...]:
        """All ways to pay, in order."""
        return self.tender if isinstance(self.tender, tuple) else (self.tender,)


def split_broker(broker: str) -> SplitResult:
    """The parts of a broker's address; one without a scheme is spoken to in the clear."""
    return urlsplit(broker if "://" in broker else f"mqtt://{broker}")
