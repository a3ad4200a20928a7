"""The glass of an object that does not work yet, or rests: a code to compare, or a page of the bench."""

import html
import socket
import threading
from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from edge.display.guard import Guard
from edge.display.pages import qr

HOST: Final = "127.0.0.1"

# What else is served: whose it is, and what it is.
_FILES: Final = {
    "code.css": ("edge.provision", "text/css"),
    "code.js": ("edge.provision", "text/javascript"),
    "bench.css": ("edge.provision", "text/css"),
    "icon.svg": ("edge.display", "image/svg+xml"),
}
# Scaled with the panel: a module is a whole number of pixels at this size.
_QR_PX: Final = 348
_OTHER_BUILD: Final = 'event: screen\ndata: <main data-build="bench" data-screen="bench"></main>\n\n'
# A browser's open connection is cut after this long at the end.
_GOODBYE_S: Final = 1


class PageGlass:
    """Serves `page` on `port` of this machine until `close`; raises OSError if the port is taken.

    A browser that still shows the object's own glass is brought over, and goes back by itself afterwards.
    """

    def __init__(self, port: int, page: str) -> None:
        self._listener = socket.create_server((HOST, port))
        self.page = page
        routes = [
            *(Route("/", self._answer), Route("/state", self._state)),
            *(Route("/events", _elsewhere), Route("/static/{name}", _static)),
        ]
        app = Starlette(routes=routes, middleware=[Middleware(Guard, embedders=())])
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GOODBYE_S
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), name="glass")
        self._thread.start()

    def close(self) -> None:
        """Give the port back: the object's own glass takes it."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def state(self) -> dict[str, str]:
        """What the page shows, for a program."""
        return {"screen": "bench"}

    async def _answer(self, _: Request) -> Response:
        return HTMLResponse(self.page)

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self.state())


class CodeGlass(PageGlass):
    """The page of a code on `port` of this machine until `close`; raises OSError if the port is taken."""

    def __init__(self, port: int) -> None:
        self._code = ""
        super().__init__(port, _page("....-....", "This object is being enrolled", "It is asking its hub."))

    def show(self, code: str, title: str, what: str, scan: str = "") -> None:
        """Show `code`, and below it what it is for; `scan` is what a phone reads instead of a person."""
        self.page, self._code = _page(code, title, what, scan), code if scan else ""

    def state(self) -> dict[str, str]:
        """The code, once a phone may read it."""
        return {"screen": "unpaired", "code": self._code}


def bench_page(shape: str, title: str, what: str, mark: str = "") -> str:
    """A page of the installer's bench: a `shape` of bench.css, with words for a person in the middle."""
    return _filled({"screen": "bench", "shape": shape, "mark": mark, "title": title, "what": what})


async def _elsewhere(_: Request) -> Response:
    """The stream of the object's own glass: a screen of another build, for which its page loads anew."""
    return Response(_OTHER_BUILD, media_type="text/event-stream")


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return Response(status_code=404)
    room, kind = _FILES[name]
    return Response(_file(name, room), media_type=kind)


def _page(code: str, title: str, what: str, scan: str = "") -> str:
    words = {"screen": "unpaired", "shape": "enrolment", "mark": code, "title": title, "what": what}
    return _filled(words, qr(scan, _QR_PX) if scan else "")


def _filled(words: Mapping[str, str], picture: str = "") -> str:
    """The page with these words; `picture` is markup already."""
    escaped = {name: html.escape(text) for name, text in words.items()}
    return Template(_file("page.html")).substitute(escaped, qr=picture)


def _file(name: str, room: str = "edge.provision") -> str:
    return resources.files(room).joinpath("static", name).read_text(encoding="utf-8")
