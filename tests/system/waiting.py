"""Waiting for something to come true, with an end to it."""

import socket
import time
from collections.abc import Callable
from threading import Event
from typing import Final, TypeVar

from tests.system.step import FellError

LOOK_EVERY_S: Final = 0.02

Found = TypeVar("Found")


def rest(span_s: float) -> None:
    """Do nothing for a while: machines are looked at from outside, and nothing wakes whoever looks."""
    Event().wait(span_s)


def until(found: Callable[[], Found | None], what: str, patience_s: float) -> Found:
    """Look until there is something; raises FellError when the patience is over."""
    ends_s = time.monotonic() + patience_s
    while (seen := found()) is None:
        if time.monotonic() > ends_s:
            raise FellError(f"waited {patience_s:.0f} s in vain until {what}")
        rest(LOOK_EVERY_S)
    return seen


def listens(port: int) -> bool:
    """Whether somebody listens on the loopback that all machines share."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
