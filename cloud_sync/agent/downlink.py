"""The downlink: brings signed documents to the runtime, whole, and never an older one than before.

A manifest says what a document is made of; chunks come by hash and stay on disk until the whole is there, so
that a line that breaks costs one chunk. The runtime has the last word: until it confirms a document it is
handed on again, and a runtime that starts is handed everything once more.
"""

import asyncio
import hashlib
import logging
import random
from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path
from typing import Final

from cloud_sync.agent.chunks import FetchError
from cloud_sync.agent.manifests import BadManifestError, ManifestDoor, SignedManifest
from cloud_sync.agent.ports import Handed, RuntimeAwayError
from cloud_sync.agent.staging import Staging, WrongDocumentError
from cloud_sync.agent.tally import Tally
from cloud_sync.contract.documents import Manifest

_log = logging.getLogger(__name__)

DOCUMENTS_MAX: Final = 16
"""So many documents a site has at most: catalogue, prices, promotions, rights, config, keys, and room."""

# A hub that does not answer is asked again after a second, then less and less often.
_RETRY_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
# What a full disk does not keep is fetched again, and paid for, each time that it is tried.
_NO_ROOM_S: Final = 600.0


class Told(Enum):
    """What became of a manifest."""

    NEW = "new"
    AGAIN = "again"  # the version that we have, as at each connection
    OLDER = "older"  # a replay, or a hub that lost its memory: never an older price
    REFUSED = "refused"  # not the hub's, not this site's, or not possible


Fetch = Callable[[str], Awaitable[bytes]]
Hand = Callable[[str, Path], Awaitable[Handed]]


class Downlink:
    """Documents of one site. `fetch` gets a chunk, `hand` gives manifest and file to the runtime."""

    def __init__(
        self, door: ManifestDoor, staging: Staging, fetch: Fetch, hand: Hand, luck: random.Random
    ) -> None:
        self._door = door
        self._staging = staging
        self._fetch = fetch
        self._hand = hand
        self._luck = luck
        self._wake = asyncio.Event()
        self._wanted: dict[str, SignedManifest] = {}
        self._confirmed: dict[str, Manifest] = {}
        self._complaints: dict[str, str] = {}  # what each document waits for, said once
        self._has_room = True
        self._refused = Tally(_log, "manifest")
        for name, jws in staging.manifests().items():
            self._take(door.topic(name), jws)

    @property
    def refused(self) -> int:
        """How many manifests were not the hub's, not this site's, or not possible."""
        return self._refused.count

    def told(self, topic: str, payload: bytes) -> Told:
        """Take a manifest as the broker brought it."""
        told = self._take(topic, payload)
        if told is Told.NEW:
            try:
                self._staging.keep_manifest(topic.rpartition("/")[2], payload)
            except OSError as error:  # the broker has it, and tells it again after a restart
                _log.warning("%s: its manifest is not kept: %s", topic, error.strerror)
            self._wake.set()
        return told

    def runtime_came(self) -> None:
        """A runtime is there, and knows nothing of what an earlier one confirmed."""
        self._confirmed.clear()
        self._wake.set()

    async def run(self) -> None:
        """Bring what is wanted, for ever; whatever fails is tried again."""
        failures = 0
        while True:
            self._wake.clear()
            failures = 0 if await self._bring_all() else failures + 1
            try:
                async with asyncio.timeout(self._delay_s(failures)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _take(self, topic: str, payload: bytes) -> Told:
        try:
            signed = self._door.admit(topic, payload)
            told = self._compare(signed.manifest)
        except BadManifestError as error:
            self._refused.add(f"{topic[:200]}: {error}")
            return Told.REFUSED
        if told is Told.NEW:
            self._wanted[signed.manifest.name] = signed
        return told

    def _compare(self, manifest: Manifest) -> Told:
        known = self._wanted.get(manifest.name)
        if known is None and len(self._wanted) >= DOCUMENTS_MAX:
            raise BadManifestError(f"there are {DOCUMENTS_MAX} documents already")
        if known is None or manifest.version > known.manifest.version:
            return Told.NEW
        if manifest == known.manifest:
            return Told.AGAIN
        if manifest.version == known.manifest.version:
            raise BadManifestError(f"it is another document of the same version {manifest.version}")
        _log.info("%s: expected a version after %s", manifest.name, known.manifest.version)
        return Told.OLDER

    async def _bring_all(self) -> bool:
        """Bring each document that the runtime has not confirmed; False if one could not be brought."""
        self._has_room = True
        brought = [
            await self._bring(signed)
            for name, signed in list(self._wanted.items())
            if self._confirmed.get(name) != signed.manifest
        ]
        return all(brought)

    async def _bring(self, signed: SignedManifest) -> bool:
        manifest = signed.manifest
        try:
            path = self._staging.staged(manifest) or await self._stage(manifest)
            handed = await self._hand(signed.jws, path)
            if handed.error is not None:
                self._staging.forget_if_torn(manifest)
                self._complain(manifest, f"the runtime does not take it: {handed.error}")
                return False
            self._confirm(manifest)
        except RuntimeAwayError as error:  # it comes, and is handed everything then
            _log.info("%s waits for the runtime: %s", manifest.name, error)
            return False
        except (FetchError, WrongDocumentError, OSError) as error:
            self._has_room = self._has_room and not isinstance(error, OSError)
            self._complain(manifest, f"cannot be brought now: {error}")
            return False
        return True

    def _complain(self, manifest: Manifest, why: str) -> None:
        """Say once why a document is not here, however often it is tried again."""
        if self._complaints.get(manifest.name) != why:
            self._complaints[manifest.name] = why
            _log.warning("%s %s: %s", manifest.name, manifest.version, why)

    def _confirm(self, manifest: Manifest) -> None:
        self._confirmed[manifest.name] = manifest
        self._complaints.pop(manifest.name, None)
        self._staging.forget_chunks(manifest)
        self._staging.keep_only([signed.manifest for signed in self._wanted.values()])

    async def _stage(self, manifest: Manifest) -> Path:
        for sha256 in manifest.chunks:
            if not self._staging.has_chunk(sha256):
                data = await self._fetch(sha256)
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise FetchError(f"chunk {sha256}: got {len(data)} bytes of something else")
                self._staging.keep_chunk(sha256, data)
        return await asyncio.to_thread(self._staging.assemble, manifest)

    def _delay_s(self, failures: int) -> float | None:
        if not failures:
            return None
        delay_s = _RETRY_S[min(failures, len(_RETRY_S)) - 1] if self._has_room else _NO_ROOM_S
        return delay_s * self._luck.uniform(0.75, 1.25)
