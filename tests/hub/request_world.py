"""The world around the request desk: an object that asks, certificates on paper, a till to be paid."""

import collections
import threading

from cloud_sync.contract.facts import PaymentIntent
from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_BYTES_MAX,
    REQUEST_TYPE,
    Answer,
    Ask,
    CertificateIssued,
    PaymentAsked,
    PaymentSaid,
    Reply,
    Request,
    Verb,
)
from cloud_sync.contract.signing import Verifier, seal, unseal
from cloud_sync.hub.requests.desk import RequestDesk
from cloud_sync.hub.requests.gateway import Gateway
from cloud_sync.mqtt import Outgoing
from tests.hub.hub_world import Ear, HubWorld, PaperJournal
from tests.hub.paper_provider import PaperProvider

ATTEMPT = "attempt-number-1"
PATIENCE_S = 60.0


class Renewals:
    """Certificates on paper, each with a number."""

    def __init__(self) -> None:
        self.issued = 0

    def __call__(self, dev: str, csr: str, _now_ms: int) -> CertificateIssued:
        if csr == "bad":
            raise ValueError(f"{dev}: expected a CSR of its own key")
        self.issued += 1
        return CertificateIssued(f"certificate {self.issued} for {dev}")


class RequestCounter:
    """The desk, the object that asks it, and the reply that it gets."""

    def __init__(self, hub: HubWorld, journal: PaperJournal) -> None:
        self.hub, self.journal, self.renewals = hub, journal, Renewals()
        self.provider = PaperProvider()
        self.desk = RequestDesk(
            hub.store, hub.receipt_key, hub.clock, self.renewals, {"paper": self.provider}
        )

    def question(self, ask: Ask, request_id: str = "question-number-1", dev: str = "") -> bytes:
        request = Request(dev or self.journal.address.object, request_id, 17, ask)
        return seal(self.journal.key, REQUEST_TYPE, request).encode("ascii")

    def take(self, payload: bytes, topic: str = "") -> Reply | None:
        outgoing = self.desk.take(topic or self.journal.address.up("request"), payload)
        return self.opened(outgoing) if outgoing else None

    def ask(self, ask: Ask, request_id: str = "question-number-1") -> Answer:
        reply = self.take(self.question(ask, request_id))
        assert reply is not None
        assert (reply.dev, reply.id) == (self.journal.address.object, request_id)
        return reply.answer

    def opened(self, outgoing: Outgoing) -> Reply:
        assert outgoing.topic == self.journal.address.down("reply")
        assert outgoing.expiry_s is not None
        assert len(outgoing.payload) <= REQUEST_BYTES_MAX
        key = self.hub.receipt_key.public
        return unseal(outgoing.payload.decode("ascii"), REPLY_TYPE, {key.kid: Verifier(key)}, Reply)

    def alarms(self) -> dict[str, int]:
        """How often each kind was refused."""
        counted = collections.Counter[str]()
        for row in self.hub.rows("alarm"):
            counted[row[1]] += row[4]
        return counted


def pay(
    verb: Verb = "start",
    minor: int = 3450,
    currency: str = "EUR",
    provider: str = "paper",
    attempt: str = ATTEMPT,
) -> PaymentAsked:
    return PaymentAsked(verb, attempt, provider, minor, currency)


def said(outcome: str, reference: str = "psp-atte") -> Answer:
    return PaymentSaid(ATTEMPT, outcome, 3450, "EUR", reference)  # type: ignore[arg-type]


class Till:
    """An object that has meant to be paid, and the gateway that it asks."""

    def __init__(self, hub: HubWorld, journal: PaperJournal, provider: PaperProvider) -> None:
        self.hub, self.journal, self.provider = hub, journal, provider
        hub.send(journal, 1)
        self.restart()

    def restart(self) -> None:
        """A hub that knows nothing but its database."""
        self.gateway = Gateway(self.hub.store, {"paper": self.provider}, self.hub.clock)

    def mean(
        self,
        minor: int = 3450,
        provider: str = "paper",
        attempt: str = ATTEMPT,
        sale: str = "s-1",
        currency: str = "EUR",
    ) -> None:
        entry = self.journal.write(PaymentIntent(sale, attempt, provider, minor, currency))
        self.hub.send(self.journal, entry.seq)
        self.hub.project()

    def ask(self, ask: PaymentAsked, dev: str = "mirror-4") -> Answer | None:
        return self.gateway.answer(dev, ask)

    def payments(self) -> list[tuple[str, str]]:
        return [(row[0], row[5]) for row in self.hub.rows("payment")]

    def alarms(self) -> list[str]:
        return [row[1] for row in self.hub.rows("alarm")]


class Payers:
    """The threads that ask providers, and the line that they publish on."""

    def __init__(self, desk: RequestDesk) -> None:
        self.ear, self._closing = Ear(), threading.Event()
        self._threads = [
            threading.Thread(target=desk.work, args=(self.ear, self._closing), daemon=True) for _ in range(2)
        ]
        for thread in self._threads:
            thread.start()

    def reply(self, number: int) -> Outgoing:
        pause = threading.Event()
        for _ in range(int(PATIENCE_S / 0.01)):
            if len(self.ear.heard) >= number:
                return self.ear.heard[number - 1]
            pause.wait(0.01)
        raise TimeoutError(f"no reply number {number}")

    def stop(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
