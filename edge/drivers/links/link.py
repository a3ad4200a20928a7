"""What a link is: bytes from a device and bytes to it, and one error for everything that can go wrong."""

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

    @property
    def facts(self) -> InputFacts | None:
        """What the kernel knows of an input device; None of anything else."""
        ...

    async def read(self, patience_s: float | None) -> bytes:
        """What has come, as soon as something has; nothing when the patience is over."""
        ...

    def wake(self) -> None:
        """Let a pending `read` return at once, with nothing if nothing has come."""
        ...

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
