"""Documents and keyrings are told to the objects: the newest, retained, after every connect and change."""

from collections.abc import Callable
from threading import Event
from typing import Final

from sqlalchemy import func, select

from cloud_sync.contract.topics import document, keyring
from cloud_sync.hub.identity import ring
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.database import Store
from cloud_sync.mqtt import Outgoing

# An import is another process: how soon it is seen. The question costs one look at an index.
_ROUND_S: Final = 0.25


class Publisher:
    """Says manifests and keyrings. `connected` is called by the line's thread, the rest by its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fresh = Event()
        self._said: dict[str, str] = {}
        """Topic -> the text that this connection has been told."""

    def connected(self) -> None:
        """A broker listens that may have forgotten everything: say it all again."""
        self._fresh.set()

    def work(self, publish: Callable[[Outgoing], bool], closing: Event) -> None:
        """Say what is new until `closing`."""
        while not closing.is_set():
            self.say(publish)
            self._fresh.wait(_ROUND_S)

    def say(self, publish: Callable[[Outgoing], bool]) -> None:
        """Say each text that this connection has not been told; what is not taken is said next time."""
        if self._fresh.is_set():
            self._fresh.clear()
            self._said.clear()
        for topic, text in self._newest().items():
            if self._said.get(topic) == text:
                continue
            if publish(Outgoing(topic, text.encode("ascii"), retain=True)):
                self._said[topic] = text

    def _newest(self) -> dict[str, str]:
        table = schema.document.c
        newest = select(func.max(table.id)).group_by(table.tenant, table.site, table.name)
        query = select(table.tenant, table.site, table.name, table.manifest).where(table.id.in_(newest))
        with self._store.reading() as connection:
            keyrings = {keyring(tenant): jws for tenant, jws in ring.newest(connection).items()}
            manifests = {
                document(row.tenant, row.site, row.name): row.manifest for row in connection.execute(query)
            }
        # Keyrings first: what is signed by a new key can be believed when it comes.
        return keyrings | manifests
