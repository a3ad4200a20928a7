"""The back room: prices and deliveries that the hub sends, checked, kept, written down, put into force."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Final

from cloud_sync.contract.documents import (
    DELIVERIES,
    PRICE_CHANGES,
    PRICES,
    PROMOTIONS,
    Deliveries,
    Delivery,
    Manifest,
)
from cloud_sync.contract.facts import Arrived, DocumentApplied
from edge.checkout.books import Books
from edge.checkout.catalogue import Catalogue, Leaflet
from edge.checkout.documents import DocumentRefusedError, Documents
from edge.checkout.ports import Ledger
from edge.checkout.sale import Shop
from edge.checkout.till import Till
from edge.offline_queue.outcomes import Recorded
from retail.custody import TRANSIT, Move
from retail.pricing.book import Assortment, Product, Version

_OF_THE_BOOK: Final = frozenset({PRICES, PRICE_CHANGES})


class Backroom:
    """Where goods and prices come in. The till sells what is put into force here, and nothing else."""

    def __init__(self, shop: Shop, documents: Documents, ledger: Ledger, till: Till) -> None:
        self._shop = shop
        self._documents = documents
        self._ledger = ledger
        self._till = till
        self._catalogue: Catalogue | None = None
        self._leaflet: Leaflet | None = None
        self._delivered: dict[str, int] = {}
        """What was brought to the holder that is sold from: GTIN -> units."""
        self._in_force: set[str] = set()
        self._receiving = asyncio.Lock()

    @property
    def _books(self) -> Books:
        return self._till.books

    async def open(self) -> None:
        """Put into force what the journal says was.

        Raises DocumentRefusedError on a damaged file, OSError on one that cannot be read or bound: the others
        are in force then nevertheless.
        """
        damaged: DocumentRefusedError | OSError | None = None
        for name, (version, sha256) in sorted(self._books.documents.items()):
            try:
                if name not in self._in_force:
                    await self._put_into_force(name, version, sha256)
            except (DocumentRefusedError, OSError) as error:
                damaged = damaged or error
        await self._clear()
        if damaged is not None:
            raise damaged

    async def receive(self, manifest_jws: str, staged: Path) -> None:
        """Take a document in. One that is in force already, or older, changes nothing: it came again.

        Raises DocumentRefusedError if nobody may work by it, JournalClosedError or OSError if that could not
        be written. The till sells on meanwhile: a hundred thousand products take seconds.
        """
        async with self._receiving:
            manifest = self._documents.opened(manifest_jws)
            if self._is_known(manifest):
                return
            await asyncio.to_thread(self._documents.keep, manifest, staged, dict(self._books.documents))
            fact = DocumentApplied(manifest.name, manifest.version, manifest.sha256)
            idem = f"document/{manifest.name}/{manifest.version.generation}/{manifest.version.n}"
            self._books.apply((await self._ledger.append(fact, idem)).body)
            await self._put_into_force(manifest.name, manifest.version, manifest.sha256)
            await self._clear()

    def _is_known(self, manifest: Manifest) -> bool:
        """Whether there is nothing to do; raises DocumentRefusedError if it is too old for a lost one."""
        known = self._books.documents.get(manifest.name)
        if manifest.name in self._in_force and known is not None and known[0] >= manifest.version:
            return True
        if known is not None and known[0] > manifest.version:
            raise DocumentRefusedError(f"{manifest.name} is older than what this object has worked by")
        whole = self._books.documents.get(PRICES)
        # What had changed in a book before this one was issued whole is in it.
        return manifest.name == PRICE_CHANGES and whole is not None and whole[0] > manifest.version

    def packs(self) -> dict[str, Product]:
        """The items that belong on this object, by EPC, as far as the price book knows what they are."""
        if self._catalogue is None:
            return {}
        items = self._books.at(self._shop.object)
        known = self._catalogue.product
        return {epc: product for epc, gtin in items.items() if (product := known(gtin)) is not None}

    @property
    def book(self) -> Assortment | None:
        """The price book in force; None before the first."""
        return None if self._catalogue is None else self._catalogue.book

    def loose(self) -> dict[str, tuple[Product, int]]:
        """The units without tags that belong on this object: GTIN -> product and number."""
        if self._catalogue is None:
            return {}
        known = self._catalogue.product
        here = self._books.units(self._shop.object)
        return {
            gtin: (product, units)
            for gtin, units in here.items()
            if units > 0 and (product := known(gtin)) is not None and product.tagged is False
        }

    def product_of_tag(self, epc: str) -> Product | None:
        """What a tag from anywhere in the shop is on; None as long as no price book knows it."""
        return None if self._catalogue is None else self._catalogue.product_of_tag(epc)

    async def _put_into_force(self, name: str, version: Version, sha256: str) -> None:
        if name in _OF_THE_BOOK:
            in_force = dict(self._books.documents)
            if PRICES in in_force:
                book, today = await asyncio.to_thread(self._documents.book, in_force)
                self._catalogue = Catalogue(book, today)
                self._in_force |= _OF_THE_BOOK & in_force.keys()
        elif name == PROMOTIONS:
            promotions = await asyncio.to_thread(self._documents.promotions, version, sha256)
            self._leaflet = Leaflet(promotions, version)
        elif name == DELIVERIES:
            await self._arrive(await asyncio.to_thread(self._documents.deliveries, version, sha256))
        self._in_force.add(name)
        if name != DELIVERIES:
            self._hang_out()
        await asyncio.to_thread(self._documents.pictures.want, self._images())
        self._till.stocked()

    def _hang_out(self) -> None:
        """Give the till the price book of today, with the promotions beside it if they are in its money."""
        if self._catalogue is None:
            return
        book, leaflet = self._catalogue.book, self._leaflet
        fits = leaflet is not None and leaflet.promotions.currency == book.currency
        self._catalogue = Catalogue(book, self._catalogue.version, leaflet if fits else None)
        self._till.use(self._catalogue)

    def _images(self) -> list[str]:
        """The pictures of what can be sold here, the first one of each product before all second ones."""
        if self._catalogue is None:
            return []
        gtins = dict.fromkeys((*self._books.at(self._shop.object).values(), *self.loose(), *self._delivered))
        known = [product for gtin in gtins if (product := self._catalogue.product(gtin)) is not None]
        shown = [list(product.images or ()) for product in known]
        return [image for images in zip_longest(*shown) for image in images if image is not None]

    async def _clear(self) -> None:
        """Drop the files of what is over, once all that the journal names is in force."""
        if self._in_force >= self._books.documents.keys():
            await asyncio.to_thread(self._documents.clear, dict(self._books.documents))

    async def _arrive(self, deliveries: Deliveries) -> None:
        """Count what was brought to this object, each transfer once however often it is told."""
        for delivery in deliveries.deliveries:
            if delivery.holder == self._shop.object and delivery.transfer not in self._books.transfers:
                await self._count(delivery)
        self._delivered = _units(deliveries.deliveries, self._shop.sells_from)
        self._till.delivered(self._delivered)

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
