"""The shop of every bad day: a key, a clock and goods from a seed, and the words of its hub."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.facts import Arrived, Posting, Sale, SaleLine, TaxLine
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.clock import ClockQuality
from edge.readings import Nanoseconds
from retail.custody import SOLD, TRANSIT, Move
from retail.pricing.book import Version

DEV: Final = "shelf-b12"
GTINS: Final = ("09520001000017", "09520001000024", "09520001000031")


def key_of(number: int) -> SoftwareKey:
    """The same key in every process: a bad day is replayed to the byte."""
    return SoftwareKey(ec.derive_private_key(number, ec.SECP256R1()))


KEY: Final = key_of(4)
NEXT_KEY: Final = key_of(5)
KEYS: Final = {key.public.kid: key for key in (KEY, NEXT_KEY, key_of(6))}
"""Every key that the object ever had, by its kid."""
HUB_KEY: Final = key_of(7)


class ShopClock:
    """A clock that moves on by its own step each time it is read, and jumps when somebody sets it."""

    def __init__(self, step_ms: int = 1) -> None:
        self.ns = 1_000_000_000
        self.ms = 1_700_000_000_000
        self._step_ms = step_ms

    def now_ns(self) -> Nanoseconds:
        self.ns += self._step_ms * 1_000_000
        return Nanoseconds(self.ns)

    def wall_ms(self) -> int:
        self.ms += self._step_ms
        return self.ms

    def quality(self) -> ClockQuality:
        return "untrusted"


@contextmanager
def staged(luck: random.Random) -> Iterator[None]:
    """Epochs and boots come from the seed, so that a bad day can be replayed; and nobody waits for a disk.

    No power fails in these worlds: nothing of ours need be synced, and a log may begin small.
    """
    with (
        mock.patch("secrets.token_bytes", luck.randbytes),
        mock.patch("os.fsync"),
        mock.patch("edge.offline_queue.ledger._WAL_BYTES", 32 * 1024),
    ):
        yield


def arrival(name: object, units: int = 5) -> Arrived:
    """Units of each product reach the shelf."""
    return Arrived(str(name), tuple(Move(gtin, TRANSIT, "shelf", units) for gtin in GTINS))


def sale(name: object, units: int = 1) -> Sale:
    """A sale of `units` of one product; its name decides which."""
    gtin = GTINS[sum(str(name).encode()) % len(GTINS)]
    total_minor = 250 * units
    return Sale(
        sale=f"sale {name}",
        number=f"A-{name}",
        business_date="2026-03-01",
        language="en",
        currency="EUR",
        total_minor=total_minor,
        tender="cash",
        prices=Version(1, 1),
        lines=(SaleLine(gtin, "Oats", units, 250, total_minor, "S", (f"epc {name}",)),),
        taxes=(TaxLine("S", 0, total_minor, 0),),
        postings=(Posting("cash", total_minor, "EUR"), Posting("sales", -total_minor, "EUR")),
        moves=(Move(gtin, "shelf", SOLD, units),),
    )


class Hub:
    """The hub of this shop: it confirms what it was shown, in words that it signs."""

    def __init__(self, epoch: str, generation: int = 1) -> None:
        self.epoch = epoch
        self.generation = generation
        self.told: Receipt | None = None

    def confirms(self, entry: SignedEntry, safe: int = 0) -> tuple[Receipt, str]:
        """The receipt for everything up to `entry`, and its signed form."""
        self.told = Receipt(DEV, self.epoch, entry.seq, b64(entry.hash), self.generation, safe, 0)
        return self.told, seal(HUB_KEY, RECEIPT_TYPE, self.told)
