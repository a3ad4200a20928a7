"""What a process tells the service manager that started it: that it is ready, alive, how it is, and ending.

The protocol is sd_notify(3): datagrams to the socket that $NOTIFY_SOCKET names. Where nobody listens nothing
is said.
"""

import contextlib
import os
import socket
from collections.abc import Mapping
from typing import Final

# A sentence that `systemctl status` shows in one line.
STATUS_CHARS_MAX: Final = 120


class Notify:
    """The line to the service manager at `address`; without one it is dumb."""

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address  # an abstract socket
        self._ready = False
        self._status = ""

    def beat(self, status: str = "") -> None:
        """Say that it lives, and how it is; the first beat says that it is ready."""
        words = [] if self._ready else ["READY=1"]
        words.append("WATCHDOG=1")
        self._ready = True
        if status != self._status:
            self._status = status
            words.append(f"STATUS={' '.join(status.split())[:STATUS_CHARS_MAX]}")
        self._say(*words)

    def stopping(self) -> None:
        """Say that it is ending, because it was told to or by itself."""
        self._say("STOPPING=1")

    def _say(self, *words: str) -> None:
        if not self._address:
            return
        # A manager that does not take it loses a beat: whoever sells does not wait for it.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto("\n".join(words).encode(), self._address)


def notify_of(environment: Mapping[str, str]) -> Notify:
    """The line that this process was started with."""
    return Notify(environment.get("NOTIFY_SOCKET", ""))


HERE: Final = notify_of(os.environ)
"""This process's own line."""
