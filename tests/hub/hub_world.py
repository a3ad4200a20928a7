"""The world around a hub under test: a clock set by hand, objects with journals, a line that listens."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from cloud_sync.contract.batch import pack, reopen
from cloud_sync.contract.entry import Body, SignedEntry, encode_body, first_prev, sign_entry
from cloud_sync.contract.facts import Arrived, Boot, Fact, Genesis, Posting, Sale, SaleLine, TaxLine
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.contract.topics import Address
from cloud_sync.hub.ingest.intake import Intake, Outcome
from cloud_sync.hub.objects import KnownObject, admit
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.store import database, schema
from cloud_sync.hub.store.database import NoHubError, Place
from cloud_sync.mqtt import Outgoing
from retail.custody import SOLD, TRANSIT, Move
from retail.pricing.book import Version

TENANT: Final = "demo"
SITE: Final = "corner"
SCARF: Final = "09520001100307"
COFFEE: Final = "09520001200106"
SCARF_MINOR: Final = 3450
COFFEE_MINOR: Final = 1150


class HandClock:
    """Milliseconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.now_ms = 1_750_000_000_000

    def __call__(self) -> int:
        self.now_ms += 1
        return self.now_ms


class PaperJournal:
    """An object's journal in memory: what a real one would have on its disk."""

    def __init__(self, name: str, key: SoftwareKey, *, epoch: str = "e1", holder: str = "floor") -> None:
        self.address = Address(TENANT, SITE, name)
        self.key, self.epoch, self.holder = key, epoch, holder
        self.entries: list[SignedEntry] = []
        self.acked = 0

    @property
    def topic(self) -> str:
        return self.address.up("journal")

    def write(self, fact: Fact, **changes: Any) -> SignedEntry:
        """Append an honest body of `fact`, or one with `changes`."""
        seq = len(self.entries) + 1
        honest: dict[str, Any] = {
            "dev": self.address.object,
            "epoch": self.epoch,
            "seq": seq,
            "idem": f"{self.epoch}-{seq}",
            "boot": "b1",
            "mono_us": seq,
            "wall_ms": 1_750_000_000_000 + seq,
            "clock": "trusted",
            "fact": fact,
        }
        return self.write_bytes(encode_body(Body(**{**honest, **changes})))

    def write_bytes(self, body: bytes) -> SignedEntry:
        """Append whatever these bytes are, well signed."""
        prev = self.entries[-1].hash if self.entries else first_prev(self.epoch)
        entry = sign_entry(self.key, len(self.entries) + 1, prev, body)
        self.entries.append(entry)
        return entry

    def begin(self) -> None:
        self.write(Genesis(self.key.public, "file"))
        self.write(Boot("0.1.0"))

    def sell(self, gtin: str, units: int, price_minor: int) -> SignedEntry:
        return self.write(self.sale(gtin, units, price_minor))

    def sale(self, gtin: str, units: int, price_minor: int, **changes: Any) -> Sale:
        """A balanced sale of one product at 19 %."""
        number = len(self.entries) + 1
        total = units * price_minor
        tax = total * 1900 // 11900
        honest: dict[str, Any] = {
            "sale": f"s-{self.epoch}-{number}",
            "number": f"{self.epoch}-{number:04d}",
            "business_date": "2026-03-02",
            "language": "en",
            "currency": "EUR",
            "total_minor": total,
            "tender": "house-account",
            "prices": Version(1, 1),
            "lines": (SaleLine(gtin, f"Product {gtin}", units, price_minor, total, "standard"),),
            "taxes": (TaxLine("standard", 1900, total, tax),),
            "postings": (
                Posting("receivable/a7Kx", total, "EUR"),
                Posting("revenue", tax - total, "EUR"),
                Posting("tax/standard", -tax, "EUR"),
            ),
            "moves": (Move(gtin, self.holder, SOLD, units),),
        }
        return Sale(**{**honest, **changes})

    def receive(self, transfer: str, gtin: str, units: int) -> SignedEntry:
        return self.write(Arrived(transfer, (Move(gtin, TRANSIT, self.holder, units),)))

    def frame(self, first: int, last: int) -> bytes:
        """The batch of the entries `first` to `last`, both included."""
        return pack(self.key, self.address.object, self.epoch, self.entries[first - 1 : last])

    def fork(self, at: int) -> "PaperJournal":
        """Another journal of the same name and key that has the same entries before `at`."""
        twin = PaperJournal(self.address.object, self.key, epoch=self.epoch, holder=self.holder)
        twin.entries = self.entries[: at - 1]
        return twin


class Ear:
    """A line that remembers what was published, or refuses it while `deaf`."""

    def __init__(self) -> None:
        self.heard: list[Outgoing] = []
        self.deaf = False

    def __call__(self, outgoing: Outgoing) -> bool:
        if not self.deaf:
            self.heard.append(outgoing)
        return not self.deaf


class HubWorld:
    """A hub's database, door and projections in one process, with a hand clock and no network."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.clock = HandClock()
        try:
            self.store = database.connect(place)
        except NoHubError:
            database.create(place, self.clock())
            self.store = database.connect(place)
        self.receipt_key = SoftwareKey.generate()
        self.intake = Intake(self.store, self.receipt_key, self.clock)
        self.projector = Projector(self.store)

    def admit(self, journal: PaperJournal) -> PaperJournal:
        admit(self.store, KnownObject(journal.address, journal.key.public), self.clock())
        return journal

    def send(self, journal: PaperJournal, first: int, last: int | None = None) -> Outcome:
        last = len(journal.entries) if last is None else last
        return self.intake.take(journal.topic, journal.frame(first, last))

    def receipt(self, outcome: Outcome) -> Receipt:
        """The receipt of an outcome, its signature checked."""
        assert outcome.answer is not None
        keys = {self.receipt_key.public.kid: Verifier(self.receipt_key.public)}
        return unseal(outcome.answer.jws, RECEIPT_TYPE, keys, Receipt)

    def project(self) -> None:
        while self.projector.step():
            pass

    def rows(self, name: str, *without: str) -> list[tuple[Any, ...]]:
        """All rows of a table in the order of their values, some columns left out."""
        table = schema.metadata.tables[name]
        columns = [column for column in table.columns if column.name not in without]
        with self.store.reading() as connection:
            found = [tuple(row) for row in connection.execute(select(*columns))]
        return sorted(found, key=repr)

    def kept(self, journal: PaperJournal) -> list[bytes]:
        """The bodies that the hub has of a journal, in order, as the frames have them."""
        frame = schema.frame.c
        query = select(frame.first_new, frame.bytes).where(
            frame.dev == journal.address.object, frame.epoch == journal.epoch, frame.kept == 1
        )
        with self.store.reading() as connection:
            rows = connection.execute(query.order_by(frame.last)).all()
        batches = [(reopen(data), first_new) for first_new, data in rows]
        return [
            body for batch, first_new in batches for body in batch.bodies[first_new - batch.header.first :]
        ]

    def stock(self) -> dict[tuple[str, str], int]:
        """(holder, gtin) -> units, zeros left out."""
        return {(holder, gtin): units for _, _, holder, gtin, units in self.rows("stock") if units}

    def close(self) -> None:
        self.store.close()


def shuffled(frames: Sequence[bytes], luck: random.Random, copies: int) -> list[bytes]:
    """`frames` with up to `copies` of each, in any order."""
    many = [frame for frame in frames for _ in range(luck.randint(1, copies))]
    luck.shuffle(many)
    return many


def sums(rows: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """The sum over all holders, by GTIN."""
    totals: dict[str, int] = {}
    for (_, gtin), units in rows.items():
        totals[gtin] = totals.get(gtin, 0) + units
    return totals
