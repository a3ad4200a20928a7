"""The hub's desk on the line: messages wait here in a short queue and are taken one after another."""

import logging
import queue
from collections.abc import Callable
from threading import Event
from typing import Final

from cloud_sync.hub.ingest.intake import Intake, Taken
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.mqtt import Message, Outgoing

_log = logging.getLogger(__name__)

# The broker has at most 16 messages on their way to us, and keeps the rest while this desk is full.
WAITING_MAX: Final = 64
# A desk that has not moved for so long is stuck on the disk. What is dropped then, its object sends again.
_PATIENCE_S: Final = 5.0
# How soon an idle desk sees that it is to close.
_ROUND_S: Final = 0.25
# A receipt is of no use to an object that comes later: it sends again and gets a new one.
_RECEIPT_EXPIRY_S: Final = 60


class Desk:
    """Between the line's thread, which calls `post`, and the thread that runs `work`."""

    def __init__(self, intake: Intake, presence: Presence, appended: Event) -> None:
        self._intake, self._presence, self._appended = intake, presence, appended
        self._waiting: queue.Queue[Message] = queue.Queue(WAITING_MAX)

    def post(self, message: Message) -> None:
        """Put a message on the desk; it waits while the desk is full."""
        try:
            self._waiting.put(message, timeout=_PATIENCE_S)
        except queue.Full:
            _log.warning(
                "the desk is full: a message on %r is dropped; its object sends it again", message.topic
            )

    def work(self, publish: Callable[[Outgoing], bool], closing: Event) -> None:
        """Take messages until `closing`; `publish` says the receipts."""
        while not closing.is_set():
            try:
                message = self._waiting.get(timeout=_ROUND_S)
            except queue.Empty:
                continue
            self._take(message, publish)

    def _take(self, message: Message, publish: Callable[[Outgoing], bool]) -> None:
        if message.topic.endswith("/up/state"):
            self._presence.take(message.topic, message.payload, retained=message.retained)
            return
        outcome = self._intake.take(message.topic, message.payload)
        _log.log(logging.WARNING if outcome.taken is Taken.FORKED else logging.DEBUG, "%s", outcome.sentence)
        if outcome.answer:
            receipt = outcome.answer.jws.encode("ascii")
            # Not published is not lost: the object asks again by sending again.
            publish(Outgoing(outcome.answer.topic, receipt, expiry_s=_RECEIPT_EXPIRY_S))
        if outcome.taken is Taken.APPENDED:
            self._appended.set()
