"""The runtime: composition root of the object's main process, from the cables of its sensors to its glass.

Here, and only here, a reading is carried to the sensors, an event to the till, an entry to the bell. The
process stops, with a sentence and exit code 1, when its journal can no longer be believed; whoever started
it starts it again.
"""

import asyncio
import contextlib
import logging
import random
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import partial
from typing import Any, Final

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import Receipt
from cloud_sync.notify import HERE
from edge.bindery import binding
from edge.checkout.backroom import Backroom
from edge.checkout.documents import DocumentRefusedError, Documents
from edge.checkout.payments.book import PaymentBook
from edge.checkout.state import Stage
from edge.checkout.till import Till
from edge.clock import HubClock
from edge.config import ObjectConfig
from edge.drivers.transports import converse
from edge.errands import Errands, Rooms
from edge.events import CodeBlurred, CodeCleared, Event
from edge.keeper import LedgerOverError
from edge.offline_queue.bell import Bell
from edge.offline_queue.budget import Level
from edge.readings import CodeScanned, DeviceFault, DeviceReady, Heard, Nanoseconds, Reading, Touched
from edge.runtime.bookmark import resume
from edge.runtime.calibrations import write_down
from edge.runtime.camera import CameraKeeper, CameraSaid, camera_plan
from edge.runtime.glass import FeltTill, GlassServer, glass_server, standing_of
from edge.runtime.members import Directory, new_request
from edge.runtime.opening import (
    CAMERA,
    StartError,
    attend,
    books_of,
    keeper_of,
    pack_of,
    pay_room,
    receipt_room,
    shop_of,
    talking_devices,
)
from edge.runtime.returns import ReturnsRoom
from edge.runtime.roll import Roll
from edge.runtime.senses import Senses, devices_of
from edge.runtime.stock import StockRoom
from edge.runtime.training import (
    Doorman,
    Trainer,
    write_opening,
)
from edge.runtime.wellbeing import Standing, tell, wellbeing_of
from edge.sensors.dwell import Dwell
from edge.sensors.shelf import Loose, Pack
from edge.training import Training
from edge.wellbeing import Wellbeing
from retail.pricing.book import Prices

_log: Final = logging.getLogger("opos.runtime")

# Often enough that a screen ends on time; it costs nothing that a Pi would notice.
_TICK_S: Final = 0.25

# Of these stages nobody is there, or nothing can be sold to who is.
_ALONE: Final = frozenset({Stage.UNPAIRED, Stage.IDLE, Stage.OUT_OF_SERVICE})

# What the camera thinks of its picture from moment to moment interests nobody afterwards.
_PASSING: Final = (CodeBlurred, CodeCleared)


class ObjectRuntime:
    """One object at work: `await run()`; `stop` ends it."""

    def __init__(
        self,
        real: ObjectConfig,
        version: str,
        clock: HubClock,
        listener: socket.socket,
        training: Training | None = None,
    ) -> None:
        self._config = config = real if training is None else training.config
        self._training = training
        self._shop = shop = shop_of(config)
        self._clock = clock
        self._listener = listener
        self._program = version
        self._devices = talking_devices(config)
        self._roll = Roll(each.source for each in config.peripherals)
        self._stopped = asyncio.Event()
        self._failure: str | None = None
        self._keeper = keeper_of(config, version, clock)
        self._journal = self._keeper.journal
        books, paid, last_sale = books_of(config, self._keeper)
        self._till = Till(shop, self._journal, books, clock, new_sale=lambda: b64(secrets.token_bytes(12)))
        documents = Documents(config.documents, config.object.site, config.trust.documents, binding)
        self._backroom = Backroom(shop, documents, self._journal, self._till)
        self._senses = Senses(config.object.kind, devices_of(config), self._pack_of, self._region)
        self._pays = pay_room(config, paid, self._till, clock, self._reveal)
        self._receipts = receipt_room(config, clock, self._pays.receipt_lines, self._learn)
        self._receipts.on_heard = self._pays.terminals.on_heard = self._roll.heard
        self._returns = ReturnsRoom(config, shop, self._till, paid.payments, clock)
        attend(self._returns, config.staff, self._reveal, lambda: self._backroom.book)
        self._returns.returns.on_more = self._pays.cashier.on_more
        self._pays.first = self._returns.returns.recover
        self._till.serving.calling.on_event = lambda event: self._learn((event,))
        self._camera = self._camera_of(config)
        self._dwell = Dwell(self._gtin_of)
        self._here: frozenset[str] = frozenset()
        self._book: Prices | None = None
        self._stage = Stage.UNPAIRED
        rooms = Rooms(
            *(self._journal, documents, self._backroom, self._till, self._keeper.telemetry),
            clock=clock,
            forked=self._forked,
            questions=self._pays.questions,
            desk=self._pays.desk,
            end_day=self._pays.terminals.end_day,
        )
        self._bell = Bell(config.bell, Errands(config, rooms).do)
        self._pays.questions.through(self._bell)
        if training is None:  # of what is rehearsed nobody else hears
            self._till.know(Directory(self._pays.questions, self._reveal, new_request))
        self._stock = StockRoom(
            self._till, self._pays.questions, new_request, lambda: self._backroom.book, shop.sells_from
        )
        self._till.on_books = self._expect
        self._mode = self._mode_of(real, paid.payments)
        self._till.issue_by(self._receipts.issuing)
        resume(config, self._till, self._senses, clock)
        self._keeper.on_looked = lambda: HERE.beat(standing_of(self._status()))
        if last_sale is not None:
            self._receipts.show_again(self._till, last_sale)

    def stop(self, failure: str | None = None) -> None:
        """End the object: cleanly, or because of a `failure`."""
        self._failure = self._failure or failure
        self._stopped.set()

    async def run(self) -> str | None:
        """Work until `stop`; return the failure that ended it, or None.

        Raises StartError where a training cannot begin.
        """
        loop = asyncio.get_running_loop()
        self._till.subscribe(self._look)  # a receipt may be put away sooner than the next tick comes
        self._journal.on_head = lambda head: _from_thread(loop, lambda: self._ring(head))
        self._journal.on_failure = lambda why: _from_thread(loop, lambda: self.stop(why))
        if self._training is not None:
            await self._begin_with(self._training)
        else:
            await write_down(self._config, self._journal)
        try:
            await self._backroom.open()
        except (DocumentRefusedError, OSError) as error:
            _log.warning("%s", error)  # it sells nothing until the hub has sent the document again
        self._expect()
        if self._training is None:  # what is rehearsed is nobody's business
            await self._bell.open()
        await self._bell.ring(self._journal.head)
        await self._work()
        await self._bell.close()
        self._close()
        return self._failure

    async def _begin_with(self, training: Training) -> None:
        """Write down what there is to train with. Raises StartError, and has given the ledger back then."""
        try:
            await write_opening(training, self._shop, self._journal, self._till.books)
        except StartError:
            self._close()
            raise

    def _close(self) -> None:
        self._returns.close()
        self._keeper.close()

    async def _work(self) -> None:
        server = self._glass_server()
        async with asyncio.TaskGroup() as group:
            # It closes what it was given; the next life of this object listens on the same port.
            serving = group.create_task(server.serve(sockets=[self._listener.dup()]))
            tasks = [group.create_task(work) for work in self._conversations()]
            tasks += [group.create_task(work) for work in (*self._pays.work(), *self._receipts.work())]
            tasks.append(group.create_task(self._till.afoot.watch()))
            tasks.append(group.create_task(self._tick()))
            tasks.append(group.create_task(self._keeper.watch()))
            tasks.append(group.create_task(self._check()))
            tasks.append(group.create_task(self._mode.watch()))
            if self._training is None:
                tasks.append(group.create_task(self._stock.watch(self._clock)))
                tasks.append(group.create_task(tell(self._bell, self._well)))
            if self._camera is not None:
                tasks.append(group.create_task(self._camera.run()))
            await self._stopped.wait()
            server.should_exit = True
            server.hang_up()
            for task in tasks:
                task.cancel()
            await serving

    def _conversations(self) -> Iterator[Coroutine[Any, Any, None]]:
        """One for each device: bytes to readings, for ever."""
        luck = random.SystemRandom()
        for source, uri, driver in self._devices:
            yield converse(uri, driver, partial(self._hear, source), self._clock, luck)

    def _hear(self, source: str, reading: Reading) -> None:
        heard = Heard(source, self._clock.now_ns(), reading)
        self._roll.heard(source, reading)
        self._mean(self._senses.hear(heard), heard.at_ns)
        if isinstance(reading, CodeScanned | Touched):
            self._somebody()

    def _saw(self, said: CameraSaid) -> None:
        match said:
            case DeviceReady():
                self._senses.look_anew()
                self._hear(CAMERA, said)
            case DeviceFault():
                self._hear(CAMERA, said)
                self._mean([CodeCleared()], self._clock.now_ns())  # what it was about is over
            case _:
                now_ns = self._clock.now_ns()
                self._mean(self._senses.saw(said, now_ns), now_ns)

    def _mean(self, events: Iterable[Event], at_ns: Nanoseconds) -> None:
        """Tell the till what has happened, and the retailer what interested people."""
        for event in events:
            self._till.hear(event)
            self._learn((event, *self._dwell.hear(event, at_ns)))

    def _somebody(self) -> None:
        """Somebody is there: goods may be shown to the camera."""
        if self._camera is not None:
            self._camera.ask()

    def _reveal(self, ticket: int) -> str | None:
        """What a shopper has shown to pay by."""
        return self._senses.reveal(ticket, self._clock.now_ns())

    def _learn(self, events: Iterable[Event]) -> None:
        """Let the retailer learn of it, whenever there is a line; nobody's name is in it."""
        for event in events:
            if not isinstance(event, _PASSING):
                self._keeper.telemetry.put(
                    type(event).__name__, self._clock.wall_ms(), msgspec.json.encode(event)
                )

    def _expect(self) -> None:
        """Tell the senses what belongs here, whenever the books have changed; what is gone was bought."""
        packs = self._backroom.packs()
        self._learn(self._dwell.bought(self._here - packs.keys(), self._clock.now_ns()))
        self._here = frozenset(packs)
        untagged = self._backroom.loose().items()
        loose = {gtin: Loose(pack_of(product), units) for gtin, (product, units) in untagged}
        self._senses.expect({epc: pack_of(product) for epc, product in packs.items()}, loose)
        if self._camera is not None and self._backroom.book is not self._book:
            self._camera.forget()
        self._book = self._backroom.book

    def _gtin_of(self, epc: str) -> str | None:
        product = self._backroom.product_of_tag(epc)
        return None if product is None else product.gtin

    def _pack_of(self, epc: str) -> Pack | None:
        """What an item of another shelf weighs, which somebody may lay down here."""
        product = self._backroom.product_of_tag(epc)
        return None if product is None else pack_of(product)

    def _region(self) -> str | None:
        """By whose rules the shop's own numbers carry a weight or a price."""
        book = self._backroom.book
        return (book.region or None) if book is not None else None

    def _gtins(self) -> Iterable[str]:
        """All that the shop sells: what the camera may be certain of."""
        return () if self._backroom.book is None else self._backroom.book.by_gtin

    def _mode_of(self, real: ObjectConfig, payments: PaymentBook) -> Doorman | Trainer:
        if self._training is None:
            return Doorman(real, self._till, payments, self.stop)
        return Trainer(real, self.stop)

    def _camera_of(self, config: ObjectConfig) -> CameraKeeper | None:
        for each in config.peripherals:
            if each.role == CAMERA:
                plan = camera_plan(each.uri, config.data_dir / "camera-gtins", self._gtins)
                return CameraKeeper(plan, self._saw, self._clock.now_ns, random.SystemRandom())
        return None

    async def _tick(self) -> None:
        while True:
            self._look()
            self._till.disk("disk" if self._keeper.level is Level.REFUSE else None)
            self._till.tick()
            self._learn(self._dwell.tick(self._clock.now_ns()))
            await asyncio.sleep(_TICK_S)

    def _look(self) -> None:
        """See whether somebody is there, and whether a shopper has gone."""
        before, self._stage = self._stage, self._till.state.stage
        if self._stage not in _ALONE:
            self._somebody()
        if before is Stage.DONE and self._stage is not Stage.DONE:
            self._senses.forget()

    async def _check(self) -> None:
        try:
            await self._keeper.check()
        except LedgerOverError as error:
            self._over(str(error))

    def _over(self, why: str) -> None:
        """The ledger must not be written any more: nothing is sold, and the process starts anew."""
        self._till.over()
        self.stop(why)

    def _ring(self, head: int) -> None:
        self._ringing = asyncio.ensure_future(self._bell.ring(head))

    def _forked(self, receipt: Receipt, why: str) -> None:
        """The hub has what this ledger has not: it was rolled back, or cloned."""
        self._keeper.fork(receipt, why)
        self._over(why)

    def _glass_server(self) -> GlassServer:
        till = FeltTill(self._till, self._somebody)
        return glass_server(self._config, till, self._status, self._clock)

    def _well(self) -> Wellbeing:
        standing = Standing(self._till.state.stage, self._till.books.sales, self._keeper.level)
        return wellbeing_of(self._program, standing, self._roll)

    def _status(self) -> dict[str, object]:
        state = self._till.state
        head, acked = self._journal.head, self._journal.acked
        return {
            "object": self._config.object.id,
            "kind": self._config.object.kind,
            "training": self._mode.standing,
            "stage": state.stage.value,
            "head": head,
            "acked": acked,
            "unsynced": head - acked,
            "online": state.online,
            "sales": self._till.books.sales,
            "program": self._program,
            "devices": self._roll.call(),
        }


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
        loop.call_soon_threadsafe(call)
