"""A till with a real journal on a real disk, a small price book, and a clock that a test moves."""

from itertools import count
from pathlib import Path

from cloud_sync.contract.signing import SoftwareKey
from edge.checkout.books import Books, ShopProjection
from edge.checkout.catalogue import Catalogue
from edge.checkout.comeback import Kept
from edge.checkout.sale import Shop
from edge.checkout.till import Till
from edge.clock import ClockQuality
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.reader import LedgerReader
from edge.readings import Nanoseconds
from retail.identity import epc
from retail.identity.gtin import completed
from retail.pricing.book import Names, PriceBook, Product, Version
from retail.units import Gtin

SWEATER = completed(952000100001)
COFFEE = completed(952000100002)
NOTHING_KEPT = Kept()


class Hand:
    """Everything that a test of the till holds: the clock, the journal, the shop, and items to hold up."""

    def __init__(self, directory: Path, shop: Shop) -> None:
        self.directory = directory
        self.shop = shop
        self.ns = 10**12
        self.ms = 1_790_000_000_000
        self.key = SoftwareKey.generate()
        self.journal: Journal | None = None
        self._sales = count(1)

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.ns)

    def wall_ms(self) -> int:
        return self.ms

    def quality(self) -> ClockQuality:
        return "trusted"

    def pass_seconds(self, seconds: int) -> None:
        self.ns += seconds * 10**9
        self.ms += seconds * 1_000

    def till(self, kept: Kept = NOTHING_KEPT) -> Till:
        """The till as it starts: after the first call, as it starts again with what was kept of before."""
        self.close()
        ledger = self.directory / "ledger.db"
        self.journal = open_journal(ledger, self.key, self.shop.object, self, [ShopProjection()])
        self.journal.start("1.0")
        reader = LedgerReader(ledger)
        books = Books.load(reader.select, self.journal.epoch)
        last = books.last_sale
        receipt = None if last is None else next(reader.entries(last.seq)).jws()
        reader.close()
        till = Till(self.shop, self.journal, books, self, lambda: f"s{next(self._sales)}")
        till.comeback.resume(kept)
        if receipt is not None:
            till.comeback.show_again(receipt)
        return till

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()


def item(gtin: Gtin, serial: int) -> str:
    """The tag of one item."""
    return epc.encode(epc.item_of(gtin, serial, company_digits=7))


def price_book(sweater_minor: int = 5990) -> PriceBook:
    words = {
        "en": Names("Merino sweater", ("100 % wool",)),
        "de": Names("Merinopullover", ("100 % Wolle",)),
    }
    coffee = {"en": Names("Coffee"), "de": Names("Kaffee")}
    return PriceBook(
        "corner",
        "en",
        "EUR",
        {"standard": 1900, "reduced": 700},
        (
            Product(SWEATER, words, sweater_minor, "standard", 400_000, 20_000),
            Product(COFFEE, coffee, 1150, "reduced", 262_000, 5_000, net_mg=250_000),
        ),
    )


def catalogue(n: int = 1, sweater_minor: int = 5990) -> Catalogue:
    return Catalogue(price_book(sweater_minor), Version(1, n))
