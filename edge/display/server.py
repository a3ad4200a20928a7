"""The server of the glass: one page, one stream of screens, one door for taps; nothing leaves the object."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge.checkout.state import Answer, State, Tap
from edge.display.aloud import Reciter, Speaking
from edge.display.geometry import css
from edge.display.guard import Guard
from edge.display.pages import STATIC, Pages
from edge.display.picture import pictured, type_of
from edge.display.screens import Glass
from edge.display.showing import screen_of
from edge.display.stream import Stream, Watchers
from retail.locale import clock_time

# {"action":"language","screen":9007199254740991,"value":"zh-Hans"} is 64 bytes; 1 KiB is no tap of ours.
TAP_BYTES_MAX: Final = 1024


class TillView(Protocol):
    """All that the glass asks of the till."""

    @property
    def state(self) -> State:
        """What the till is doing right now."""
        ...

    def subscribe(self, ring: Callable[[], None]) -> Callable[[], None]:
        """Call `ring`, which returns at once, after each change; what is returned ends that."""
        ...

    async def tap(self, tap: Tap, screen: int, value: str | None) -> Answer:
        """What becomes of a tap that was painted on the screen with this number."""
        ...


class WallClock(Protocol):
    """All that the glass asks of time."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 in UTC."""
        ...

    def quality(self) -> str:
        """`trusted` where the time may be shown to people."""
        ...


class TapSaid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /tap: what was tapped, and the number of the screen that it was painted on.

    The value may stand in the action itself: `method:desk`.
    """

    action: str
    screen: int
    value: str | None = None


class Answered(msgspec.Struct, frozen=True):
    """The answer to a tap."""

    answer: Answer


class TapError(ValueError):
    """A request that is no tap of ours: the status and the sentence that it is answered by."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


_TAP: Final = msgspec.json.Decoder(TapSaid)


def glass_app(
    till: TillView,
    glass: Glass,
    status: Callable[[], object],
    *,
    embedders: Sequence[str] = (),
    clock: WallClock,
) -> Starlette:
    """The app of one glass; its `state.watchers.close()` ends the open streams, so that a server can stop.

    `status` gives what GET /status says: bytes of JSON, or anything that msgspec writes as JSON. `embedders`
    are the origins that may show the glass in a frame; raises EmbedderError on what is no origin.
    Its `state.hang(picture)` has goods shown with pictures: bytes by SHA-256, None while missing.
    Its `state.recite(voice)` has screens read aloud to whoever taps for it.
    """
    door = _Door(till, glass, status, clock)
    app = Starlette(
        routes=[
            Route("/", door.page),
            Route("/events", door.events),
            Route("/tap", door.tap, methods=["POST"]),
            Route("/state", door.state),
            Route("/status", door.status),
            Route("/panel.css", door.panel),
            Route("/picture/{sha256}", door.picture),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, embedders=embedders)],
        exception_handlers={TapError: _refuse},
    )
    app.state.watchers = door.watchers
    app.state.recite = door.recite
    app.state.hang = door.hang
    return app


class _Door:
    """The routes, and the last screen painted: ten watchers of one change cost one painting."""

    def __init__(self, till: TillView, glass: Glass, status: Callable[[], object], clock: WallClock) -> None:
        self._till = till
        self._glass = glass
        self._status = status
        self._clock = clock
        self._picture: Callable[[str], bytes | None] = lambda _sha256: None
        self._pages = Pages(glass, lambda sha256: type_of(self._picture(sha256)) is not None)
        self._painted: tuple[State, str] | None = None
        self.watchers = Watchers(till.subscribe, self._fragment, self._time)

    def recite(self, voice: Speaking) -> None:
        """Read aloud what is painted from now on, where somebody listens."""
        reciter = Reciter(voice)

        def see() -> None:
            screen = screen_of(self._till.state, self._glass)
            reciter.see(screen, self._fragment() if screen.listens else "")

        self._till.subscribe(see)

    def hang(self, picture: Callable[[str], bytes | None]) -> None:
        """From here on goods are shown with their pictures."""
        self._picture = picture

    async def picture(self, request: Request) -> Response:
        return await pictured(request, self._picture)

    async def page(self, _: Request) -> Response:
        screen = screen_of(self._till.state, self._glass)
        return HTMLResponse(self._pages.page(screen, self._fragment()))

    async def events(self, _: Request) -> Stream | Response:
        if self.watchers.full:
            return PlainTextResponse("too many pages look at this glass: close one\n", status_code=503)
        return Stream(self.watchers)

    async def tap(self, request: Request) -> Response:
        return _json(Answered(await self._till.tap(*await _tap_of(request))))

    async def state(self, _: Request) -> Response:
        return _json(screen_of(self._till.state, self._glass))

    async def status(self, _: Request) -> Response:
        return _json(self._status())

    async def panel(self, _: Request) -> Response:
        return Response(css(self._glass.drawn), media_type="text/css")

    def _fragment(self) -> str:
        state = self._till.state
        if self._painted is None or self._painted[0] is not state:
            self._painted = (state, self._pages.fragment(screen_of(state, self._glass)))
        return self._painted[1]

    def _time(self) -> str:
        """The time on the wall; nothing where nobody has set the clock: a wrong time is worse than none."""
        if self._clock.quality() != "trusted":
            return ""
        screen = screen_of(self._till.state, self._glass)
        return clock_time(self._clock.wall_ms(), self._glass.timezone, screen.language)


async def _tap_of(request: Request) -> tuple[Tap, int, str | None]:
    """The tap in a request, the number of its screen, and its value; raises TapError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise TapError(415, "expected a tap as application/json")
    body = await _body(request)
    try:
        return _tap_in(_TAP.decode(body))
    except (ValueError, RecursionError) as error:
        raise TapError(400, f'expected {{"action": ..., "screen": n}}: {error}') from error


def _tap_in(said: TapSaid) -> tuple[Tap, int, str | None]:
    action, colon, about = said.action.partition(":")
    return Tap(action), said.screen, about if colon else said.value


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > TAP_BYTES_MAX:
            raise TapError(413, f"expected a tap of at most {TAP_BYTES_MAX} bytes")
    return body


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, TapError)
    return PlainTextResponse(f"{error}\n", status_code=error.status)


def _json(said: object) -> Response:
    body = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return Response(body, media_type="application/json")
