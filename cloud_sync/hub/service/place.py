"""Where a hub runs: its directory, its broker, its clock, and its connections to both."""

import hashlib
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Line, Message
from cloud_sync.security import PinnedSecurity

# As many as the desk takes in one transaction: a full line makes full groups.
_RECEIVE_MAXIMUM: Final = 64


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is; with `tls` both ends show a certificate of the hub's own authority."""

    host: str
    port: int
    tls: bool = False


class Place(msgspec.Struct, frozen=True):
    """A hub's directory, its broker, and the directory of `root.crt`, `hub.crt` and `hub.key`."""

    folder: Folder
    broker: Broker
    tls: Path

    @property
    def name(self) -> str:
        """A name for this directory on this machine, in 12 characters: the same after every start."""
        here = f"{socket.gethostname()}\n{self.folder.path.resolve()}"
        return hashlib.sha256(here.encode()).hexdigest()[:12]

    def opened(self) -> closing[Store]:
        """The database, closed when the block ends; raises NoHubError."""
        return closing(database.connect(self.folder.database))

    def line(self, part: str, on_message: Callable[[Message], None], on_link: Callable[[bool], None]) -> Line:
        """A connection to the broker for one part of the hub; raises OSError without the root's file."""
        return Line(
            host=self.broker.host,
            port=self.broker.port,
            client_id=f"opos-hub-{self.name}-{part}",
            on_message=on_message,
            on_link=on_link,
            receive_maximum=_RECEIVE_MAXIMUM,
            security=self._security() if self.broker.tls else None,
        )

    def _security(self) -> PinnedSecurity:
        root = (self.tls / "root.crt").read_text("ascii")
        return PinnedSecurity(root, self.tls / "hub.crt", self.tls / "hub.key")


def wall_ms() -> int:
    """Milliseconds since 1970 in UTC: the hub's clock is this machine's."""
    return time.time_ns() // 1_000_000
