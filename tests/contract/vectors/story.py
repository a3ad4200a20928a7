"""The story that the vectors tell: a mirror's journal with a fact of every kind, and how it went on."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from cloud_sync.contract.certificate import CertifiedKey
from cloud_sync.contract.documents import Deliveries, Delivery, manifest_of
from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.entry import Body, SignedEntry, encode_body, first_prev, sign_entry
from cloud_sync.contract.facts import (
    Arrived,
    Basis,
    Boot,
    Checkpoint,
    ClosingState,
    CouponHeld,
    DayClosed,
    DocumentApplied,
    Fact,
    Fork,
    Genesis,
    Handed,
    HeadOf,
    KeyRotated,
    LeaseHeld,
    Operator,
    PackSold,
    Paid,
    PaymentClosed,
    PaymentIntent,
    Posting,
    Refund,
    Sale,
    SaleDiscount,
    SaleLine,
    TaxLine,
)
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.state import Fault, ObjectState
from cloud_sync.contract.topics import Address
from retail.custody import COUNT, SOLD, TRANSIT, Move
from retail.pricing.book import Names, PriceBook, Product, Version
from tests.contract.paper_chain import EPOCH
from tests.contract.vectors.keys import OBJECT, ROTATED

ADDRESS: Final = Address("demo", "corner", "mirror-4")
SECOND_EPOCH: Final = "u1mTV0l4JXWcDqZ9yB7e6g"

_SCARF, _COFFEE, _CHOCOLATE = "09520001100307", "09520001200106", "09520001200205"
_SCARVES: Final = ("3036450E0409CB8000000001", "3036450E0409CB8000000002")
_BOUGHT_MS: Final = 1_763_700_000_000

PRICES: Final = encode(
    PriceBook(
        "corner",
        "de",
        "EUR",
        {"standard": 1900, "reduced": 700},
        (
            Product(_SCARF, {"de": Names("Schal „Lämmchen“, grün")}, 3450, "standard", 152_000, 4_000),
            Product(
                _COFFEE,
                {"de": Names("Kaffee"), "zh": Names("咖啡豆")},
                899,
                "reduced",
                262_000,
                3_000,
                250_000,
            ),
            Product(
                _CHOCOLATE, {"de": Names("Schokolade"), "zh": Names("巧克力")}, 450, "reduced", 108_000, 2_000
            ),
        ),
    )
)
DELIVERIES: Final = encode(Deliveries((Delivery("t-17", "floor", _SCARF, 2, _SCARVES),)))
MANIFESTS: Final = (
    manifest_of("prices", "corner", Version(1, 7), PRICES),
    manifest_of("deliveries", "corner", Version(1, 3), DELIVERIES),
)

TWO_SCARVES: Final = Sale(
    sale="0yZ6cQv1t8kLr3pA",
    number="GRU4-0001",
    business_date="2025-11-21",
    language="de",
    currency="EUR",
    total_minor=6900,
    tender="house-account",
    prices=Version(1, 7),
    lines=(SaleLine(_SCARF, "Schal „Lämmchen“, grün", 2, 3450, 6900, "standard", _SCARVES),),
    taxes=(TaxLine("standard", 1900, 6900, 1102),),
    postings=(
        Posting("receivable/a7Kx2mQ9vR4t", 6900, "EUR"),
        Posting("revenue", -5798, "EUR"),
        Posting("tax/standard", -1102, "EUR"),
    ),
    moves=(Move(_SCARF, "floor", SOLD, 2),),
)
# The book has one bar of chocolate less than the hand: the sale corrects it.
COFFEE_AND_A_SCARF: Final = Sale(
    sale="Xk2_9sBn-4dQwE7u",
    number="GRU4-0002",
    business_date="2025-11-21",
    language="zh",
    currency="EUR",
    total_minor=5698,
    tender="house-account",
    prices=Version(1, 7),
    lines=(
        SaleLine(_COFFEE, "咖啡豆", 2, 899, 1798, "reduced"),
        SaleLine(_CHOCOLATE, "巧克力", 1, 450, 450, "reduced"),
        SaleLine(_SCARF, "Schal „Lämmchen“, grün", 1, 3450, 3450, "standard"),
    ),
    taxes=(TaxLine("reduced", 700, 2248, 147), TaxLine("standard", 1900, 3450, 551)),
    postings=(
        Posting("receivable/a7Kx2mQ9vR4t", 5698, "EUR"),
        Posting("revenue", -5000, "EUR"),
        Posting("tax/reduced", -147, "EUR"),
        Posting("tax/standard", -551, "EUR"),
    ),
    moves=(
        Move(_SCARF, "floor", SOLD, 1),
        Move(_COFFEE, "floor", SOLD, 2),
        Move(_CHOCOLATE, COUNT, "floor", 1),
        Move(_CHOCOLATE, "floor", SOLD, 1),
    ),
)


class Journal:
    """An epoch of the mirror's journal as it is being told."""

    def __init__(self, epoch: str, key: SoftwareKey, boot: str, since_ms: int) -> None:
        self.epoch, self.key, self.boot = epoch, key, boot
        self.entries: list[SignedEntry] = []
        self._ms, self._us = since_ms, 0

    def tell(self, fact: Fact, idem: str, clock: Any = "trusted") -> None:
        """Write the next entry, some seconds after the one before."""
        seq = len(self.entries) + 1
        self._us += 7_001_234
        body = Body(
            ADDRESS.object, self.epoch, seq, idem, self.boot, self._us, self._ms + 7_000 * seq, clock, fact
        )
        prev = self.entries[-1].hash if self.entries else first_prev(self.epoch)
        self.entries.append(sign_entry(self.key, seq, prev, encode_body(body)))
        if isinstance(fact, KeyRotated):
            self.key = ROTATED

    def restart(self, boot: str) -> None:
        """Begin a new boot: the clock that counts from the machine's start begins again."""
        self.boot, self._us = boot, 0
        self.tell(Boot("0.1.1"), f"boot/{boot}", "untrusted")


def _states(after: str) -> tuple[ClosingState, ...]:
    return (ClosingState("shop", 2, b64(hashlib.sha256(f"the shop after {after}".encode()).digest())),)


def _documents(journal: Journal) -> None:
    for manifest in MANIFESTS:
        version = manifest.version
        idem = f"document/{manifest.name}/{version.generation}/{version.n}"
        journal.tell(DocumentApplied(manifest.name, version, manifest.sha256), idem)


def first_journal() -> Journal:
    """Ten entries: every kind of fact but `fork`, a key that is replaced, and an entry of the new one."""
    journal = Journal(EPOCH, OBJECT, "5hKq1v0c", _BOUGHT_MS)
    journal.tell(Genesis(OBJECT.public, "file"), "genesis", "untrusted")
    journal.tell(Boot("0.1.0"), "boot/5hKq1v0c", "untrusted")
    _documents(journal)
    journal.tell(Arrived("t-17", (Move(_SCARF, TRANSIT, "floor", 2),), _SCARVES), "transfer/t-17")
    for sale in (TWO_SCARVES, COFFEE_AND_A_SCARF):
        journal.tell(sale, f"sale/{sale.sale}")
    journal.tell(Checkpoint(OBJECT.public, _states("entry 7")), "checkpoint/8")
    journal.tell(KeyRotated(ROTATED.public, "tpm"), f"key/{ROTATED.public.thumbprint}")
    journal.restart("nT8_w2Xe")
    return journal


def second_journal(first: Journal) -> Journal:
    """The card came back as it was after entry 7, and the hub had confirmed all ten: a new epoch says so."""

    def head(seq: int) -> HeadOf:
        return HeadOf(seq, b64(first.entries[seq - 1].hash))

    journal = Journal(SECOND_EPOCH, ROTATED, "c9-LmZ3a", _BOUGHT_MS + 86_400_000)
    journal.tell(Genesis(ROTATED.public, "tpm"), "genesis")
    journal.tell(Fork(first.epoch, head(7), head(10), "behind-the-hub"), "fork")
    journal.tell(Checkpoint(ROTATED.public, _states("entry 7")), "checkpoint/3")
    journal.tell(Boot("0.1.1"), "boot/c9-LmZ3a")
    intent = PaymentIntent("Vb3nX0qLw8TzR5yK", "9fJ2kQ0aXw7Lr5Tz", "stripe", 3450, "EUR")
    journal.tell(intent, f"intent/{intent.attempt}")
    for fact, idem in payments():
        journal.tell(fact, idem)
    return journal


def payments() -> Iterable[tuple[Fact, str]]:
    """The attempt was declined and paid all the same; a card pays the next sale, and a scarf comes back."""
    late = PaymentClosed("Vb3nX0qLw8TzR5yK", "9fJ2kQ0aXw7Lr5Tz", "stripe", "declined", 3450, "EUR")
    yield msgspec.structs.replace(late, reason="card.declined"), f"closed/{late.attempt}"
    owed = (Posting("settlement/stripe", 3450, "EUR"), Posting("refund-due", -3450, "EUR"))
    due = msgspec.structs.replace(late, outcome="refund-due", reason="late", postings=owed)
    yield due, f"due/{late.attempt}"
    gone = (Posting("refund-due", 3450, "EUR"), Posting("settlement/stripe", -3450, "EUR"))
    back = msgspec.structs.replace(late, outcome="refunded", reference="re_17", postings=gone)
    yield back, f"refunded/{late.attempt}"
    draft = msgspec.structs.replace(
        TWO_SCARVES,
        sale="w7Qm2Zt9Xr4Lp0Ks",
        number="",
        lines=tuple(map(_reduced, TWO_SCARVES.lines)),
        promotions=Version(1, 3),
        basis=BASIS,
        postings=(Posting("tendered", 6900, "EUR"), *TWO_SCARVES.postings[1:]),
    )
    attempt = "hT5vN8cR2yW6dJ1b"
    yield PaymentIntent(draft.sale, attempt, "zvt", 6900, "EUR", "trace:433", draft), f"intent/{attempt}"
    paid = Paid(attempt, "zvt", 6900, "trace:434", card="girocard 4711")
    card = msgspec.structs.replace(
        draft,
        number="GRU4-0003",
        tender="zvt",
        postings=(Posting("settlement/zvt", 6900, "EUR"), *TWO_SCARVES.postings[1:]),
        payments=(paid,),
    )
    yield card, f"sale/{card.sale}"
    yield Operator("k3Rz8mV1qN6s", "returns.taken", card.sale), f"operator/{card.sale}"
    returned = Refund(
        refund="bX9wF4eS7uG2nC5a",
        sale=card.sale,
        attempt=attempt,
        provider="zvt",
        number="GRU4-R0001",
        business_date="2025-11-22",
        language="de",
        currency="EUR",
        total_minor=3450,
        lines=(SaleLine(_SCARF, "Schal „Lämmchen“, grün", 1, 3450, 3450, "standard", _SCARVES[:1]),),
        taxes=(TaxLine("standard", 1900, 3450, 551),),
        postings=(
            Posting("refund-due", -3450, "EUR"),
            Posting("revenue", 2899, "EUR"),
            Posting("tax/standard", 551, "EUR"),
        ),
        moves=(Move(_SCARF, SOLD, "quarantine", 1),),
        reason="too-small",
    )
    yield returned, f"refund/{returned.refund}"
    # What is due for the scarf that came back has not gone back yet: the terminal has all of it.
    day = DayClosed("zvt", "2025-11-22", "closed", "EUR", Handed(1, 6900), Handed(1, 6900))
    yield day, "close/zvt/1763823600000"


BASIS: Final = Basis(
    _BOUGHT_MS + 86_400_000,
    clock="untrusted",
    level="gold",
    packs=(PackSold(1, 250_000),),
    coupons=(CouponHeld("k-7431", "autumn-scarves"),),
    leases=(LeaseHeld("autumn-scarves", 2),),
)
"""All that a sale can say of what it was priced from."""


def _reduced(line: SaleLine) -> SaleLine:
    """Before a promotion the scarf cost five euros more."""
    discount = SaleDiscount("autumn-scarves", 500 * line.units)
    return msgspec.structs.replace(line, price_minor=line.price_minor + 500, discounts=(discount,))


def journals() -> list[Journal]:
    """Both epochs."""
    first = first_journal()
    return [first, second_journal(first)]


def receipt(first: Journal) -> Receipt:
    """The hub has all ten entries, and a backup of it has seven."""
    return Receipt(ADDRESS.object, first.epoch, 10, b64(first.entries[9].hash), 1, 7, _BOUGHT_MS + 90_000)


def certificates() -> Iterable[CertifiedKey]:
    """The root vouches for both keys of the mirror."""
    yield CertifiedKey(ADDRESS.object, ADDRESS.tenant, OBJECT.public, "file", _BOUGHT_MS - 3_600_000)
    yield CertifiedKey(ADDRESS.object, ADDRESS.tenant, ROTATED.public, "tpm", _BOUGHT_MS + 60_000)


def states(first: Journal) -> list[ObjectState]:
    """What the mirror says of itself, and its last will."""
    online = ObjectState(True, first.epoch, 10, 10, _BOUGHT_MS + 95_000)
    worried = msgspec.structs.replace(online, program="0.1.0", faults=(Fault("device.gone", "scale"),))
    return [online, worried, ObjectState(online=False)]


def members(value: msgspec.Struct) -> dict[str, Any]:
    """The members of a struct as JSON has them."""
    return msgspec.json.decode(encode(value), type=dict[str, Any])
