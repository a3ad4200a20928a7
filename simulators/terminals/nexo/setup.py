"""How a simulated terminal is set up, and what stays of it when its power goes."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.terminals.nexo.books import Books
from simulators.terminals.nexo.cards import CardName
from simulators.terminals.nexo.hand import Host, Mischief

Patience = Annotated[int, Meta(ge=1, le=3_600_000)]
Millis = Annotated[int, Meta(ge=0, le=3_600_000)]
Word = Annotated[str, Meta(pattern="^[!-~]{1,60}$")]

# The published key of Adyen's own examples: it keeps nobody out, and everybody can try.
PUBLISHED_KEY: Final = "CryptoKeyIdentifier12345"
PUBLISHED_WORDS: Final = "p@ssw0rd123456"
# How long a ServiceID must not be used again.
UNIQUE_S: Final = 48 * 3600


class Setup(BenchDevice, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be said of a terminal.

    `messages` says which it takes: sealed ones, clear ones, or either; it answers as it was asked. A real
    terminal takes one kind, and messages for its own POIID only (`answers_to` own). `taps` is
    a card that taps itself `taps_after_ms` after it is asked for. `types` seen gives numbers as text where
    terminals in the field were seen to do so, against the published schema. A lost message leaves the line
    silent for `silence_ms` before it breaks.
    """

    plain: bool = False
    answers_to: Literal["any", "own"] = "any"
    poi_id: Word = "V400m-123456789"
    merchant: Word = "OPOSTest"
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"
    key_identifier: Word = PUBLISHED_KEY
    key_version: Annotated[int, Meta(ge=0, le=99)] = 1
    passphrase: Annotated[str, Meta(min_length=1, max_length=200)] = PUBLISHED_WORDS
    messages: Literal["both", "sealed", "clear"] = "both"
    must_login: bool = False
    types: Literal["schema", "seen"] = "schema"
    taps: CardName | Literal[""] = ""
    taps_after_ms: Millis = 500
    limit_minor: Annotated[int, Meta(ge=1, le=999_999_999_999)] = 999_999
    pin_above_minor: Annotated[int, Meta(ge=0, le=999_999_999_999)] = 5000
    card_ms: Patience = 60_000
    remove_ms: Patience = 30_000
    late_ms: Millis = 130_000
    silence_ms: Millis = 0


class Told(msgspec.Struct, frozen=True):
    """An answer that can be asked for again: its header and its body, both as JSON."""

    category: str
    sale_id: str
    service_id: str
    header: str
    body: str


class World(msgspec.Struct):
    """What stays: the books, answers, the ServiceIDs of two days, the slot, and what hands have set."""

    books: Books = msgspec.field(default_factory=Books)
    told: list[Told] = []
    used_s: dict[str, int] = {}
    logged_in: bool = False
    shown: list[str] = []
    slot: str = ""
    host: Host = Host()
    declines: int = 0
    decline_reason: str = ""
    troubles: dict[Mischief, int] = {}
