"""Objects that pay by slices, over power cuts: a real cashier on a disk of bodies, and a hub that lends."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import count
from typing import Final, Literal

import msgspec

from cloud_sync.contract.entry import Body, encode_body
from cloud_sync.contract.escrow import SliceAsked, SliceGiven, SliceRefused
from cloud_sync.contract.facts import Fact, Posting, Refund, Sale, SaleLine
from cloud_sync.contract.signing import SoftwareKey, Verifier
from edge.checkout.books import Books as ShopBooks
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Ended
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.payments.house import HouseBook
from edge.checkout.payments.purse import Kept
from edge.checkout.payments.wallet import Books, Journal, Wallet
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.offline_queue.outcomes import Appended, JournalClosedError, Recorded
from edge.readings import Nanoseconds
from retail.pricing.book import Version

BEGAN_MS: Final = 1_790_000_000_000
DAY_MS: Final = 24 * 3_600_000

Cut = tuple[int, Literal["before", "after"]]
"""The power goes at this commit of a life: before it, or when it is on the disk."""

Lend = Callable[[str, SliceAsked], SliceGiven | SliceRefused]


class Time:
    """The hour of the world; what is slept comes from the loop, days are added by hand."""

    def __init__(self) -> None:
        self.days = 0
        self.trusted = True

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(round(asyncio.get_running_loop().time() * 1e9) + self.days * DAY_MS * 10**6)

    def wall_ms(self) -> int:
        return BEGAN_MS + self.now_ns() // 10**6

    def quality(self) -> Literal["trusted", "untrusted"]:
        return "trusted" if self.trusted else "untrusted"


class Disk:
    """What a power cut leaves of one object: its entries, and its purse."""

    def __init__(self, dev: str, epoch: str = "e1") -> None:
        self.dev, self.epoch = dev, epoch
        self.bodies: list[Body] = []
        self.purse: dict[str, str] = {}
        self.attempts = count()
        self.sales = count()


class Ledger:
    """One life's pen: it writes to the disk until the power goes."""

    def __init__(self, disk: Disk, time: Time, cut: Cut | None) -> None:
        self._disk, self._time, self._cut = disk, time, cut
        self._commits = 0
        self.dead = False

    @property
    def epoch(self) -> str:
        return self._disk.epoch

    async def append(self, fact: Fact, idem: str) -> Appended:
        self._check()
        await asyncio.sleep(0.001)
        self._check()
        found = next((body for body in self._disk.bodies if body.idem == idem), None)
        if found is not None:
            return Appended(None, found, Recorded.ALREADY)  # type: ignore[arg-type]
        self._commits += 1
        if self._cut == (self._commits, "before"):
            self.dead = True
        self._check()
        place = (self._disk.dev, self._disk.epoch, len(self._disk.bodies) + 1)
        body = Body(*place, idem, "b1", 0, self._time.wall_ms(), "trusted", fact)
        encode_body(body)
        self._disk.bodies.append(body)
        if self._cut == (self._commits, "after"):
            self.dead = True
        self._check()
        return Appended(None, body, Recorded.NOW)  # type: ignore[arg-type]

    def _check(self) -> None:
        if self.dead:
            raise JournalClosedError("the power is gone")


class PaperPurse:
    """A purse on the disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def slices(self) -> Iterable[Kept]:
        return [*map(Kept, self._disk.purse.values())]

    def keep(self, serial: str, jws: str, _until_ns: Nanoseconds) -> None:
        self._disk.purse[serial] = jws

    def drop(self, serial: str) -> None:
        self._disk.purse.pop(serial, None)


class Line:
    """The line to the hub: it loses questions and answers, and remembers both for whoever repeats them."""

    def __init__(self, dev: str, hub: "PaperHub") -> None:
        self._dev, self._hub = dev, hub

    @property
    def keys(self) -> Mapping[str, Verifier]:
        return self._hub.keys

    async def lend(self, ask: SliceAsked) -> SliceGiven | SliceRefused:
        await asyncio.sleep(0.05)
        return self._hub.asked(self._dev, ask)


class PaperHub:
    """Whoever lends, and how good the line to it is at this moment."""

    def __init__(self, key: SoftwareKey, lend: Lend) -> None:
        self.keys = {key.public.kid: Verifier(key.public)}
        self._lend = lend
        self.line: Literal["good", "question lost", "answer lost"] = "good"
        self.questions: list[tuple[str, SliceAsked]] = []
        self.answers: list[tuple[str, str]] = []
        """Each with the object that it was for."""

    def asked(self, dev: str, ask: SliceAsked) -> SliceGiven | SliceRefused:
        if self.line == "question lost":
            raise ConnectionError("lost")
        self.questions.append((dev, ask))
        answer = self._lend(dev, ask)
        if isinstance(answer, SliceGiven):
            self.answers.append((dev, answer.slice))
        if self.line == "answer lost":
            raise ConnectionError("lost")
        return answer


class Life:
    """One life of an object: what its disk says, a cashier, and a wallet."""

    def __init__(
        self,
        disk: Disk,
        hub: PaperHub,
        time: Time,
        cut: Cut | None = None,
        purse: type[PaperPurse] = PaperPurse,
    ) -> None:
        self.disk, self.time = disk, time
        self.ledger = Ledger(disk, time, cut)
        self.payments, self.house, shop = PaymentBook(), HouseBook(), ShopBooks()
        for body in disk.bodies:
            self.payments.apply(body)
            self.house.apply(body)
            shop.apply(body)
        self.register = Register(Shop(disk.dev, "floor", "a7Kx2mQ9vR4t", "UTC"), self.ledger, shop)
        journal = Journal(disk.dev, disk.epoch, self.register)
        books = Books(self.payments, self.house)
        self.wallet = Wallet(journal, books, Line(disk.dev, hub), purse(disk), time)
        self.cashier = Cashier(self.register, self.payments, {"wallet": self.wallet}, time, self._new_attempt)
        self._giving = asyncio.ensure_future(giving(GivingBack(self.cashier, self.register, time)))

    def _new_attempt(self) -> str:
        return f"{self.disk.dev}-attempt-{next(self.disk.attempts):06d}"

    def draft(self, total_minor: int) -> Sale:
        return draft(f"{self.disk.dev}-{next(self.disk.sales):08d}", total_minor)

    async def pay(self, code: str, total_minor: int) -> Ended:
        return await self.cashier.pay(self.draft(total_minor), "wallet", total_minor, code)

    async def begin_and_leave(self, code: str, part_minor: int, rest_minor: int) -> None:
        """Pay a part, and go."""
        sale = self.draft(part_minor + rest_minor)
        await self.cashier.pay(sale, "wallet", part_minor, code)
        await self.cashier.give_up(sale.sale, "left")

    async def stop_early(self, code: str, total_minor: int, after_s: float, *, leaves: bool) -> None:
        """Tap, and have enough soon after."""
        sale = self.draft(total_minor)
        paying = asyncio.ensure_future(self.cashier.pay(sale, "wallet", total_minor, code))
        await asyncio.sleep(after_s)
        if leaves:
            await self.cashier.give_up(sale.sale, "left")
        else:
            self.cashier.stop(sale.sale)
        await paying

    async def give_back_goods(self, luck: random.Random) -> None:
        """A shopper brings a part of an earlier sale back."""
        sold = [body.fact for body in self.disk.bodies if isinstance(body.fact, Sale)]
        if not sold:
            return
        sale = luck.choice(sold)
        assert not isinstance(sale.payments, msgspec.UnsetType)
        paid = luck.choice(sale.payments)
        left = paid.amount_minor - self.payments.given_back_minor(paid.attempt)
        if left <= 0:
            return
        amount = luck.randint(1, left)
        key = f"{self.disk.dev}-refund--{len(self.disk.bodies):06d}"
        fact = Refund(
            *(key, sale.sale, paid.attempt, "wallet", "R", "2026-03-02", "en", "EUR", amount, (), ()),
            postings=(Posting("revenue", amount, "EUR"), Posting("refund-due", -amount, "EUR")),
            moves=(),
        )
        written = await self.register.write(fact, f"refund/{key}")
        self.payments.apply(written.body)
        self.cashier.on_more()
        await asyncio.sleep(1)

    def end(self) -> None:
        self.ledger.dead = True
        self._giving.cancel()

    async def undisturbed(self) -> None:
        """See through what hangs since before this life, and wait until nothing more happens."""
        with suppress(JournalClosedError):
            await self.cashier.recover()
            await self.wallet.tidy()
            await asyncio.sleep(5)


async def giving(back: GivingBack) -> None:
    """Give back, a round every quarter of a second.

    Up to Python 3.11 its own `run` may miss a cancel that meets an event, and lives here end at any moment.
    """
    with suppress(JournalClosedError):
        while True:
            await back._round()
            await asyncio.sleep(0.25)


def draft(sale: str, total_minor: int) -> Sale:
    """A sale as it is meant."""
    line = SaleLine("09520001000027", "Mug", 1, total_minor, total_minor, "standard")
    return Sale(
        *(sale, "", "2026-03-02", "en", "EUR", total_minor, "", Version(1, 1), (line,), ()),
        postings=(Posting("tendered", total_minor, "EUR"), Posting("revenue", -total_minor, "EUR")),
        moves=(),
    )
