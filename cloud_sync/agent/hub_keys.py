"""The hub's keys as this object believes them now: each door looks here, so that new ones need no restart."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Protocol

from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.tally import Tally
from cloud_sync.contract.signing import PublicKey, Verifier

_log = logging.getLogger(__name__)


class Believed(Protocol):
    """The keys that a keyring made this object believe."""

    @property
    def receipt(self) -> tuple[PublicKey, ...]:
        """Those of receipts and replies."""
        ...

    @property
    def documents(self) -> tuple[PublicKey, ...]:
        """Those of documents and orders."""
        ...


class HubKeys:
    """Two maps from kid to verifier, which change in place."""

    def __init__(self, receipt: Iterable[PublicKey], documents: Iterable[PublicKey]) -> None:
        self.receipt: Final[dict[str, Verifier]] = {}
        self.documents: Final[dict[str, Verifier]] = {}
        self.believe(receipt, documents)

    def believe(self, receipt: Iterable[PublicKey], documents: Iterable[PublicKey]) -> None:
        """Believe these keys, and no others."""
        for known, keys in ((self.receipt, receipt), (self.documents, documents)):
            verifiers = {key.kid: Verifier(key) for key in keys}
            known.clear()
            known.update(verifiers)


class KeyringDoor:
    """Takes keyrings in and hands them on to the runtime, which believes by itself.

    `apply` checks a keyring against the pinned roots and keeps it, or raises ValueError; one that is here
    already is no error. `hand` gives it to the runtime.
    """

    def __init__(
        self,
        keys: HubKeys,
        apply: Callable[[str], Believed],
        hand: Callable[[str], Awaitable[Handed]],
    ) -> None:
        self._keys = keys
        self._apply = apply
        self._hand = hand
        self._newest: str | None = None
        self._handed: str | None = None
        self._news = asyncio.Event()
        self._refused = Tally(_log, "keyring")

    @property
    def refused(self) -> int:
        """How many were not from a root that is pinned here, or older than what is believed."""
        return self._refused.count

    def told(self, payload: bytes) -> None:
        """A keyring as the broker brought it: the retained one comes again with each connection."""
        try:
            jws = payload.decode("ascii")
            if jws == self._newest:
                return
            believed = self._apply(jws)
        except (ValueError, OSError) as error:
            self._refused.add(error)
            return
        self._keys.believe(believed.receipt, believed.documents)
        self._newest = jws
        self._news.set()

    def runtime_came(self) -> None:
        """A runtime is there; it may have started before the newest keyring was kept."""
        self._handed = None
        self._news.set()

    async def run(self) -> None:
        """Hand on, for ever; without a runtime nothing is handed until one comes."""
        while True:
            await self._news.wait()
            self._news.clear()
            newest = self._newest
            if newest is None or newest == self._handed:
                continue
            try:
                handed = await self._hand(newest)
            except RuntimeAwayError as error:
                _log.info("the keyring waits for the runtime: %s", error)
                continue
            self._handed = newest
            if handed.error is not None:
                _log.warning("the runtime does not take the keyring: %s", handed.error)
