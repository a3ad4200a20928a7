"""The camera's keeper: starts its process while somebody is there, reads what it says, starts it again."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from edge.config import CAMERA
from edge.readings import DeviceFault, DeviceReady, Nanoseconds
from edge.runtime.camera_worker import LINE_BYTES_MAX, SOCKET, CameraPlan, start
from edge.sensors.votes import Nothing, Verdict

_log = logging.getLogger("opos.camera")

# Somebody who does nothing for so long is gone; until then the next code is read without a start of a second.
ASKED_NS: Final = Nanoseconds(60_000_000_000)

# A plug that was pulled is back in a second; an extra that was never installed does not come by trying.
_PAUSE_FIRST_S: Final = 0.5
_PAUSE_MAX_S: Final = 30.0

# What has worked for so long has a camera: when it dies, the first pause is a short one again.
_WELL_NS: Final = Nanoseconds(10_000_000_000)

# How soon it is noticed that nobody is there any more, or that the price book is another one.
_LOOK_S: Final = 0.5

_GONE: Final = "camera.gone"

CameraSaid = Verdict | DeviceReady | DeviceFault
"""All that the camera's process says."""

_DECODER: Final = msgspec.json.Decoder(CameraSaid)


def camera_plan(uri: str, catalogue: Path, gtins: Callable[[], Iterable[str]]) -> CameraPlan:
    """How the camera at `uri` is looked through."""
    source = uri.removeprefix(CAMERA)
    command = (sys.executable, "-m", "edge.camera", source, "--catalogue", str(catalogue))
    return CameraPlan(command, catalogue, gtins, source, SOCKET)


class CameraKeeper:
    """The camera of one object: `heard` is called with what it says."""

    def __init__(
        self,
        plan: CameraPlan,
        heard: Callable[[CameraSaid], None],
        now_ns: Callable[[], Nanoseconds],
        luck: Random,
    ) -> None:
        self._plan, self._heard, self._now_ns, self._luck = plan, heard, now_ns, luck
        self._asked = asyncio.Event()
        self._asked_ns = Nanoseconds(0)
        self._stale = False
        self._pause_s = _PAUSE_FIRST_S

    def ask(self) -> None:
        """Somebody is there: look, for a minute at least."""
        self._asked_ns = self._now_ns()
        self._asked.set()

    def forget(self) -> None:
        """The shop sells something else now: begin anew with what it sells."""
        self._stale = True

    async def run(self) -> None:
        """Look whenever somebody asks, for ever; a cancellation ends the process too."""
        while True:
            await self._asked.wait()
            if not self._is_asked:
                self._asked.clear()
                continue
            try:
                ended_by_us = await self._look()
            except OSError as error:
                self._lost(f"its program cannot be started: {error.strerror}")
                ended_by_us = False
            if not ended_by_us:
                await self._pause()

    @property
    def _is_asked(self) -> bool:
        return self._now_ns() - self._asked_ns < ASKED_NS

    async def _look(self) -> bool:
        """One life of the process; return whether it was ended, and did not end by itself."""
        self._stale = False
        began_ns = self._now_ns()
        worker = await start(self._plan)
        reading = asyncio.ensure_future(self._read(worker.said))
        try:
            while not reading.done() and self._is_asked and not self._stale:
                await asyncio.wait({reading}, timeout=_LOOK_S)
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            await worker.end()
        if self._now_ns() - began_ns >= _WELL_NS:
            self._pause_s = _PAUSE_FIRST_S
        if reading.cancelled():
            if not self._stale:
                self._heard(Nothing())  # whoever comes next shows a code of their own
            return True
        self._lost(reading.result())
        return False

    async def _read(self, said: asyncio.StreamReader) -> str:
        """Pass on what it says; return why that is over."""
        try:
            while line := await said.readline():
                self._heard(_DECODER.decode(line))
        except OSError as error:
            return f"it has hung up: {error.strerror}"
        except (ValueError, RecursionError) as error:
            return f"expected a verdict of at most {LINE_BYTES_MAX} bytes, got something else: {error}"
        return "it has ended"

    def _lost(self, why: str) -> None:
        _log.warning("the camera: %s: it is started again in %.0f s or less", why, self._pause_s)
        self._heard(DeviceFault(_GONE, "The camera is gone: check its plug."))

    async def _pause(self) -> None:
        """Wait, so that a camera that is not there costs nothing."""
        pause_s = self._pause_s * self._luck.uniform(0.5, 1.0)
        self._pause_s = min(2 * self._pause_s, _PAUSE_MAX_S)
        await asyncio.sleep(pause_s)
