"""A short journal on paper, signed with a published test key, so that every run sees the same bytes."""

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from cloud_sync.contract.entry import Body, SignedEntry, encode_body, first_prev, sign_entry
from cloud_sync.contract.facts import Boot, Fact, Genesis, Posting, Sale, SaleLine, TaxLine
from cloud_sync.contract.signing import SoftwareKey
from retail.custody import SOLD, Move
from retail.pricing.book import Version

# The P-256 key of RFC 6979, appendix A.2.5.
RFC_6979_PRIVATE: Final = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
EPOCH: Final = "CEMvQg3kTL2ylx6hGqKtPA"


def key() -> SoftwareKey:
    return SoftwareKey(ec.derive_private_key(RFC_6979_PRIVATE, ec.SECP256R1()))


def jose_key() -> ECKey:
    """The public half, as another JOSE library holds it."""
    return ECKey.import_key({**key().public.jwk()})


def sale(**changes: Any) -> Sale:
    """One scarf for 34.50 EUR, 19 % of tax included, on a house account."""
    honest: dict[str, Any] = {
        "sale": "s1",
        "number": "CEMv-1",
        "business_date": "2025-11-21",
        "language": "de",
        "currency": "EUR",
        "total_minor": 3450,
        "tender": "house-account",
        "prices": Version(1, 7),
        "lines": (SaleLine("09520001100307", "Schal, grün", 1, 3450, 3450, "standard", ("30" + "A" * 22,)),),
        "taxes": (TaxLine("standard", 1900, 3450, 551),),
        "postings": (
            Posting("receivable/a7Kx", 3450, "EUR"),
            Posting("revenue", -2899, "EUR"),
            Posting("tax/standard", -551, "EUR"),
        ),
        "moves": (Move("09520001100307", "floor", SOLD, 1),),
    }
    return Sale(**{**honest, **changes})


def facts() -> list[Fact]:
    return [Genesis(key().public, "file"), Boot("0.1.0"), sale()]


def body_of(fact: Fact, seq: int, **changes: Any) -> Body:
    honest: dict[str, Any] = {
        "dev": "mirror-4",
        "epoch": EPOCH,
        "seq": seq,
        "idem": f"idem-{seq}",
        "boot": "b1",
        "mono_us": 1_000 * seq,
        "wall_ms": 1_763_700_000_000 + seq,
        "clock": "untrusted",
        "fact": fact,
    }
    return Body(**{**honest, **changes})


def chain(*bodies: bytes) -> list[SignedEntry]:
    """These bodies as the first entries of an epoch; without any, those of `facts`."""
    signer, prev = key(), first_prev(EPOCH)
    entries: list[SignedEntry] = []
    for seq, body in enumerate(bodies or [encode_body(body_of(f, n)) for n, f in enumerate(facts(), 1)], 1):
        entries.append(sign_entry(signer, seq, prev, body))
        prev = entries[-1].hash
    return entries
