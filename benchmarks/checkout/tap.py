"""Tap to durable sale: from the tap on "Buy now" until its sale is on the disk and the glass may say so.

The payment itself is excluded: the terminal here says yes at once, and nobody is asked for what goes on an
account. All else is the real thing: till, purchase, cashier, register and journal, on a real disk.

Between two sales the ceiling is taken: one append and fdatasync of 4 KiB, in the same seconds. Like is held
against like, the 99th percentile of sales against that of syncs: on a disk that others use as well, one sync
in a hundred alone may take more than five times what half of them do.
"""

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.checkout import pricing
from benchmarks.harness import Benchmark, Direction, Goal, Judged
from benchmarks.journal.promise import room, synced_ms
from cloud_sync.contract.signing import SoftwareKey
from edge.checkout.books import Books, ShopProjection
from edge.checkout.catalogue import Catalogue, Leaflet
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier
from edge.checkout.payments.counter import Counter
from edge.checkout.payments.provider import Attempt, Capabilities, Said, Taken
from edge.checkout.sale import Shop
from edge.checkout.state import Answer, Stage, Tap
from edge.checkout.till import Till
from edge.clock import SystemClock
from edge.events import Left, Presented
from edge.offline_queue.journal import open_journal
from edge.offline_queue.reader import LedgerReader
from edge.readings import Nanoseconds
from retail.identity import epc
from retail.pricing.book import Version

# The 99th percentile of so many is the third worst. The first ones warm caches and the file up.
SALES: Final = 300
WARM_UP: Final = 20
# A shopper holds up so many items.
ITEMS: Final = 3
# Nobody waits so long for a till that works.
PATIENCE_S: Final = 10
CARD: Final = "card"


class AtOnce:
    """A payment terminal that says yes before one can look: the payment takes no time."""

    name: Final = CARD
    capabilities: Final = Capabilities(
        "terminal", needs_network=False, patience_ns=Nanoseconds(10**10), ladder_ns=(Nanoseconds(10**9),)
    )

    async def fence(self) -> str:
        """It knows our attempts."""
        return ""

    async def start(self, attempt: Attempt) -> Said:
        """Take the money."""
        return self._said(attempt)

    async def query(self, attempt: Attempt) -> Said:
        """It was taken."""
        return self._said(attempt)

    async def cancel(self, attempt: Attempt) -> Said:
        """Too late."""
        return self._said(attempt)

    async def capture(self, attempt: Attempt) -> Said:
        """It is taken already."""
        return self._said(attempt)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Give it back."""
        return Said("refunded", amount_minor, attempt.currency, refund)

    async def taken(self) -> tuple[Taken, ...]:
        """Nothing is settled here."""
        return ()

    @staticmethod
    def _said(attempt: Attempt) -> Said:
        return Said("captured", attempt.amount_minor, attempt.currency, attempt.id)


@contextmanager
def till(shop: Shop) -> Iterator[Till]:
    """A till at work, wired as the runtime does it, with a shop's book and two hundred promotions."""
    clock, numbers = SystemClock(), count(1)
    with room() as directory:
        ledger = directory / "ledger.db"
        journal = open_journal(ledger, SoftwareKey.generate(), shop.object, clock, [ShopProjection()])
        with contextlib.closing(journal):
            journal.start("0")
            books, payments = _books(ledger, journal.epoch)
            made = Till(shop, journal, books, clock, lambda: f"sale-{next(numbers):011}")
            if shop.methods:
                cashier = Cashier(
                    made.register, payments, {CARD: AtOnce()}, clock, lambda: f"attempt-{next(numbers):08}"
                )
                made.take(Counter(cashier, shop.methods, lambda _ticket: None))
            version = Version(1, 1)
            leaflet = Leaflet(pricing.promotions(pricing.SHOP), version)
            made.use(Catalogue(pricing.book(pricing.SHOP), version, leaflet))
            yield made


def _books(ledger: Path, epoch: str) -> tuple[Books, PaymentBook]:
    with contextlib.closing(LedgerReader(ledger)) as reader:
        return Books.load(reader.select, epoch), PaymentBook.load(reader.select)


def in_turns_ms(shop: Shop, sales: int) -> tuple[list[float], list[float]]:
    """What each of so many sales took, one shopper after the other, and a sync after each.

    The first ones are not counted.
    """

    async def sell() -> tuple[list[float], list[float]]:
        sold, synced = [], []
        with till(shop) as made, _page_file() as descriptor:
            for shopper in range(WARM_UP + sales):
                sold.append(await _sold_ms(made, _items(shopper)))
                synced.append(synced_ms(descriptor))
            assert made.books.sales == WARM_UP + sales
        return sold[WARM_UP:], synced[WARM_UP:]

    return asyncio.run(sell())


@contextmanager
def _page_file() -> Iterator[int]:
    with room() as directory:
        descriptor = os.open(directory / "file", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


async def _sold_ms(till: Till, items: list[str]) -> float:
    """One shopper: items are held up, bought with one tap, and carried away."""
    for each in items:
        till.hear(Presented(each))
    done = asyncio.Event()
    unsubscribe = till.subscribe(lambda: done.set() if till.state.stage is Stage.DONE else None)
    number = till.state.number
    began = time.perf_counter()
    answer = await till.tap(Tap.BUY, number)
    async with asyncio.timeout(PATIENCE_S):
        await done.wait()
    took_ms = (time.perf_counter() - began) * 1e3
    unsubscribe()
    assert answer is Answer.ACCEPTED
    assert till.state.sold is not None
    for each in items:
        till.hear(Left(each))
    await till.tap(Tap.DONE, till.state.number)
    return took_ms


def _items(shopper: int) -> list[str]:
    """The tags of some neighbouring products of the book, none of which was ever sold."""
    products = pricing.book(pricing.SHOP).products
    chosen = (products[(ITEMS * shopper + place) % len(products)] for place in range(ITEMS))
    return [epc.encode(epc.item_of(each.gtin, shopper + 1, company_digits=7)) for each in chosen]


class Turns:
    """One percentile of sales and of syncs; both come from one run, whichever is asked for first."""

    def __init__(self, shop: Shop, percent: int) -> None:
        self._shop = shop
        self._percent = percent
        self._sold: list[float] = []
        self._synced: list[float] = []

    def sold_ms(self) -> float:
        """Of the sales of the next run."""
        if not self._sold:
            self._run()
        return self._sold.pop(0)

    def synced_ms(self) -> float:
        """Of its syncs."""
        if not self._synced:
            self._run()
        return self._synced.pop(0)

    def _run(self) -> None:
        gc.collect()
        sold, synced = in_turns_ms(self._shop, SALES)
        self._sold.append(self._at(sold))
        self._synced.append(self._at(synced))

    def _at(self, taken: list[float]) -> float:
        return sorted(taken)[len(taken) * self._percent // 100]


ON_ACCOUNT: Final = Shop("bench", "floor", "a7Kxa7Kxa7Kx", "Europe/Berlin")
"""One promise a sale."""
BY_CARD: Final = Shop("bench", "floor", "", "Europe/Berlin", methods=(CARD,))
"""Two: the payment is meant on the disk before the terminal hears of it."""

ROUNDS: Final = 5  # a sample is three hundred shoppers


def _benchmark(name: str, shop: Shop, percent: int, goal: Goal | None) -> Benchmark:
    turns = Turns(shop, percent)
    unit = "ms p99" if percent == 99 else "ms"
    return Benchmark(name, unit, goal, turns.sold_ms, turns.synced_ms, ROUNDS)


_FIVE_SYNCS: Final = Goal(Judged.RATIO, Direction.AT_MOST, 5)
BENCHMARKS: Final = (
    _benchmark("tap-to-sale", BY_CARD, 99, _FIVE_SYNCS),
    _benchmark("tap-to-sale-account", ON_ACCOUNT, 99, _FIVE_SYNCS),
    # For information: where a disk is at rest, what is left is the till's own work and a second sync.
    _benchmark("tap-to-sale-half", BY_CARD, 50, None),
)
