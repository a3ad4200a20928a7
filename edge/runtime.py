"""The runtime: composition root of the object's main process, from the cables of its sensors to its glass.

Here, and only here, a reading is carried to the sensors, an event to the till, an entry to the bell. The
process stops, with a sentence and exit code 1, when its journal can no longer be believed; whoever started
it starts it again.
"""

import asyncio
import contextlib
import logging
import os
import random
import secrets
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import uvicorn

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from edge.checkout.backroom import Backroom
from edge.checkout.books import Books, ShopProjection
from edge.checkout.documents import DocumentRefusedError, Documents
from edge.checkout.sale import Shop
from edge.checkout.till import Till
from edge.clock import Clock, SystemClock
from edge.config import ConfigError, ObjectConfig
from edge.display.screens import Glass
from edge.display.server import glass_app
from edge.drivers.profiles import ProfileError
from edge.drivers.registry import Driver, PeripheralUri, PeripheralUriError, driver_for, parse_uri
from edge.drivers.transports import converse
from edge.events import Event
from edge.offline_queue.bell import Answered, Bell, Said
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.outcomes import JournalClosedError, JournalDamagedError
from edge.offline_queue.reader import LedgerReader
from edge.readings import Heard, Reading
from edge.sensors.mirror import MirrorSense
from edge.sensors.service import Service
from edge.sensors.shelf import Pack, ShelfSense

_log: Final = logging.getLogger("opos.runtime")

# Often enough that a screen ends on time; it costs nothing that a Pi would notice.
_TICK_S: Final = 0.25

# Below this a sale is refused before anything is owed: one entry and its page images need 100 KB.
_ROOM_BYTES_MIN: Final = 8 * 1024 * 1024

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

    def __init__(self, config: ObjectConfig, version: str, clock: Clock, listener: socket.socket) -> None:
        self._config = config
        self._clock = clock
        self._listener = listener
        self._devices = _devices(config)
        self._stopped = asyncio.Event()
        self._failure: str | None = None
        self._journal = _open_journal(config, version, clock)
        self._receipt_keys = {key.kid: Verifier(key) for key in config.trust.receipt}
        shop = Shop(config.object.id, config.object.sells_from, config.tender.account, config.object.timezone)
        books, last_receipt = _read_books(config)
        self._till = Till(shop, self._journal, books, clock, new_sale=lambda: b64(secrets.token_bytes(12)))
        documents = Documents(config.documents, config.object.site, config.trust.documents)
        self._backroom = Backroom(shop, documents, self._journal, self._till)
        self._service = Service(peripheral.role for peripheral in config.peripherals)
        self._shelf = ShelfSense() if config.object.kind == "shelf" else None
        self._sense: Sense = self._shelf or MirrorSense()
        self._bell = Bell(config.bell, self._told)
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
        self._journal.close()
        return self._failure

    async def _work(self) -> None:
        server = self._glass_server()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(sockets=[self._listener]))
            tasks = [group.create_task(work) for work in self._conversations()]
            tasks.append(group.create_task(self._tick()))
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

        return hear

    def _expect(self) -> None:
        """Tell the shelf what belongs on it, whenever the books have changed."""
        if self._shelf is not None:
            packs = self._backroom.packs()
            self._shelf.expect(
                {epc: Pack(product.pack_mg, product.pack_tolerance_mg) for epc, product in packs.items()}
            )

    async def _tick(self) -> None:
        while True:
            room = os.statvfs(self._config.data_dir)
            full = room.f_bavail * room.f_frsize < _ROOM_BYTES_MIN
            self._till.disk("disk" if full else None)
            self._till.tick()
            await asyncio.sleep(_TICK_S)

    def _ring(self, head: int) -> None:
        self._ringing = asyncio.ensure_future(self._bell.ring(head))

    async def _told(self, said: Said) -> Answered:
        """What the agent brings: the runtime alone checks it and writes."""
        try:
            if said.receipt is not None:
                receipt = unseal(said.receipt, RECEIPT_TYPE, self._receipt_keys, Receipt)
                await self._journal.acknowledge(receipt, said.receipt)
            if said.document is not None:
                await self._backroom.receive(said.document.manifest, Path(said.document.path))
            if said.link is not None:
                self._till.link(up=said.link == "up")
        except ValueError as error:  # every refusal is one: of a signature, a receipt, a document
            _log.warning("refused: %s", error)
            return Answered(ok=False, error=str(error))
        except JournalClosedError as error:
            return Answered(ok=False, error=str(error))
        return Answered(ok=True)

    def _glass_server(self) -> _GlassServer:
        section = self._config.object
        glass = Glass(kind=section.kind, place=section.name, timezone=section.timezone)
        app = glass_app(
            self._till, glass, self._status, embedders=self._config.display.embedders, clock=self._clock
        )
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GOODBYE_S
        )
        return _GlassServer(config, app.state.watchers.close)

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


async def _run(config: ObjectConfig, version: str, listener: socket.socket) -> str | None:
    runtime = ObjectRuntime(config, version, SystemClock(), listener)
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


def _open_journal(config: ObjectConfig, version: str, clock: Clock) -> Journal:
    try:
        config.documents.mkdir(parents=True, exist_ok=True)
        key = SoftwareKey.from_pem(config.key.read_bytes())
        journal = open_journal(config.ledger, key, config.object.id, clock, [ShopProjection()])
        journal.start(version)
    except FileNotFoundError as error:
        raise StartError(f"{config.key}: the object has no key yet: run `opos object key`") from error
    except (JournalDamagedError, JournalClosedError, ConfigError) as error:
        raise StartError(str(error)) from error
    except (OSError, ValueError) as error:
        raise StartError(f"{config.data_dir}: {error}") from error
    return journal


def _read_books(config: ObjectConfig) -> tuple[Books, str | None]:
    """The books as the journal's projection has them, and the receipt of the last sale."""
    with contextlib.closing(LedgerReader(config.ledger)) as reader:
        books = Books.load(reader.select)
        if books.last_sale is None:
            return books, None
        return books, next(reader.entries(books.last_sale.seq)).jws()


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
