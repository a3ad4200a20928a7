"""What a link is: bytes from a device and bytes to it, and one error for everything that can go wrong."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from edge.drivers.driver import InputFacts
from edge.drivers.uris import PeripheralUri


class LinkLostError(Exception):
    """The port cannot be opened, or is not there any more; `reason` is what the system says of it."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Link(Protocol):
    """An open port. Whatever goes wrong with it is a LinkLostError; after one it can only be closed."""

    facts: InputFacts | None = None
    """What the kernel knows of an input device; None of anything else."""

    def listen(self, come: Callable[[], object] | None) -> None:
        """Call `come` in every turn of the event loop in which there is something to take; None ends it."""
        ...

    def take(self) -> bytes:
        """What has come; only for who was told that something has: a serial port without bytes hung up."""
        ...

    async def read(self, patience_s: float | None) -> bytes:
        """What has come, as soon as something has; nothing when the patience is over."""
        come = asyncio.Event()
        self.listen(come.set)
        try:
            async with asyncio.timeout(patience_s):
                await come.wait()
        except TimeoutError:
            return b""
        finally:
            self.listen(None)
        return self.take()

    def write(self, data: bytes) -> None:
        """Send without waiting: at once what the port takes, and the rest as soon as it takes more."""
        ...

    def close(self) -> None:
        """Close the port; what is still unsent is thrown away, so that closing waits for nobody."""
        ...


class Opener(Protocol):
    """Opens a port by one way; raises OSError, termios.error or ImportError."""

    async def __call__(self, uri: PeripheralUri, /) -> Link:
        """Open it."""
        ...
