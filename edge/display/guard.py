"""The guard at the door of the glass: who may ask, and what every answer says to the browser."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A name of somebody else's that points here (DNS rebinding) would make a foreign page our own: we answer to
# these names only.
_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII)

# Scheme, host and port, and nothing that could end a directive of the policy.
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")

# A browser says where a request comes from (Fetch Metadata); "none" is an address that a person typed.
_OWN_SITES: Final = frozenset({"same-origin", "none"})


class EmbedderError(ValueError):
    """What may embed the glass is not an origin."""

    def __init__(self, embedder: str) -> None:
        super().__init__(
            f"display.embedders: expected an origin such as http://127.0.0.1:8100, got {embedder!r}"
        )


class Guard:
    """Refuses what is not asked by the object's own page, and adds headers that keep the page to itself."""

    def __init__(self, app: ASGIApp, embedders: Sequence[str]) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": policy(embedders),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        reason = refusal(scope["method"], scope["path"], Headers(scope=scope))
        door = self._app if reason is None else PlainTextResponse(reason + "\n", status_code=403)
        await door(scope, receive, send_guarded)


def policy(embedders: Sequence[str]) -> str:
    """The content security policy: nothing but our own files, shown in a frame only by `embedders`."""
    for embedder in embedders:
        if not _ORIGIN.fullmatch(embedder):
            raise EmbedderError(embedder)
    ancestors = " ".join(embedders) or "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )


def refusal(method: str, path: str, headers: Headers) -> str | None:
    """Why a request is refused; None when it may pass.

    What carries no word of a browser comes from a program on this machine: no web page can leave out both
    `Origin` and `Sec-Fetch-Site` of a POST.
    """
    host = headers.get("host", "")
    if not _LOOPBACK.fullmatch(host):
        return f"expected a loopback address in Host, got {host[:80]!r}"
    if path == "/" and method in {"GET", "HEAD"}:
        return None  # a frame or a link may lead here: frame-ancestors says whose frame
    if headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        return "only the object's own page may ask for this"
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return "only the object's own page may ask for this"
    return None
