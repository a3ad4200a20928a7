"""The hub's desk for journals and states: what waits in its short queue is taken as one group."""

import logging
import queue
import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Final

from cloud_sync.hub.ingest.intake import Intake, Outcome, Taken
from cloud_sync.hub.ingest.presence import Presence
from cloud_sync.mqtt import Message, Outgoing

_log = logging.getLogger(__name__)

WAITING_MAX: Final = 128
"""Messages that may wait, of at most 128 KiB each; the broker keeps the rest while this desk is full."""
# The most in one transaction: the cost of a commit is shared by then, and the first has waited enough.
_GROUP_MAX: Final = 64
# A desk that has not moved for so long is stuck on the disk. What is dropped then, its object sends again.
_PATIENCE_S: Final = 5.0
# How soon an idle desk sees that it is to close.
_ROUND_S: Final = 0.25
# Between two groups of a drain there are a few milliseconds.
_BREATH_S: Final = 0.05
# A backlog comes in long frames, or many at once; the sales of a day in short ones, which hold nobody up.
_BUSY_BYTES: Final = 4 * 1024
# A receipt is of no use to an object that comes later: it sends again and gets a new one.
_RECEIPT_EXPIRY_S: Final = 60


class Desk:
    """Between the line's thread, which calls `post`, and the thread that runs `work`."""

    def __init__(self, intake: Intake, presence: Presence, appended: Event) -> None:
        self._intake, self._presence, self._appended = intake, presence, appended
        self._waiting: queue.Queue[Message] = queue.Queue(WAITING_MAX)
        self._tokens: Mapping[int, int] | None = None
        self._took_s = -_BREATH_S

    def leased(self, tokens: Mapping[int, int]) -> None:
        """From now on take only what is of these partitions, each with the token of its lease."""
        self._tokens = dict(tokens)

    def post(self, message: Message) -> None:
        """Put a message on the desk; it waits while the desk is full."""
        try:
            self._waiting.put(message, timeout=_PATIENCE_S)
        except queue.Full:
            _log.warning(
                "the desk is full: a message on %r is dropped; its object sends it again", message.topic
            )

    @property
    def busy(self) -> bool:
        """Whether much comes at this moment, as after a long time without a line."""
        return time.monotonic() - self._took_s < _BREATH_S

    def work(self, publish: Callable[[Outgoing], bool], closing: Event) -> None:
        """Take messages until `closing`; `publish` says the receipts."""
        while not closing.is_set():
            if group := self._group():
                self._take(group, publish)
                if sum(len(message.payload) for message in group) >= _BUSY_BYTES:
                    self._took_s = time.monotonic()

    def _group(self) -> list[Message]:
        """All that waits, as much as one transaction may have; empty after a quiet while."""
        group: list[Message] = []
        try:
            group.append(self._waiting.get(timeout=_ROUND_S))
            while len(group) < _GROUP_MAX:
                group.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return group

    def _take(self, group: list[Message], publish: Callable[[Outgoing], bool]) -> None:
        states = {message.topic: message for message in group if message.topic.endswith("/up/state")}
        frames = [(each.topic, each.payload) for each in group if each.topic not in states]
        for outcome in self._intake.take_many(frames, self._tokens) if frames else ():
            self._answer(outcome, publish)
        if states:  # of each object the last: what it said before is not true any more
            self._presence.take_many(states.values())

    def _answer(self, outcome: Outcome, publish: Callable[[Outgoing], bool]) -> None:
        _log.log(logging.WARNING if outcome.taken is Taken.FORKED else logging.DEBUG, "%s", outcome.sentence)
        if outcome.answer:
            receipt = outcome.answer.jws.encode("ascii")
            # Not published is not lost: the object asks again by sending again.
            publish(Outgoing(outcome.answer.topic, receipt, expiry_s=_RECEIPT_EXPIRY_S))
        if outcome.taken is Taken.APPENDED:
            self._appended.set()
