"""The desk for what objects ask: a question is verified, answered once under its id, and then the same again.

What the hub knows itself is answered at once. A payment waits for its provider, so it is done on threads of
their own: `take` never waits for more than the hub's own disk.
"""

import hashlib
import logging
import queue
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Event, Lock
from typing import Final

import msgspec

from cloud_sync.contract.escrow import SliceAsked
from cloud_sync.contract.members import MemberAsked
from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_EXPIRY_S,
    Answer,
    CertificateAsked,
    CertificateIssued,
    CommandDone,
    Noted,
    PaymentAsked,
    Refused,
    Reply,
    Request,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import Signer, seal
from cloud_sync.contract.stock import StockAsked
from cloud_sync.contract.topics import Address
from cloud_sync.hub.ingest.opening import RefusedError, count
from cloud_sync.hub.members.escrow import Escrow
from cloud_sync.hub.members.levels import known_by
from cloud_sync.hub.orders.outcomes import note
from cloud_sync.hub.requests.door import Door
from cloud_sync.hub.requests.gateway import Gateway
from cloud_sync.hub.requests.provider import Provider
from cloud_sync.hub.requests.stock import lying
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Outgoing

_log = logging.getLogger(__name__)

Renew = Callable[[str, str, int], CertificateIssued]
"""(object, CSR in PEM, now in ms) -> what is issued to it; raises ValueError with a sentence."""

PAYING: Final = 4
"""So many threads are to run `work`: as many payments are on their way to providers at once."""

# Questions of a payment that wait for a thread; who finds no room asks again in two seconds.
_WAITING_MAX: Final = 64
# Answers that are remembered: all questions of one reconnect storm. After that a question is answered
# anew, which does no harm: another certificate is issued, or it is noted again what an order came to.
_ANSWERED_MAX: Final = 1_024
# An intent may be a moment behind its question: its journal goes another way, and is counted apart. Whoever
# hears nothing asks again in two seconds.
_INTENT_PATIENCE_S: Final = 1.5
_INTENT_ROUND_S: Final = 0.05
# How soon an idle thread sees that it is to end.
_ROUND_S: Final = 0.25
_SENTENCE_CHARS_MAX: Final = 400


class _Payment(msgspec.Struct, frozen=True):
    """A question that waits for its provider."""

    address: Address
    request_id: str
    ask: PaymentAsked


class RequestDesk:
    """Answers what comes on `up/request`. Threads may share it."""

    def __init__(
        self,
        store: Store,
        signer: Signer,
        clock_ms: Callable[[], int],
        renew: Renew,
        providers: Mapping[str, Provider] | None = None,
    ) -> None:
        """`signer` is the hub's key for receipts, which signs replies; `providers` stand by their codes."""
        self._store, self._signer, self._clock_ms, self._renew = store, signer, clock_ms, renew
        self._door = Door(store, clock_ms)
        self._escrow = Escrow(signer)
        self._gateway = Gateway(store, providers or {}, clock_ms)
        self._payments: queue.Queue[_Payment] = queue.Queue(_WAITING_MAX)
        self._answered: OrderedDict[bytes, Answer] = OrderedDict()
        self._busy: set[str] = set()
        self._lock = Lock()  # guards the two above

    def take(self, topic: str, payload: bytes) -> Outgoing | None:
        """The reply to a question; None if it gets none, or gets it later from `work`."""
        try:
            asked = self._door.opened(topic, payload)
        except RefusedError as refused:
            count(self._store, refused, self._clock_ms())
            return None
        if asked is None:
            return None
        request = asked.request
        if isinstance(request.ask, PaymentAsked):
            self._put(_Payment(asked.address, request.id, request.ask))
            return None
        return self._reply(asked.address, request.id, self._answer(request, request.ask))

    def settle(self) -> None:
        """Count what has turned out to be forged; `work` does this too."""
        self._door.settle()

    def work(self, publish: Callable[[Outgoing], bool], closing: Event) -> None:
        """Ask providers until `closing`; up to `PAYING` threads do this at one desk."""
        while not closing.is_set():
            self.settle()
            try:
                payment = self._payments.get(timeout=_ROUND_S)
            except queue.Empty:
                continue
            try:
                answer = self._pay(payment, closing)
            finally:
                with self._lock:
                    self._busy.discard(payment.address.object)
            if answer is not None:
                # Not published is not lost: the object asks again, and nothing is done twice.
                publish(self._reply(payment.address, payment.request_id, answer))

    def _put(self, payment: _Payment) -> None:
        """Have a payment done, unless one of its object is being done: nobody pays for two things at once."""
        with self._lock:
            if payment.address.object in self._busy:
                return
            try:
                self._payments.put_nowait(payment)
            except queue.Full:
                _log.warning("a payment of %s waits: its object asks again", payment.address.object)
                return
            self._busy.add(payment.address.object)

    def _pay(self, payment: _Payment, closing: Event) -> Answer | None:
        rounds = int(_INTENT_PATIENCE_S / _INTENT_ROUND_S)
        for _ in range(rounds):
            answer = self._gateway.answer(payment.address.object, payment.ask)
            if answer is not None or closing.wait(_INTENT_ROUND_S):
                return answer
        _log.warning("%s asks to pay attempt %s, which its journal does not mean", *_names(payment))
        return None

    def _answer(
        self,
        request: Request,
        ask: TimeAsked | CertificateAsked | CommandDone | SliceAsked | MemberAsked | StockAsked,
    ) -> Answer:
        # No old answers to these: what time it is, how much a wallet has lent by now, who is whose, what lies
        # where.
        if isinstance(ask, TimeAsked):
            return TimeTold()
        if isinstance(ask, SliceAsked):
            with self._store.writing() as connection:
                return self._escrow.lend(connection, request.dev, ask, self._clock_ms())
        if isinstance(ask, MemberAsked):
            with self._store.reading() as connection:
                return known_by(connection, request.dev, ask)
        if isinstance(ask, StockAsked):
            with self._store.reading() as connection:
                return lying(connection, request.dev, ask, self._clock_ms())
        key = hashlib.sha256(f"{request.dev}\n{request.id}".encode() + msgspec.json.encode(ask)).digest()
        with self._lock:
            if (answer := self._answered.get(key)) is not None:
                self._answered.move_to_end(key)
                return answer
        answer = self._found(request.dev, ask)
        with self._lock:
            self._answered[key] = answer
            while len(self._answered) > _ANSWERED_MAX:
                self._answered.popitem(last=False)
        return answer

    def _found(self, dev: str, ask: CertificateAsked | CommandDone) -> Answer:
        now_ms = self._clock_ms()
        if isinstance(ask, CommandDone):
            with self._store.writing() as connection:
                note(connection, dev, ask, now_ms)
            return Noted()
        try:
            return self._renew(dev, ask.csr, now_ms)
        except ValueError as error:
            return Refused(str(error)[:_SENTENCE_CHARS_MAX])

    def _reply(self, address: Address, request_id: str, answer: Answer) -> Outgoing:
        reply = Reply(address.object, request_id, self._clock_ms(), answer)
        jws = seal(self._signer, REPLY_TYPE, reply).encode("ascii")
        return Outgoing(address.down("reply"), jws, expiry_s=REQUEST_EXPIRY_S)


def _names(payment: _Payment) -> tuple[str, str]:
    return payment.address.object, payment.ask.attempt
