"""A counter to pay at: a real ledger and a real register under a cashier, in simulated time."""

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Final, Literal

from cloud_sync.contract.facts import Fact, Posting, Sale, SaleLine, TaxLine
from edge.checkout.books import Books, ShopProjection
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier
from edge.checkout.payments.provider import Provider
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.offline_queue.outcomes import Appended
from edge.offline_queue.pen import Order, Pen
from edge.readings import Nanoseconds
from proofs.loop import SimulatedLoop
from proofs.shop import key
from retail.pricing.book import Version

TOTAL_MINOR: Final = 1_190
BEGAN_MS: Final = 1_790_000_000_000


class Counter:
    """`cashier` is paid at; the ledger is `file`."""

    def __init__(self, file: Path, loop: SimulatedLoop, providers: Mapping[str, Provider]) -> None:
        self._loop = loop
        self._pen = Pen(file, key(0), "mirror-4", self, [ShopProjection()])
        self._pen.begin("1.0")
        rows = self._pen._db.execute
        books, self.book = Books.load(rows, self.epoch), PaymentBook.load(rows)
        register = Register(Shop("mirror-4", "floor", "a7Kx", "UTC"), self, books)
        numbers = count(1)
        self.cashier = Cashier(register, self.book, providers, self, lambda: f"attempt-{next(numbers):010}")

    @property
    def epoch(self) -> str:
        return self._pen.epoch

    async def append(self, fact: Fact, idem: str) -> Appended:
        (done,) = self._pen.write([Order(fact, idem)])
        if isinstance(done, ValueError):
            raise done
        return done

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self._loop.now_ns)

    def wall_ms(self) -> int:
        return BEGAN_MS + self._loop.now_ns // 1_000_000

    def quality(self) -> Literal["trusted"]:
        return "trusted"

    def close(self) -> None:
        self._pen.close()


def draft(sale: str = "s1") -> Sale:
    """A sale as it is meant before it is paid."""
    line = SaleLine("09520001000027", "Mug", 1, TOTAL_MINOR, TOTAL_MINOR, "standard")
    return Sale(
        *(sale, "", "2026-03-02", "en", "EUR", TOTAL_MINOR, "", Version(1, 1), (line,)),
        taxes=(TaxLine("standard", 1900, TOTAL_MINOR, 190),),
        postings=(
            Posting("tendered", TOTAL_MINOR, "EUR"),
            Posting("revenue", 190 - TOTAL_MINOR, "EUR"),
            Posting("tax/standard", -190, "EUR"),
        ),
        moves=(),
    )
