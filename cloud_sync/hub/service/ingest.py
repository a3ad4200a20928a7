"""One worker's share of what objects say: its leases, the topics of those, its desk and its projections."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from cloud_sync.contract.requests import CertificateIssued
from cloud_sync.contract.topics import every_lane
from cloud_sync.hub.folder import Folder, RootAwayError
from cloud_sync.hub.identity.authority import NoAuthorityError
from cloud_sync.hub.identity.renewal import certified, renew
from cloud_sync.hub.ingest.desk import Desk
from cloud_sync.hub.ingest.gestures import Gestures
from cloud_sync.hub.ingest.intake import Intake
from cloud_sync.hub.ingest.leases import LEASE_S, Leases
from cloud_sync.hub.ingest.outbox import Outbox
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.hub.ingest.tray import Tray
from cloud_sync.hub.payments.accounts import accounts_in
from cloud_sync.hub.projections.projector import Projector
from cloud_sync.hub.requests.desk import PAYING, RequestDesk
from cloud_sync.hub.service.place import wall_ms
from cloud_sync.hub.service.workers import Workers
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Line, Message

# Two renewals may fail before a lease is lost.
_RENEW_S: Final = LEASE_S / 3
# The broker lets a handful of messages be unconfirmed; a group of receipts waits for it, and no longer than
# their objects wait before they send again.
_PATIENCE_S: Final = 1.0


class Ingest:
    """Takes in what comes on its leased partitions. `post` and `linked` are the line's callbacks."""

    def __init__(self, store: Store, folder: Folder, name: str) -> None:
        self._appended = threading.Event()
        self._desk = Desk(
            Intake(store, folder.receipt_key(), wall_ms), Presence(store, wall_ms), self._appended
        )
        self._request_desk = RequestDesk(
            *(store, folder.receipt_key(), wall_ms, partial(_renewed, store, folder)),
            accounts_in(folder.path, wall_ms).providers,
        )
        self._requests = Tray("questions", self._request_desk.take)
        self._gestures = Tray("pieces of telemetry", partial(_heard, Gestures(store, wall_ms)))
        self._projector = Projector(store)
        self._leases = Leases(store, name, wall_ms)
        self._news = threading.Event()
        self._up = False
        self._down_s = float(-LEASE_S)
        self._shared = self._holds = False

    def post(self, message: Message) -> None:
        """Bring a message to the room of its lane."""
        match message.topic.rpartition("/")[2]:
            case "request":
                self._requests.post(message)
            case "telemetry":
                self._gestures.post(message)
            case _:  # journals and states; what has no lane is refused there, and counted
                self._desk.post(message)

    def linked(self, up: bool) -> None:
        """The broker is there, or gone."""
        self._up, self._shared = up, False
        self._down_s = time.monotonic()
        self._news.set()

    @property
    def listens(self) -> bool:
        """Whether this worker's topics were asked for on this connection."""
        return self._shared

    def is_busy(self) -> bool:
        """Whether journals are being taken in just now."""
        return self._desk.busy

    def start(self, workers: Workers, line: Line) -> None:
        """Begin; the threads end with `workers`."""
        say, closing = partial(line.publish, patience_s=_PATIENCE_S), workers.closing
        outbox = Outbox()
        workers.start("ingest", lambda: self._desk.work(outbox.say, closing))
        workers.start("receipts", lambda: outbox.work(say, closing))
        workers.start("leases", lambda: self._keep_leases(line.listen, closing))
        workers.start("projections", lambda: self._projector.work(self._appended, closing, self.is_busy))
        workers.start("telemetry", lambda: self._gestures.work(say, closing))
        workers.start("requests", lambda: self._requests.work(say, closing))
        for _ in range(PAYING):
            workers.start("payments", lambda: self._request_desk.work(say, closing))

    def _keep_leases(self, listen: Callable[[list[str]], None], closing: threading.Event) -> None:
        while not closing.is_set():
            self._news.clear()
            self._share(listen)
            self._news.wait(_RENEW_S)
        self._leases.let_go()

    def _share(self, listen: Callable[[list[str]], None]) -> None:
        """Hold our share of the partitions and hear them; who hears no broker leaves them to others."""
        up = self._up
        tokens = {}
        if up or time.monotonic() - self._down_s < LEASE_S:
            tokens = self._leases.hold()
        elif self._holds:
            self._leases.let_go()
        self._holds = bool(tokens)
        # The tokens first: what comes on a topic must find its lease here.
        self._desk.leased(tokens)
        listen([every_lane(part) for part in sorted(tokens)])
        self._shared = up


def _heard(gestures: Gestures, topic: str, payload: bytes) -> None:
    gestures.take(topic, payload)


def _renewed(store: Store, folder: Folder, dev: str, csr_pem: str, now_ms: int) -> CertificateIssued:
    try:
        return CertificateIssued(renew(store, folder, dev, csr_pem, now_ms), certified(store, folder, dev))
    except (NoAuthorityError, RootAwayError) as error:
        raise ValueError(f"the hub can issue no certificate now: {error}") from error
