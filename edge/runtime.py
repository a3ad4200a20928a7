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
import signal
import socket
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Final, Protocol

import msgspec
import uvicorn

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import Receipt
from edge.checkout.backroom import Backroom
from edge.checkout.books import Books
from edge.checkout.documents import DocumentRefusedError, Documents
from edge.checkout.sale import Shop
from edge.checkout.state import Answer, Stage, State, Tap
from edge.checkout.till import Till
from edge.clock import Clock, HubClock, SystemClock
from edge.config import ObjectConfig
from edge.display.screens import Glass
from edge.display.server import TillView, glass_app
from edge.drivers.driver import Driver
from edge.drivers.profiles import ProfileError
from edge.drivers.registry import driver_for
from edge.drivers.transports import converse
from edge.drivers.uris import PeripheralUri, PeripheralUriError, parse_uri
from edge.errands import Errands, Rooms
from edge.events import Event
from edge.keeper import Keeper, LedgerOverError, may_begin_anew
from edge.keys import KeyUnusableError
from edge.offline_queue.bell import Bell
from edge.offline_queue.budget import Level
from edge.offline_queue.outcomes import ForeignLedgerError, JournalClosedError, JournalDamagedError
from edge.offline_queue.reader import LedgerReader
from edge.readings import Heard, Reading
from edge.sensors.dwell import Dwell
from edge.sensors.mirror import MirrorSense
from edge.sensors.service import Service
from edge.sensors.shelf import Pack, ShelfSense
from retail.pricing.book import Product

_log: Final = logging.getLogger("opos.runtime")

# Often enough that a screen ends on time; it costs nothing that a Pi would notice.
_TICK_S: Final = 0.25

# A person has begun a new ledger within the second: the object goes on with it.
_WAITING_S: Final = 1.0

# Streams of the glass are cut after this long at a stop; the page comes back by itself.
_GOODBYE_S: Final = 1


class StartError(Exception):
    """The object cannot start: what is wrong, and what to do."""


class Sense(Protocol):
    """Mirror or shelf: what its readings mean."""

    def hear(self, heard: Heard) -> Iterator[Event]:
        """What one reading means."""
        ...


class _GlassServer(uvicorn.Server):
    """Uvicorn as one task among others: the runtime itself hears the signals.

    `hang_up` ends the streams of the glass, which would otherwise stay open for ever.
    """

    def __init__(self, config: uvicorn.Config, hang_up: Callable[[], None]) -> None:
        super().__init__(config)
        self.hang_up = hang_up

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT to the runtime."""
        yield


class ObjectRuntime:
    """One object at work: `await run()`; `stop` ends it."""

    def __init__(self, config: ObjectConfig, version: str, clock: HubClock, listener: socket.socket) -> None:
        self._config = config
        self._clock = clock
        self._listener = listener
        self._devices = _devices(config)
        self._stopped = asyncio.Event()
        self._failure: str | None = None
        self._keeper = _keeper(config, version, clock)
        self._journal = self._keeper.journal
        shop = Shop(config.object.id, config.object.sells_from, config.tender.account, config.object.timezone)
        books, last_receipt = _read_books(config)
        self._till = Till(shop, self._journal, books, clock, new_sale=lambda: b64(secrets.token_bytes(12)))
        documents = Documents(config.documents, config.object.site, config.trust.documents)
        self._backroom = Backroom(shop, documents, self._journal, self._till)
        self._service = Service(peripheral.role for peripheral in config.peripherals)
        self._shelf = ShelfSense(self._pack_of) if config.object.kind == "shelf" else None
        self._sense: Sense = self._shelf or MirrorSense()
        self._dwell = Dwell(self._gtin_of)
        self._here: frozenset[str] = frozenset()
        rooms = Rooms(
            *(self._journal, documents, self._backroom, self._till, self._keeper.telemetry),
            clock=clock,
            forked=self._forked,
        )
        self._bell = Bell(config.bell, Errands(config, rooms).do)
        self._till.on_books = self._expect
        if last_receipt is not None:
            self._till.show_again(last_receipt)

    def stop(self, failure: str | None = None) -> None:
        """End the object: cleanly, or because of a `failure`."""
        self._failure = self._failure or failure
        self._stopped.set()

    async def run(self) -> str | None:
        """Work until `stop`; return the failure that ended it, or None."""
        loop = asyncio.get_running_loop()
        self._journal.on_head = lambda head: _from_thread(loop, lambda: self._ring(head))
        self._journal.on_failure = lambda why: _from_thread(loop, lambda: self.stop(why))
        try:
            await self._backroom.open()
        except DocumentRefusedError as error:
            _log.warning("%s", error)  # it sells nothing until the hub has sent the document again
        self._expect()
        await self._bell.open()
        await self._bell.ring(self._journal.head)
        await self._work()
        await self._bell.close()
        self._keeper.close()
        return self._failure

    async def _work(self) -> None:
        server = self._glass_server()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(sockets=[self._listener]))
            tasks = [group.create_task(work) for work in self._conversations()]
            tasks.append(group.create_task(self._tick()))
            tasks.append(group.create_task(self._keeper.watch()))
            tasks.append(group.create_task(self._check()))
            await self._stopped.wait()
            server.should_exit = True
            server.hang_up()
            for task in tasks:
                task.cancel()
            await serving

    def _conversations(self) -> Iterator[Coroutine[Any, Any, None]]:
        """One for each device: bytes to readings, for ever."""
        luck = random.SystemRandom()
        for role, uri, driver in self._devices:
            yield converse(uri, driver, self._hearer(role), self._clock, luck)

    def _hearer(self, role: str) -> Callable[[Reading], None]:
        def hear(reading: Reading) -> None:
            heard = Heard(role, self._clock.now_ns(), reading)
            for event in (*self._service.hear(heard), *self._sense.hear(heard)):
                self._till.hear(event)
                self._learn((event, *self._dwell.hear(event, heard.at_ns)))

        return hear

    def _learn(self, events: Iterable[Event]) -> None:
        """Let the retailer learn of it, whenever there is a line; nobody's name is in it."""
        for event in events:
            self._keeper.telemetry.put(
                type(event).__name__, self._clock.wall_ms(), msgspec.json.encode(event)
            )

    def _expect(self) -> None:
        """Tell the shelf what belongs on it, whenever the books have changed; what is gone was bought."""
        packs = self._backroom.packs()
        self._learn(self._dwell.bought(self._here - packs.keys(), self._clock.now_ns()))
        self._here = frozenset(packs)
        if self._shelf is not None:
            self._shelf.expect({epc: _pack(product) for epc, product in packs.items()})

    def _gtin_of(self, epc: str) -> str | None:
        product = self._backroom.product_of_tag(epc)
        return None if product is None else product.gtin

    def _pack_of(self, epc: str) -> Pack | None:
        """What an item of another shelf weighs, which somebody may lay down here."""
        product = self._backroom.product_of_tag(epc)
        return None if product is None else _pack(product)

    async def _tick(self) -> None:
        while True:
            self._till.disk("disk" if self._keeper.level is Level.REFUSE else None)
            self._till.tick()
            self._learn(self._dwell.tick(self._clock.now_ns()))
            await asyncio.sleep(_TICK_S)

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

    def _glass_server(self) -> _GlassServer:
        return _glass_server(self._config, self._till, self._status, self._clock)

    def _status(self) -> dict[str, object]:
        state = self._till.state
        head, acked = self._journal.head, self._journal.acked
        return {
            "object": self._config.object.id,
            "kind": self._config.object.kind,
            "stage": state.stage.value,
            "head": head,
            "acked": acked,
            "unsynced": head - acked,
            "online": state.online,
            "sales": self._till.books.sales,
        }


def run_object(config: ObjectConfig, version: str) -> str | None:
    """Run the object until it is told to stop; return the failure that ended it. Raises StartError."""
    listener = _listen(config.display.host, config.display.port)
    with contextlib.closing(listener):
        return asyncio.run(_run(config, version, listener))


class ClosedObject:
    """An object whose ledger was set aside: its glass says so, and it waits for a person.

    It ends by itself once a new ledger may begin.
    """

    def __init__(self, config: ObjectConfig, why: str, clock: Clock, listener: socket.socket) -> None:
        _log.error("%s", why)
        self._config = config
        self._listener = listener
        self._stopped = asyncio.Event()
        self._server = _glass_server(config, self, self._status, clock)
        self.state = State(
            0, Stage.OUT_OF_SERVICE, online=False, language="en", languages=("en",), trouble="ledger"
        )

    def subscribe(self, _ring: Callable[[], None]) -> Callable[[], None]:
        """Nothing changes here."""
        return lambda: None

    async def tap(self, _tap: Tap, _screen: int, _value: str | None) -> Answer:
        """There is nothing to tap on."""
        return Answer.REFUSED

    def stop(self) -> None:
        """End the object."""
        self._stopped.set()

    async def run(self) -> str | None:
        """Show the glass until `stop`, or until there is a ledger to sell with."""
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener]))
        began_anew = False
        while not self._stopped.is_set() and not (began_anew := may_begin_anew(self._config)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _WAITING_S)
        self._server.should_exit = True
        self._server.hang_up()
        await serving
        return "a new ledger may begin" if began_anew else None

    def _status(self) -> dict[str, object]:
        section = self._config.object
        return {
            "object": section.id,
            "kind": section.kind,
            "stage": self.state.stage.value,
            "head": 0,
            "acked": 0,
            "unsynced": 0,
            "online": False,
            "sales": 0,
        }


async def _run(config: ObjectConfig, version: str, listener: socket.socket) -> str | None:
    clock = HubClock(SystemClock())
    runtime: ObjectRuntime | ClosedObject
    try:
        runtime = ObjectRuntime(config, version, clock, listener)
    except JournalDamagedError as error:
        runtime = ClosedObject(config, str(error), clock, listener)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, runtime.stop)
    return await runtime.run()


def _devices(config: ObjectConfig) -> list[tuple[str, PeripheralUri, Driver]]:
    """The object's devices: role, address and driver of each."""
    try:
        uris = [(peripheral.role, parse_uri(peripheral.uri)) for peripheral in config.peripherals]
        return [(role, uri, driver_for(uri.profile)) for role, uri in uris]
    except (PeripheralUriError, ProfileError) as error:
        raise StartError(str(error)) from error


def _pack(product: Product) -> Pack:
    return Pack(product.pack_mg, product.pack_tolerance_mg, product.gtin)


def _keeper(config: ObjectConfig, version: str, clock: Clock) -> Keeper:
    try:
        config.documents.mkdir(parents=True, exist_ok=True)
        return Keeper(config, version, clock)
    except (ForeignLedgerError, JournalClosedError, KeyUnusableError) as error:
        raise StartError(str(error)) from error
    except OSError as error:
        raise StartError(f"{config.data_dir}: {error}") from error


def _glass_server(
    config: ObjectConfig, till: TillView, status: Callable[[], object], clock: Clock
) -> _GlassServer:
    section = config.object
    glass = Glass(kind=section.kind, place=section.name, timezone=section.timezone)
    app = glass_app(till, glass, status, embedders=config.display.embedders, clock=clock)
    served = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GOODBYE_S
    )
    return _GlassServer(served, app.state.watchers.close)


def _read_books(config: ObjectConfig) -> tuple[Books, str | None]:
    """The books as the journal's projection has them, and the receipt of the last sale."""
    with contextlib.closing(LedgerReader(config.ledger)) as reader:
        identity = reader.identity()
        assert identity is not None, "the journal has begun"
        books = Books.load(reader.select, identity.epoch)
        if books.last_sale is None:
            return books, None
        entry = reader.entry(books.last_sale.seq)
        return books, entry.jws() if entry else None


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=32)
    except OSError as error:
        raise StartError(
            f"{host}:{port}: {error.strerror}: give the object another display.port, or stop what uses it"
        ) from error


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
        loop.call_soon_threadsafe(call)
