"""Brings the pictures that the runtime wants: each is one chunk of the hub's, and is known by its hash."""

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from cloud_sync.agent.chunks import FetchError
from cloud_sync.contract.documents import PICTURES_WANTED_MAX, WANTED

_log = logging.getLogger(__name__)

# A picture is never urgent: goods are sold without.
_ROUND_S: Final = 10.0
# What cannot be kept is paid for each time that it is fetched.
_NO_ROOM_S: Final = 600.0
# So many failures in one round are the line, and no lost picture.
_FAILURES_MAX: Final = 3

_SHA256: Final = re.compile(r"[0-9a-f]{64}")

Fetch = Callable[[str], Awaitable[bytes]]


class Pictures:
    """The folder of pictures of one object: the runtime names them, we fetch them and drop the others."""

    def __init__(self, directory: Path, fetch: Fetch) -> None:
        self._directory = directory
        self._fetch = fetch
        self._complained = False
        self._pause_s = _ROUND_S

    async def run(self) -> None:
        """Look for what is wanted, for ever."""
        while True:
            await self.bring()
            await asyncio.sleep(self._pause_s)

    async def bring(self) -> None:
        """Fetch what is wanted and not here; what cannot be had or kept is tried again later."""
        try:
            failures = await self._bring()
            self._pause_s = _ROUND_S
        except OSError as error:  # a full disk, a folder that was taken away: no reason to end an agent
            self._complain(f"{self._directory}: no picture can be kept: {error.strerror}")
            failures, self._pause_s = 1, _NO_ROOM_S
        self._complained = failures > 0

    async def _bring(self) -> int:
        """How many could not be had."""
        wanted = self._wanted()
        if wanted is None:
            return 0
        failures = 0
        for sha256 in wanted:
            if not (self._directory / sha256).exists():
                failures += not await self._brought(sha256)
                if failures == _FAILURES_MAX:
                    break
        self._drop_all_but(set(wanted))
        return failures

    def _wanted(self) -> list[str] | None:
        """What the runtime has written; None as long as it has written nothing."""
        try:
            words = (self._directory / WANTED).read_text(encoding="ascii").split()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        return [each for each in words[:PICTURES_WANTED_MAX] if _SHA256.fullmatch(each)]

    async def _brought(self, sha256: str) -> bool:
        try:
            data = await self._fetch(sha256)
        except FetchError as error:
            self._complain(str(error))
            return False
        if hashlib.sha256(data).hexdigest() != sha256:
            self._complain(f"picture {sha256}: got {len(data)} bytes of something else")
            return False
        # Not synced: one that a power cut tears is seen by its hash, and shown by nobody.
        part = self._directory / f"{sha256}.part"
        part.write_bytes(data)
        part.replace(self._directory / sha256)
        return True

    def _complain(self, why: str) -> None:
        """Say once what does not come, and not in every round."""
        if not self._complained:
            self._complained = True
            _log.warning("%s", why)

    def _drop_all_but(self, wanted: set[str]) -> None:
        for path in self._directory.iterdir():
            if path.name not in wanted and path.stem != WANTED:
                path.unlink(missing_ok=True)
