"""The back room: prices and deliveries that the hub sends, checked, kept, written down, put into force."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cloud_sync.contract.documents import DELIVERIES, PRICES, Deliveries, Delivery
from cloud_sync.contract.entry import Arrived, DocumentApplied
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue
from edge.checkout.documents import DocumentRefusedError, Documents
from edge.checkout.ports import Ledger
from edge.checkout.sale import Shop
from edge.checkout.till import Till
from edge.offline_queue.outcomes import Recorded
from retail.custody import TRANSIT, Move
from retail.pricing.book import PriceBook, Product, Version


class Backroom:
    """Where goods and prices come in. The till sells what is put into force here, and nothing else."""

    def __init__(self, shop: Shop, documents: Documents, ledger: Ledger, till: Till) -> None:
        self._shop = shop
        self._documents = documents
        self._ledger = ledger
        self._till = till
        self._catalogue: Catalogue | None = None
        self._in_force: set[str] = set()

    @property
    def _books(self) -> Books:
        return self._till.books

    async def open(self) -> None:
        """Put into force what the journal says was; raises DocumentRefusedError on a damaged file."""
        for name, (version, sha256) in sorted(self._books.documents.items()):
            await self._put_into_force(name, version, sha256)

    async def receive(self, manifest_jws: str, staged: Path) -> None:
        """Take a document in. One that is in force already, or older, changes nothing: it came again.

        Raises DocumentRefusedError if nobody may work by it, JournalClosedError if that could not be written.
        """
        manifest = self._documents.opened(manifest_jws)
        known = self._books.documents.get(manifest.name)
        if manifest.name in self._in_force and known is not None and known[0] >= manifest.version:
            return
        if known is not None and known[0] > manifest.version:
            raise DocumentRefusedError(f"{manifest.name} is older than what this object has worked by")
        self._documents.keep(manifest, staged)
        fact = DocumentApplied(manifest.name, manifest.version, manifest.sha256)
        idem = f"document/{manifest.name}/{manifest.version.generation}/{manifest.version.n}"
        self._books.apply((await self._ledger.append(fact, idem)).body)
        await self._put_into_force(manifest.name, manifest.version, manifest.sha256)

    def packs(self) -> dict[str, Product]:
        """The items that belong on this object, by EPC, as far as the price book knows what they are."""
        if self._catalogue is None:
            return {}
        items = self._books.at(self._shop.object)
        known = self._catalogue.book.by_gtin
        return {epc: known[gtin] for epc, gtin in items.items() if gtin in known}

    @property
    def book(self) -> PriceBook | None:
        """The price book in force; None before the first."""
        return None if self._catalogue is None else self._catalogue.book

    def loose(self) -> dict[str, tuple[Product, int]]:
        """The units without tags that belong on this object: GTIN -> product and number."""
        if self._catalogue is None:
            return {}
        known = self._catalogue.book.by_gtin
        here = self._books.units(self._shop.object)
        return {
            gtin: (known[gtin], units)
            for gtin, units in here.items()
            if units > 0 and gtin in known and known[gtin].tagged is False
        }

    def product_of_tag(self, epc: str) -> Product | None:
        """What a tag from anywhere in the shop is on; None as long as no price book knows it."""
        return None if self._catalogue is None else self._catalogue.product_of_tag(epc)

    async def _put_into_force(self, name: str, version: Version, sha256: str) -> None:
        if name == PRICES:
            self._catalogue = Catalogue(self._documents.prices(version, sha256), version)
            self._till.use(self._catalogue)
        elif name == DELIVERIES:
            await self._arrive(self._documents.deliveries(version, sha256))
        self._in_force.add(name)
        self._till.stocked()

    async def _arrive(self, deliveries: Deliveries) -> None:
        """Count what was brought to this object, each transfer once however often it is told."""
        for delivery in deliveries.deliveries:
            if delivery.holder == self._shop.object and delivery.transfer not in self._books.transfers:
                await self._count(delivery)
        self._till.delivered(_units(deliveries.deliveries, self._shop.sells_from))

    async def _count(self, delivery: Delivery) -> None:
        move = Move(delivery.gtin, TRANSIT, delivery.holder, delivery.units)
        fact = Arrived(delivery.transfer, (move,), delivery.epcs)
        appended = await self._ledger.append(fact, f"transfer/{delivery.transfer}")
        if appended.recorded is Recorded.NOW:
            self._books.apply(appended.body)


def _units(deliveries: Iterable[Delivery], holder: str) -> dict[str, int]:
    units: Counter[str] = Counter()
    for delivery in deliveries:
        if delivery.holder == holder:
            units[delivery.gtin] += delivery.units
    return dict(units)
