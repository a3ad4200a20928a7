"""The hub's heartbeat: the service manager hears of it only while the database answers."""

from threading import Event
from typing import Final

from cloud_sync.hub.store.database import Store, generation
from cloud_sync.notify import HERE

# A sixth of what the units give (WatchdogSec=30), so that a late answer is no death.
_EVERY_S: Final = 5.0


def beat(store: Store, closing: Event) -> None:
    """Ask the database, and say so, until `closing`."""
    while True:
        with store.reading() as connection:
            now = generation(connection)
        HERE.beat(f"the database answers (generation {now})")
        if closing.wait(_EVERY_S):
            HERE.stopping()
            return
