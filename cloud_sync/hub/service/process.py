"""The hub as a process: all of it in one, or the part that people and programs ask."""

import socket
from contextlib import ExitStack

import msgspec
from fastapi import FastAPI

from cloud_sync.hub.api.app import make_app, make_object_app
from cloud_sync.hub.api.pushes import Pushed
from cloud_sync.hub.members.reclaiming import Reclaiming
from cloud_sync.hub.payments.accounts import accounts_in
from cloud_sync.hub.payments.ladder import LADDERS
from cloud_sync.hub.payments.watch import Watch
from cloud_sync.hub.pricing.auditor import Auditor
from cloud_sync.hub.receipts.delivery import deliver, mail_of
from cloud_sync.hub.receipts.door import add_receipts
from cloud_sync.hub.receipts.verifying import add_verifying
from cloud_sync.hub.requests.gateway import Gateway
from cloud_sync.hub.service.doors import Certificate, Door
from cloud_sync.hub.service.heartbeat import beat
from cloud_sync.hub.service.ingest import Ingest
from cloud_sync.hub.service.place import Place, wall_ms
from cloud_sync.hub.service.telling import Telling
from cloud_sync.hub.service.workers import Workers, leave, on_signals
from cloud_sync.hub.store.database import Store


class Listening(msgspec.Struct, frozen=True):
    """The sockets of a hub's doors; without `https` there is no door for objects on other machines."""

    http: list[socket.socket]
    https: list[socket.socket] = []


def run(place: Place, listening: Listening, *, ingests: bool = True) -> list[str]:
    """Be the hub until a signal says otherwise; the names of the workers that died, none if all is well.

    Without `ingests` other processes take in what objects say (`supervisor.supervise`).
    """
    on_signals(leave)
    with ExitStack() as all_of_it:
        for each in (*listening.http, *listening.https):
            all_of_it.enter_context(each)
        store = all_of_it.enter_context(place.opened())
        all_of_it.enter_context(place.folder.running())
        return _Hub(place, store, ingests=ingests).serve(listening)


class _Hub:
    """The parts of one process on one line to the broker."""

    def __init__(self, place: Place, store: Store, *, ingests: bool) -> None:
        self._place, self._store = place, store
        self._up = False
        self._telling = Telling(store, place.folder)
        accounts = accounts_in(place.folder.path, wall_ms)
        self._gateway = Gateway(store, accounts.providers, wall_ms)
        self._pushed = Pushed(self._gateway, accounts.readers)
        self._ingest = Ingest(store, place.folder, place.name)
        self._mail = mail_of(place.folder.path)
        self._ingests = ingests
        self._line = place.line("hub", self._ingest.post, self._linked)

    def serve(self, listening: Listening) -> list[str]:
        """Begin with all parts, and end with the first of them."""
        app = make_app(self._store, wall_ms, self._hears_broker)
        self._add_receipts(app)
        front = Door(app)
        # While it serves, the server has handlers of its own that do the same, and raises the signal again.
        on_signals(lambda *_: front.close())
        workers = Workers(front.close)
        back = self._open_to_objects(workers, listening.https)
        self._telling.start(workers, self._line)
        watch = Watch(self._store, self._gateway, LADDERS, wall_ms)
        workers.start("watch", lambda: watch.work(workers.closing))
        auditor = Auditor(self._store, wall_ms)
        workers.start("prices again", lambda: auditor.work(workers.closing, self._ingest.is_busy))
        reclaiming = Reclaiming(self._store, wall_ms)
        workers.start("slices", lambda: reclaiming.work(workers.closing))
        if self._mail is not None:
            outbox = self._mail.outbox
            workers.start("letters", lambda: deliver(outbox, wall_ms, workers.closing))
        if self._ingests:
            self._ingest.start(workers, self._line)
        self._line.start()
        workers.start("heartbeat", lambda: beat(self._store, workers.closing))
        front.serve(listening.http)
        workers.closing.set()
        if back is not None:
            back.close()
        self._line.stop()
        workers.close()
        return workers.died

    def _open_to_objects(self, workers: Workers, https: list[socket.socket]) -> Door | None:
        if not https:
            return None
        app = make_object_app(self._store, self._place.folder, wall_ms, self._hears_broker, self._pushed)
        self._add_receipts(app)
        door = Door(app, Certificate(self._place.tls / "hub.crt", self._place.tls / "hub.key"))
        workers.start("https", lambda: door.serve(https))
        workers.start("https certificate", lambda: door.follow(workers.closing))
        return door

    def _add_receipts(self, app: FastAPI) -> None:
        """Behind both doors: the links of objects on this machine lead to the one in front."""
        add_receipts(app, self._store, wall_ms, self._mail)
        add_verifying(app, self._place.folder)

    def _linked(self, up: bool) -> None:
        self._up = up
        self._telling.linked(up)
        if self._ingests:
            self._ingest.linked(up)

    def _hears_broker(self) -> bool:
        return self._up and (not self._ingests or (self._ingest.listens and self._line.granted))
