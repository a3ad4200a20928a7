"""Threads of a process that live and die together.

Each worker is a thread. One that dies takes the process with it, exit code not 0: a supervisor starts a whole
one again, and nothing lingers half dead. What a worker was doing was a transaction: there is nothing to mend.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

_log = logging.getLogger(__name__)

# What a worker may need to end: one transaction, and a look at the clock.
_FAREWELL_S: Final = 5.0


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


def on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Have SIGTERM and SIGINT handled by `handler`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def leave(_number: int, _frame: FrameType | None) -> None:
    """A signal before anything runs: there is nothing to end."""
    sys.exit(0)
