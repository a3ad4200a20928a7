"""The glass as one task of the object's process; and the object of which nothing but the glass is left."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import uvicorn

from cloud_sync.contract.training import is_in_training
from cloud_sync.notify import HERE
from edge.checkout.pictures import Pictures
from edge.checkout.state import Answer, Stage, State, Tap
from edge.clock import Clock
from edge.config import ObjectConfig
from edge.display.edid import DRM, PictureSize, connected
from edge.display.geometry import Panel, geometry
from edge.display.panels import LAYOUTS
from edge.display.screens import Glass
from edge.display.server import TillView, glass_app
from edge.display.voice import VOICES, find_voice
from edge.keeper import may_begin_anew

_log: Final = logging.getLogger("opos.runtime")

# A person has begun a new ledger within the second: the object goes on with it.
_WAITING_S: Final = 1.0

# Streams of the glass are cut after this long at a stop; the page comes back by itself.
_GOODBYE_S: Final = 1


class GlassServer(uvicorn.Server):
    """Uvicorn as one task among others: the runtime itself hears the signals.

    `hang_up` ends the streams of the glass, which would otherwise stay open for ever.
    """

    def __init__(self, config: uvicorn.Config, hang_up: Callable[[], None]) -> None:
        super().__init__(config)
        self.hang_up = hang_up

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT to the runtime."""
        yield


def glass_server(
    config: ObjectConfig, till: TillView, status: Callable[[], dict[str, object]], clock: Clock
) -> GlassServer:
    """The server of an object's glass; to `status` it adds how many pages look at it."""
    voice = find_voice()
    glass = glass_of(config, spoken=voice is not None)

    def whole() -> dict[str, object]:
        return {**status(), "watchers": app.state.watchers.count}

    app = glass_app(till, glass, whole, embedders=config.display.embedders, clock=clock)
    app.state.hang(Pictures(config.documents / "pictures").picture)
    if voice is not None:
        app.state.recite(voice)
    served = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GOODBYE_S
    )
    return GlassServer(served, app.state.watchers.close)


def glass_of(config: ObjectConfig, *, spoken: bool, drm: Path = DRM) -> Glass:
    """Whose glass it is, drawn for the panel that the file or the panel itself describes."""
    section, display = config.object, config.display
    layout = LAYOUTS[section.kind]
    width_mm = display.width_mm or _width_mm(connected(drm), upright=layout == "mirror")
    drawn = geometry(layout, Panel(width_mm, display.mounting_mm))
    for flaw in drawn.flaws:
        _log.warning("%s's panel: %s", section.id, flaw)
    return Glass(
        *(section.kind, section.name, section.timezone, is_in_training(section.id)),
        drawn=drawn,
        contrast=display.contrast == "high",
        voices=tuple(VOICES) if spoken else (),
    )


def _width_mm(size: PictureSize | None, *, upright: bool) -> int | None:
    """The width as the panel hangs: a panel does not know that somebody has turned it."""
    if size is None:
        return None
    return size.shorter_mm if upright else size.longer_mm


def standing_of(status: dict[str, object]) -> str:
    """How the object is, in a line for `systemctl status`."""
    return "{object}: {stage}; {unsynced} of {head} entries wait for the hub".format_map(status)


class FeltTill:
    """The till as the glass sees it: `felt` is called with each tap, whatever becomes of it."""

    def __init__(self, till: TillView, felt: Callable[[], None]) -> None:
        self._till = till
        self._felt = felt

    @property
    def state(self) -> State:
        """What the till is doing right now."""
        return self._till.state

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Call `ring` after each change; what is returned ends that."""
        return self._till.subscribe(ring)

    async def tap(self, tap: Tap, screen: int, value: str | None) -> Answer:
        """A tap on the glass: somebody is there."""
        self._felt()
        return await self._till.tap(tap, screen, value)


class ClosedObject:
    """An object whose ledger was set aside: its glass says so, and it waits for a person.

    It ends by itself once a new ledger may begin.
    """

    def __init__(self, config: ObjectConfig, why: str, clock: Clock, listener: socket.socket) -> None:
        _log.error("%s", why)
        self._config = config
        self._listener = listener
        self._stopped = asyncio.Event()
        self._rings: dict[object, Callable[[], None]] = {}
        self.state = State(
            0, Stage.OUT_OF_SERVICE, online=False, language="en", languages=("en",), trouble="ledger"
        )
        self._server = glass_server(config, self, self._status, clock)

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Call `ring` when somebody wants to read or hear it otherwise; what is returned ends that."""
        key = object()
        self._rings[key] = ring

        def leave() -> None:
            self._rings.pop(key, None)

        return leave

    async def tap(self, tap: Tap, _screen: int, _value: str | None) -> Answer:
        """There is nothing to tap on but how it is read."""
        if tap is Tap.LARGER:
            self.state = msgspec.structs.replace(self.state, larger=not self.state.larger)
        elif tap is Tap.LISTEN:
            self.state = msgspec.structs.replace(self.state, listens=not self.state.listens)
        else:
            return Answer.REFUSED
        for ring in tuple(self._rings.values()):
            ring()
        return Answer.ACCEPTED

    def stop(self) -> None:
        """End the object."""
        self._stopped.set()

    async def run(self) -> str | None:
        """Show the glass until `stop`, or until there is a ledger to sell with."""
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener.dup()]))
        began_anew = False
        while not self._stopped.is_set() and not (began_anew := may_begin_anew(self._config)):
            HERE.beat(f"{self._config.object.id}: its ledger waits for a person (`opos doctor`)")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _WAITING_S)
        self._server.should_exit = True
        self._server.hang_up()
        await serving
        return "a new ledger may begin" if began_anew else None

    def _status(self) -> dict[str, object]:
        section = self._config.object
        return {
            "object": section.id,
            "kind": section.kind,
            "training": "off",
            "stage": self.state.stage.value,
            "head": 0,
            "acked": 0,
            "unsynced": 0,
            "online": False,
            "sales": 0,
        }
