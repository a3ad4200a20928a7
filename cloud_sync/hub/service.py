"""The hub as one process: broker line, ingest, projections, documents and HTTP are wired here and only here.

Each worker is a thread. One that dies takes the process with it, exit code not 0: a supervisor starts a whole
hub again, and nothing lingers half dead. What a worker was doing was a transaction: there is nothing to mend.
"""

import errno
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from types import FrameType
from typing import Final

import msgspec
import uvicorn

from cloud_sync.contract.topics import every_journal, every_state
from cloud_sync.hub.api.app import make_app
from cloud_sync.hub.documents.publisher import Publisher
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.ingest.desk import Desk
from cloud_sync.hub.ingest.intake import Intake
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Line

_log = logging.getLogger(__name__)

_HOST: Final = "127.0.0.1"
# What a worker may need to end: one transaction, and a look at the clock.
_FAREWELL_S: Final = 5.0
# An answer that is on its way gets so long after the signal.
_GRACE_S: Final = 2
# A request is answered in milliseconds; more at once wait with the objects, which ask again.
_REQUESTS_MAX: Final = 256


class PortTakenError(OSError):
    """The HTTP port cannot be listened on: why, and what to do."""


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is."""

    host: str
    port: int


class Workers:
    """Threads that live as long as the process; the first that ends by itself calls `down`."""

    def __init__(self, down: Callable[[], None]) -> None:
        self.closing = threading.Event()
        self.died: list[str] = []
        self._down = down
        self._threads: list[threading.Thread] = []

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run `work`, which returns soon after `closing` is set."""
        thread = threading.Thread(target=self._watched, args=(name, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """End them all."""
        self.closing.set()
        for thread in self._threads:
            thread.join(_FAREWELL_S)
            if thread.is_alive():
                self.died.append(thread.name)

    def _watched(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            if not self.closing.is_set():
                _log.error("%s has died: the hub ends", name)
                self.died.append(name)
                self._down()


def listen(port: int) -> socket.socket:
    """A socket that listens on this machine alone (port 0: any); raises PortTakenError with a sentence."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
        raise PortTakenError(f"port {port} of {_HOST} {why}: choose another one with --port") from error
    return listening


def run(folder: Folder, listening: socket.socket, broker: Broker) -> list[str]:
    """Be the hub until a signal says otherwise; the names of the workers that died, none if all is well."""
    with listening, closing(database.connect(folder.database)) as store, folder.running():
        return _serve(folder, store, listening, broker)


def _serve(folder: Folder, store: Store, listening: socket.socket, broker: Broker) -> list[str]:
    _on_signals(_leave)
    link, appended = threading.Event(), threading.Event()
    publisher = Publisher(store)
    desk = Desk(Intake(store, folder.receipt_key(), wall_ms), Presence(store, wall_ms), appended)

    def linked(up: bool) -> None:
        (link.set if up else link.clear)()
        if up:
            publisher.connected()

    line = Line(
        host=broker.host,
        port=broker.port,
        client_id=f"opos-hub-{folder.receipt_key().public.kid}",
        on_message=desk.post,
        on_link=linked,
        subscriptions=(every_journal("+"), every_state("+")),
    )
    server = _server(store, link.is_set)

    def end(*_: object) -> None:
        server.should_exit = True

    # While it serves, the server has handlers of its own that do the same, and raises the signal again after.
    _on_signals(end)
    workers = Workers(end)
    workers.start("ingest", lambda: desk.work(line.publish, workers.closing))
    workers.start("projections", lambda: Projector(store).work(appended, workers.closing))
    workers.start("documents", lambda: publisher.work(line.publish, workers.closing))
    line.start()
    server.run(sockets=[listening])
    line.stop()
    workers.close()
    return workers.died


def _server(store: Store, hears_broker: Callable[[], bool]) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            make_app(store, wall_ms, hears_broker),
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            limit_concurrency=_REQUESTS_MAX,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )


def wall_ms() -> int:
    """Milliseconds since 1970 in UTC: the hub's clock is this machine's."""
    return time.time_ns() // 1_000_000


def _on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """A signal before anything runs: there is nothing to end."""
    sys.exit(0)
