"""A glass with nothing of ours in it: `python -m benchmarks.glass.bare PORT FILE`.

One page with one button, one stream, one door for taps: Starlette and uvicorn as they come. A tap is on the
disk (one append of 4 KiB to FILE, and fdatasync) before the next screen is sent. It has imported what the
object's runtime imports.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Final

import apsw  # noqa: F401
import babel  # noqa: F401
import jinja2  # noqa: F401
import msgspec  # noqa: F401
import segno  # noqa: F401
import uvicorn
import zstandard  # noqa: F401
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: F401
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

_PAGE: Final = """<!doctype html>
<title>Bare</title>
<style>button { width: 600px; height: 200px } button.pressed { background: #ccc }</style>
<div id="glass"></div>
<script>
const root = document.documentElement, glass = document.getElementById("glass");
const stream = new EventSource("/events");
stream.onmessage = (event) => {
  const [screen, number] = event.data.split(" ");
  glass.innerHTML = `<p>${screen} ${number}</p><button data-action="${screen}">Next</button>`;
  Object.assign(root.dataset, { screen, number });
  delete root.dataset.away;
};
stream.onerror = () => { root.dataset.away = ""; };
document.addEventListener("pointerdown", (event) => event.target.classList.add("pressed"));
document.addEventListener("pointerup", () => glass.querySelector(".pressed")?.classList.remove("pressed"));
document.addEventListener("click", (event) => {
  if (event.target.dataset.action) fetch("/tap", { method: "POST" });
});
</script>
"""
_SCREENS: Final = ("buy", "done")


class Bare:
    """The routes; every tap leads to the next of two screens."""

    def __init__(self, file: Path) -> None:
        # No number comes again in the next process.
        self._numbers = count(2 * (time.time_ns() // 2))
        self._number = next(self._numbers)
        self._bell = asyncio.Event()
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def page(self, _: Request) -> Response:
        """The page."""
        return HTMLResponse(_PAGE)

    async def events(self, _: Request) -> Response:
        """The screens."""
        return StreamingResponse(self._told(), media_type="text/event-stream")

    async def tap(self, _: Request) -> Response:
        """A tap is written down, then the next screen is told."""
        await asyncio.to_thread(self._write)
        self._number = next(self._numbers)
        self._bell.set()
        return Response(status_code=204)

    def _write(self) -> None:
        os.write(self._file, b"\0" * 4096)
        os.fdatasync(self._file)

    async def _told(self) -> AsyncIterator[str]:
        yield "retry: 250\n\n"
        while True:
            self._bell.clear()
            yield f"data: {_SCREENS[self._number % 2]} {self._number}\n\n"
            await self._bell.wait()


def serve(port: int, file: Path) -> None:
    """Serve until the process is ended."""
    bare = Bare(file)
    routes = [
        Route("/", bare.page),
        Route("/events", bare.events),
        Route("/tap", bare.tap, methods=["POST"]),
    ]
    uvicorn.run(Starlette(routes=routes), port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
