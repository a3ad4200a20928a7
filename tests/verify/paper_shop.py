"""A shop on paper: an object and its keys, a retailer's root, a ledger, and what forgers make of them."""

import json
import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry, encode_body, first_prev, sign_entry
from cloud_sync.contract.facts import (
    Boot,
    Checkpoint,
    ClosingState,
    Fact,
    Genesis,
    KeyRotated,
    Paid,
    Posting,
    Refund,
    Sale,
    SaleDiscount,
    SaleLine,
    TaxLine,
    kind_of,
)
from cloud_sync.contract.signing import SoftwareKey, seal
from retail.custody import SOLD, Move
from retail.pricing.book import Version
from retail.pricing.reasons import MEMBER_PRICE
from tests.contract.paper_chain import EPOCH, body_of

DEV: Final = "shelf-b12"
TENANT: Final = "Corner Coffee"
STARTED_MS: Final = 1_769_850_000_000

# Private keys that anybody may know: what is signed by them is the same in every run.
OBJECT, NEXT, ROOT, OTHER_ROOT, STRANGER = (
    SoftwareKey(ec.derive_private_key(secret, ec.SECP256R1())) for secret in (11, 12, 13, 14, 15)
)

COFFEES: Final = (
    ("09520001100406", "Ethiopia Yirgacheffe 250 g, whole bean", 1150),
    ("09520001100413", "Colombia Huila 250 g", 1090),
    ("09520001100420", "House blend 1 kg", 2890),
)
# The same shelf in another country: language, currency, the names, a price.
COUNTRIES: Final = {
    "en": ("USD", "Ethiopia Yirgacheffe, whole bean"),
    "de": ("EUR", "Äthiopien Yirgacheffe, ganze Bohne"),
    "es": ("EUR", "Etiopía Yirgacheffe en grano"),
    "zh": ("JPY", "埃塞俄比亚 耶加雪菲 咖啡豆"),
    "ar": ("KWD", "قهوة إثيوبية يرغاتشيف"),
}


def sale(nth: int = 1, items: int = 3, **changes: Any) -> Sale:
    """A sale of tagged coffee, 7 % of tax included."""
    luck = random.Random(nth)
    sold = tuple(
        SaleLine(gtin, name, 1, price, price, "reduced", (f"30{luck.randbytes(11).hex().upper()}",))
        for gtin, name, price in (COFFEES[n % len(COFFEES)] for n in range(items))
    )
    total = sum(line.total_minor for line in sold)
    tax = (2 * total * 700 + 10_700) // (2 * 10_700)
    honest: dict[str, Any] = {
        "sale": b64(luck.randbytes(12)),
        "number": f"K7QM-{nth:04d}",
        "business_date": "2026-01-31",
        "language": "en",
        "currency": "EUR",
        "total_minor": total,
        "tender": "house-account",
        "prices": Version(1, 7),
        "lines": sold,
        "taxes": (TaxLine("reduced", 700, total, tax),),
        "postings": (
            Posting("receivable/a7KxQ", total, "EUR"),
            Posting("revenue", tax - total, "EUR"),
            Posting("tax/reduced", -tax, "EUR"),
        ),
        "moves": tuple(Move(line.gtin, DEV, SOLD, 1) for line in sold),
    }
    return Sale(**{**honest, **changes})


CARD_SALE: Final = sale(
    total_minor=4830,
    tender="zvt",
    lines=(
        SaleLine(
            *("09520001100406", "Ethiopia Yirgacheffe", 2, 1150, 1940, "reduced", ()),
            (SaleDiscount("happy-hour", 260), SaleDiscount(MEMBER_PRICE, 100)),
        ),
        SaleLine("09520001100420", "House blend 1 kg", 1, 2890, 2890, "reduced"),
    ),
    taxes=(TaxLine("reduced", 700, 4830, 316),),
    postings=(),
    moves=(),
    payments=(
        Paid("a1", "wallet", 2000, "slice-1"),
        Paid("a2", "zvt", 2830, "000123", stored=True, card="Visa 4242"),
    ),
)
"""Paid by a wallet and, without a connection, by card; with a happy hour and a price for members."""

REFUND: Final = Refund(
    *("r-1", "s-1", "a-2", "zvt", "K7QM-R0001", "2026-02-01", "de", "EUR", 2890),
    (SaleLine("09520001100420", "Hausmischung 1 kg", 1, 2890, 2890, "reduced"),),
    (TaxLine("reduced", 700, 2890, 189),),
    *((), ()),
)
"""Goods that came back, in German."""


def sale_in(language: str) -> Sale:
    """Two bags, as a shopper of another country reads it."""
    currency, name = COUNTRIES[language]
    line = SaleLine("09520001100406", name, 2, 1150, 2300, "reduced")
    return sale(
        language=language,
        currency=currency,
        total_minor=2300,
        lines=(line,),
        taxes=(TaxLine("reduced", 700, 2300, 150),),
        postings=(Posting("receivable/a", 2300, currency), Posting("revenue", -2300, currency)),
        moves=(Move(line.gtin, DEV, SOLD, 2),),
    )


def entry_of(fact: Fact, seq: int = 1_204, signer: SoftwareKey = OBJECT, **changes: Any) -> SignedEntry:
    """One entry out of a long journal."""
    prev = first_prev(f"{EPOCH}/{seq}")
    return signed(signer, seq, prev, fact, **changes)


def signed(signer: SoftwareKey, seq: int, prev: bytes, fact: Fact, **changes: Any) -> SignedEntry:
    told = {"dev": DEV, "idem": f"{kind_of(fact)}/{seq}", "wall_ms": STARTED_MS + 60_000 * seq, **changes}
    return sign_entry(signer, seq, prev, encode_body(body_of(fact, seq, **told)))


def certificate(signer: SoftwareKey = ROOT, key: SoftwareKey = OBJECT, dev: str = DEV) -> str:
    """What the retailer's root says of an object's key."""
    certified = CertifiedKey(dev, TENANT, key.public, "sealed-file", STARTED_MS)
    return seal(signer, CERTIFICATE_TYPE, certified)


def under_the_name_of_the_root() -> str:
    """A certificate that a stranger signed, whose header names the retailer's root."""
    header = json.dumps(
        {"alg": "ES256", "kid": ROOT.public.kid, "typ": CERTIFICATE_TYPE}, separators=(",", ":")
    )
    signed = f"{b64(header.encode())}.{certificate().split('.')[1]}"
    return f"{signed}.{b64(STRANGER.sign(signed.encode()))}"


def rotation() -> KeyRotated:
    """From the next entry on, NEXT signs."""
    return KeyRotated(NEXT.public, "tpm")


def checkpoint(signer: SoftwareKey) -> Checkpoint:
    """A closing state, and the key to go on with."""
    return Checkpoint(signer.public, (ClosingState("stock", 1, b64(bytes(32))),))


def ledger(length: int = 40, facts: Mapping[int, Fact] = MappingProxyType({})) -> list[SignedEntry]:
    """A journal of so many entries: genesis, boot, then sales, but for `facts` at their places (from 1)."""
    signer, prev = OBJECT, first_prev(EPOCH)
    first: dict[int, Fact] = {1: Genesis(OBJECT.public, "sealed-file"), 2: Boot("0.2.0")}
    entries: list[SignedEntry] = []
    for seq in range(1, length + 1):
        fact = facts.get(seq) or first.get(seq) or sale(seq, items=1 + seq % 3)
        entries.append(signed(signer, seq, prev, fact))
        prev = entries[-1].hash
        signer = NEXT if isinstance(fact, KeyRotated) else signer
    return entries


def resigned(entries: Sequence[SignedEntry], first: int, signer: SoftwareKey) -> list[SignedEntry]:
    """The same entries, from `first` on chained and signed anew by somebody else."""
    kept = list(entries[: first - 1])
    for entry in entries[first - 1 :]:
        prev = kept[-1].hash if kept else entry.prev
        kept.append(sign_entry(signer, entry.seq, prev, entry.body))
    return kept


def changed(entry: SignedEntry, old: bytes, new: bytes) -> SignedEntry:
    """An entry whose body says something else; nobody signed it anew."""
    assert old in entry.body
    return msgspec.structs.replace(entry, body=entry.body.replace(old, new))


def with_changed(entries: Sequence[SignedEntry], place: int, old: bytes, new: bytes) -> list[SignedEntry]:
    """A ledger whose entry `place` (from 1) says something else; nobody signed it anew."""
    return [changed(entry, old, new) if entry.seq == place else entry for entry in entries]


def rewritten(entries: Sequence[SignedEntry], place: int, old: bytes, new: bytes) -> list[SignedEntry]:
    """The same, and the object itself signs the entry and all that follow anew."""
    return resigned(with_changed(entries, place, old, new), place, OBJECT)
