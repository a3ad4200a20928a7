"""One life of an object's process: the real cashier on a real ledger, in simulated time, with shoppers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Final, Literal

from cloud_sync.contract.facts import Fact
from edge.checkout.books import Books, ShopProjection
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Ended, Result, SaleBusyError
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.register import Register
from edge.checkout.sale import Shop
from edge.offline_queue.outcomes import Appended, JournalClosedError
from edge.offline_queue.pen import Order, Pen
from edge.readings import Nanoseconds
from proofs.ground import BEGAN_MS
from proofs.loop import SimulatedLoop
from proofs.shop import key
from tests.payments.bank import SECOND
from tests.payments.scene import Scene, Shopper, Told, draft
from tests.payments.wire import Wire

DEV: Final = "mirror-1"
SHOP: Final = Shop(DEV, "floor", "a7Kx2mQ9vR4t", "Europe/Berlin")

# An undisturbed life sees the looks of half a minute, two, ten, an hour and six hours.
LIFE_S: Final = 8 * 3_600.0

_COMMIT_S: Final = 0.002
_PUSHED_S: Final = 0.3

_GOES_ON: Final = {Result.DECLINED, Result.CANCELLED, Result.UNAVAILABLE}


class Clock:
    """Time since this start, and the hour of the world."""

    def __init__(self, loop: SimulatedLoop, began_ns: int) -> None:
        self._loop, self._began_ns = loop, began_ns

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self._loop.now_ns)

    def world_ns(self) -> int:
        return self._began_ns + self._loop.now_ns

    def wall_ms(self) -> int:
        return BEGAN_MS + self.world_ns() // 1_000_000

    def quality(self) -> Literal["trusted"]:
        return "trusted"


class Desk:
    """The journal without its thread: a commit takes a moment, and `step` hears of it before anybody else.

    `fails_at` is the number of the commit that fails: written or not, nobody in there knows.
    """

    def __init__(self, pen: Pen, step: Callable[[str], None], fails_at: int | None, *, written: bool) -> None:
        self._pen, self._step, self._written = pen, step, written
        self._left = fails_at
        self.closed = False

    @property
    def epoch(self) -> str:
        return self._pen.epoch

    async def append(self, fact: Fact, idem: str) -> Appended:
        self._step(f"to write {idem}")
        await asyncio.sleep(_COMMIT_S)
        if self._fails() and not (self._written and self._left == -1):
            raise JournalClosedError("the disk has failed")
        (done,) = self._pen.write([Order(fact, idem)])
        if isinstance(done, ValueError):
            raise done
        self._step(f"written {idem} {getattr(fact, 'outcome', '')}")
        if self.closed:
            raise JournalClosedError("the disk has failed")
        await asyncio.sleep(0)
        return done

    def _fails(self) -> bool:
        if self._left is not None:
            self._left -= 1
            self.closed = self._left < 0
        return self.closed


class Life:
    """One process on a scene; `watch` is called at each step, with its number and its name."""

    def __init__(
        self,
        scene: Scene,
        loop: SimulatedLoop,
        watch: Callable[[int, str], None],
        fails_at: int | None = None,
        *,
        written: bool = False,
        shop: Shop = SHOP,
    ) -> None:
        self.scene = scene
        self._watch = watch
        self._steps = count()
        self.clock = Clock(loop, scene.now_ns)
        self.pen = Pen(scene.ledger, key(0), DEV, self.clock, [ShopProjection()])
        self.pen.begin("1.0")
        rows = self.pen._db.execute
        self.books = Books.load(rows, self.pen.epoch)
        self.book = PaymentBook.load(rows)
        self.desk = Desk(self.pen, self.step, fails_at, written=written)
        self.register = Register(shop, self.desk, self.books)
        self.stir = asyncio.Event()
        self._beside: list[asyncio.Future[object]] = []
        wires = {name: Wire(bank, self.step, self.clock.world_ns) for name, bank in scene.banks.items()}
        scene.lives += 1
        numbers = (f"attempt-{scene.lives}-{number}" for number in count(1))
        self.cashier = Cashier(self.register, self.book, wires, self.clock, lambda: next(numbers))
        self.cashier.on_ended = self._ended
        self.giving = GivingBack(self.cashier, self.register, self.clock)

    def step(self, name: str) -> None:
        """Something durable has happened, here or at a provider."""
        self.scene.now_ns = self.clock.world_ns()
        self.scene.story.append(f"{self.scene.now_ns / SECOND:10.3f} {name}")
        match name.replace("/", " ").split():
            case ["written", "closed", attempt, "declined" | "cancelled"]:
                self._see_that_it_is_over(attempt)
            case _:
                pass
        self.stir.set()
        self._watch(next(self._steps), name)

    def show_again(self) -> None:
        """What the till does after a start: the last sale is on the disk, so its goods are its shopper's."""
        last = self.books.last_sale
        if last is not None and last.sale not in self.scene.released:
            self.scene.released.add(last.sale)
            self.scene.told.append(Told(last.sale, "", "paid", "after a restart"))

    def also(self, work: Awaitable[object]) -> None:
        """Something that goes on beside; what it raises, the life raises."""
        self._beside.append(asyncio.ensure_future(work))

    async def run(self, shoppers: Sequence[Shopper], seconds: float) -> None:
        """Come up, see through what is open, and serve shoppers; end after so many seconds."""
        self.show_again()
        for work in (self._turn(), self.giving.run(), self.cashier.recover(), *map(self.serve, shoppers)):
            self.also(work)
        try:
            await asyncio.sleep(seconds)
        finally:
            for task in self._beside:
                task.cancel()
            ended = await asyncio.gather(*self._beside, return_exceptions=True)
        self.scene.now_ns = self.clock.world_ns()
        for error in ended:
            if isinstance(error, Exception) and not (
                self.desk.closed and isinstance(error, JournalClosedError)
            ):
                raise error

    def _see_that_it_is_over(self, attempt: str) -> None:
        """What was just closed without money can bring none, unless its provider has lied to us."""
        for bank in self.scene.banks.values():
            if not bank.is_over(attempt):
                self.scene.hasty.append(attempt)

    async def serve(self, shopper: Shopper) -> None:
        """One shopper pays, part by part."""
        await asyncio.sleep(shopper.comes_s)
        sale = draft(shopper.sale)
        for part in shopper.parts:
            for _ in range(part.tries):
                if part.stops_after_s is not None:
                    asyncio.get_running_loop().call_later(part.stops_after_s, self.cashier.stop, sale.sale)
                try:
                    ended = await self.cashier.pay(sale, part.bank, part.amount_minor)
                except (SaleBusyError, ValueError):
                    return  # somebody else pays for it, or has
                self._ended(ended)
                if ended.result not in _GOES_ON:
                    break
            if ended.result not in {Result.PART, Result.PAID}:
                await self.cashier.give_up(sale.sale, "left")
                return

    def _ended(self, ended: Ended) -> None:
        self.scene.told.append(Told(ended.sale, ended.provider, ended.result.value, ended.reason))
        if ended.result is Result.PAID:
            idem = f"sale/{ended.sale}"
            if not self.pen._db.execute("SELECT count(*) FROM entry WHERE idem = ?", (idem,)).get:
                self.scene.early.append(ended.sale)
            self.scene.released.add(ended.sale)

    async def _turn(self) -> None:
        """The providers go on, and what they push arrives."""
        loop = asyncio.get_running_loop()
        while True:
            self.stir.clear()
            for bank in self.scene.banks.values():
                if bank.advance(self.clock.world_ns()):
                    self.step(f"{bank.name} has gone on")
                for attempt, word in bank.mail:
                    wire = Wire(bank, self.step, self.clock.world_ns)
                    self.step(f"{bank.name} pushes {word.outcome} of {attempt}")
                    loop.call_later(_PUSHED_S, self.cashier.told, attempt, wire._heard(word))
                bank.mail.clear()
            next_ns = min(
                (bank.next_ns for bank in self.scene.banks.values() if bank.next_ns is not None), default=None
            )
            left_s = None if next_ns is None else max(next_ns - self.clock.world_ns(), 0) / SECOND
            try:
                await asyncio.wait_for(self.stir.wait(), left_s)
            except TimeoutError:
                self.scene.now_ns = self.clock.world_ns()


def live(
    scene: Scene,
    shoppers: Sequence[Shopper] = (),
    *,
    watch: Callable[[int, str], None] = lambda _step, _name: None,
    seconds: float = LIFE_S,
    fails_at: int | None = None,
    written: bool = False,
    look: Callable[[Life], None] = lambda _life: None,
) -> None:
    """One life from its start to its end; `look` sees it before it is over."""

    async def all_of_it() -> None:
        life = Life(scene, loop, watch, fails_at, written=written)
        try:
            await life.run(shoppers, seconds)
            look(life)
        finally:
            life.pen.close()

    loop = SimulatedLoop()
    with quiet():
        loop.live(all_of_it())


@contextmanager
def quiet() -> Iterator[None]:
    """What the cashier logs of money in danger is what these worlds are made of."""
    logger = logging.getLogger("opos.payments")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
