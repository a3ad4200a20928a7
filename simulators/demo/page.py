"""The control page: hands, the network switch and a look behind the scenes; it moves simulators only."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Literal

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulators.demo.bench import BenchGoneError, BenchRefusedError
from simulators.demo.fragments import Fragments
from simulators.demo.ports import HOST
from simulators.demo.shop import OpenShop
from simulators.demo.shopper import NotSeenError
from simulators.demo.world import CannotMoveError, Move

_STATIC: Final = Path(__file__).with_name("static")
# A verb, an object and a product's name: anything longer is not from our page.
_ORDER_BYTES_MAX: Final = 2048
# A person has a tab or two open.
_LISTENERS_MAX: Final = 16


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a hand on the page asks for: at which object, or of which process, and with which product."""

    verb: Literal[
        "hold", "away", "take", "put back", "lay", "take out", "scan", "carry out", "cut", "plug", "kill"
    ]
    name: str
    item: str = ""


class _UnknownNameError(Exception):
    """The page asks for an object or a process that this shop does not have."""


_REFUSALS: Final = (_UnknownNameError, CannotMoveError, NotSeenError, BenchGoneError, BenchRefusedError)


class Page:
    """The page of one open shop."""

    def __init__(self, opened: OpenShop, fragments: Fragments) -> None:
        self._opened = opened
        self._fragments = fragments
        self._listeners = 0

    async def show(self, _request: Request) -> Response:
        """The page as it stands now; the stream brings what changes."""
        return HTMLResponse(self._fragments.page())

    async def listen(self, _request: Request) -> Response:
        """The stream of what changes."""
        if self._listeners >= _LISTENERS_MAX:
            return Response(f"at most {_LISTENERS_MAX} pages at a time\n", status_code=503)
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def do(self, request: Request) -> Response:
        """Do what the hand asks; answer with a sentence where that cannot be."""
        try:
            await self._obey(msgspec.json.decode(await _body(request), type=_Order))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except _REFUSALS as error:
            return JSONResponse({"error": str(error)}, status_code=409)
        except OSError as error:
            self._fragments.ring(error)
            return JSONResponse({"error": f"The world cannot be saved: {error}"}, status_code=500)
        self._fragments.ring()
        return Response(status_code=204)

    async def _obey(self, order: _Order) -> None:
        if order.verb == "kill":
            self._kill(order.name)
            return
        if order.name not in self._opened.shoppers:
            raise _UnknownNameError(f"expected an object of this shop, got {order.name!r}")
        shopper = self._opened.shoppers[order.name]
        if order.verb in {"cut", "plug"}:
            await shopper.connect(plugged=order.verb == "plug")
        else:
            await shopper.move(Move(order.verb), order.item)

    def _kill(self, name: str) -> None:
        if name not in self._opened.supervisor.children:
            raise _UnknownNameError(f"expected a process of this shop, got {name!r}")
        self._opened.supervisor.kill(name)

    async def _stream(self) -> AsyncIterator[bytes]:
        self._listeners += 1
        try:
            async for fresh in self._fragments.changes():
                yield b"data: " + msgspec.json.encode(fresh) + b"\n\n" if fresh else b": still here\n\n"
        finally:
            self._listeners -= 1


async def _body(request: Request) -> bytes:
    """The body, or nothing where it is too long or no JSON: a form of another page cannot send JSON."""
    if request.headers.get("content-type") != "application/json":
        return b""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _ORDER_BYTES_MAX:
            return b""
    return body


class Guard:
    """Says to the browser what the page may do: our own script and style, and the glasses in frames."""

    def __init__(self, app: ASGIApp, frames: tuple[str, ...]) -> None:
        self._app = app
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"frame-src {' '.join(frames)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every answer."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, guarded)


def control_app(opened: OpenShop, fragments: Fragments) -> Starlette:
    """The app of the control page, for this machine's own browsers."""
    page = Page(opened, fragments)
    frames = tuple(shopper.glass.url for shopper in opened.shoppers.values())
    return Starlette(
        routes=[
            Route("/", page.show),
            Route("/events", page.listen),
            Route("/do", page.do, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[
            # A page elsewhere cannot reach us under a name of its own (DNS rebinding).
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(Guard, frames=frames),
        ],
    )
