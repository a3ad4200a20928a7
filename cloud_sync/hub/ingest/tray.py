"""Trays beside the desk: what must not wait behind journals, nor journals behind it, is taken one by one."""

import logging
import queue
from collections.abc import Callable
from threading import Event
from typing import Final

from cloud_sync.mqtt import Message, Outgoing

_log = logging.getLogger(__name__)

WAITING_MAX: Final = 256
"""More than this wait only if the room behind does not move; who asked asks again, or can do without."""
# How soon an idle tray sees that it is to close.
_ROUND_S: Final = 0.25


class Tray:
    """Between the line's thread, which calls `post`, and the threads that run `work`."""

    def __init__(self, name: str, take: Callable[[str, bytes], Outgoing | None]) -> None:
        self._name, self._take = name, take
        self._waiting: queue.Queue[Message] = queue.Queue(WAITING_MAX)
        self._overflows = False

    def post(self, message: Message) -> None:
        """Put a message on the tray; it falls off a full one, and the first that does is logged."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            if not self._overflows:
                _log.warning("too many %s wait: some are dropped", self._name)
            self._overflows = True

    def work(self, publish: Callable[[Outgoing], bool], closing: Event) -> None:
        """Take messages until `closing`; `publish` says the answers."""
        while not closing.is_set():
            try:
                message = self._waiting.get(timeout=_ROUND_S)
            except queue.Empty:
                self._overflows = False
                continue
            # An answer that nobody hears is not lost: who asked asks again, and is told the same.
            if (answer := self._take(message.topic, message.payload)) is not None:
                publish(answer)
