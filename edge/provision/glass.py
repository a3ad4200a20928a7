"""The glass of an object that is being enrolled: the code, to be compared from across the room."""

import html
import socket
import threading
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
    "icon.svg": ("edge.display", "image/svg+xml"),
}
# Scaled with the panel: a module is a whole number of pixels at this size.
_QR_PX: Final = 348
# A browser's open connection is cut after this long at the end.
_GOODBYE_S: Final = 1


class CodeGlass:
    """Serves one page on `port` of this machine until `close`; raises OSError if the port is taken."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server((HOST, port))
        self._page = _page("... ...", "This object is being enrolled", "It is asking its hub.")
        self._code = ""
        routes = [
            *(Route("/", self._answer), Route("/state", self._state)),
            Route("/static/{name}", _static),
        ]
        app = Starlette(routes=routes, middleware=[Middleware(Guard, embedders=())])
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GOODBYE_S
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), name="glass")
        self._thread.start()

    def show(self, code: str, title: str, what: str, scan: str = "") -> None:
        """Show `code`, and below it what it is for; `scan` is what a phone reads instead of a person."""
        self._page, self._code = _page(code, title, what, scan), code if scan else ""

    def close(self) -> None:
        """Give the port back: the object's own glass takes it."""
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    async def _answer(self, _: Request) -> Response:
        return HTMLResponse(self._page)

    async def _state(self, _: Request) -> Response:
        return JSONResponse({"screen": "unpaired", "code": self._code})


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return Response(status_code=404)
    room, kind = _FILES[name]
    return Response(_file(name, room), media_type=kind)


def _page(code: str, title: str, what: str, scan: str = "") -> str:
    words = {"code": code, "title": title, "what": what}
    escaped = {name: html.escape(text) for name, text in words.items()}
    return Template(_file("code.html")).substitute(escaped, qr=qr(scan, _QR_PX) if scan else "")


def _file(name: str, room: str = "edge.provision") -> str:
    return resources.files(room).joinpath("static", name).read_text(encoding="utf-8")
