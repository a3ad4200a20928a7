"""The guard at the hub's HTTP doors: under which name we answer, how long, and what we say to a browser."""

import asyncio
import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A name of somebody else's that points here (DNS rebinding) would let a foreign page read our figures.
_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII)

# Nothing but our own files, in nobody's frame.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


# The longest answer is a chunk of 96 KiB: a line that needs more than this for it is beyond help.
_ANSWER_S: Final = 60.0


class Guard:
    """Refuses requests under a foreign name, and adds headers that keep the pages to themselves.

    `any_name` is for the door with TLS: there the certificate says whose name it is.
    """

    def __init__(self, app: ASGIApp, *, any_name: bool = False) -> None:
        self._app, self._any_name = app, any_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        host = Headers(scope=scope).get("host", "")
        refusal = PlainTextResponse(f"expected a loopback address in Host, got {host[:80]!r}\n", 403)
        welcome = self._any_name or _LOOPBACK.fullmatch(host)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await (self._app if welcome else refusal)(scope, receive, send_guarded)
        except TimeoutError:
            if not begun:  # who does not even finish the question
                await PlainTextResponse("too slow\n", 408)(scope, receive, send_guarded)
