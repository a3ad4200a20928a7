"""The outbox: receipts on their way to the line, so that the desk never waits for the broker."""

import threading
from collections.abc import Callable
from typing import Final

from cloud_sync.mqtt import Outgoing

# How soon an idle outbox sees that it is to close.
_ROUND_S: Final = 0.25


class Outbox:
    """Of each topic only the last word is kept: a later receipt says all that an earlier one did.

    The line's thread waits while the desk is full, and hears no confirmation meanwhile: a desk that waited
    for confirmations would keep both waiting. There are never more words here than objects.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Outgoing] = {}
        self._news = threading.Condition()

    def say(self, outgoing: Outgoing) -> bool:
        """Leave it here; it goes out as soon as the broker takes more."""
        with self._news:
            self._waiting[outgoing.topic] = outgoing
            self._news.notify()
        return True

    def work(self, publish: Callable[[Outgoing], bool], closing: threading.Event) -> None:
        """Publish until `closing`. What cannot go out is not lost: its object asks again."""
        while not closing.is_set():
            for outgoing in self._taken():
                publish(outgoing)

    def _taken(self) -> list[Outgoing]:
        """All that waits; empty after a quiet while."""
        with self._news:
            self._news.wait_for(lambda: self._waiting, _ROUND_S)
            taken, self._waiting = self._waiting, {}
        return list(taken.values())
