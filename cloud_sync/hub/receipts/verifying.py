"""The page that verifies receipts, as a hub serves it: its files, and the roots of this shop in them."""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from cloud_sync.hub.folder import Folder

PAGE: Final = "/r/"
"""Where it is: a link is this, `#`, and the receipt, which no browser sends."""

_INDEX: Final = "index.html"
_ROOTS: Final = "roots.js"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# A hub that was updated, or believes another root, serves the new page at once; a browser that has this one
# learns so by its tag, and fetches nothing.
_FRESH: Final = {"cache-control": "no-cache"}


# 128 bits: no two versions of a file have the same by chance.
_TAG_DIGITS: Final = 32


def add_verifying(app: FastAPI, folder: Folder) -> None:
    """Have `app` serve the page; without its files there is none, and receipts are shown by the hub alone."""
    files = {each.name: each.read_bytes() for each in _directory().glob("*") if each.suffix in _TYPES}
    if not files:
        return

    @app.get("/r", include_in_schema=False)
    def short() -> RedirectResponse:
        return RedirectResponse(PAGE)

    @app.get("/r/", include_in_schema=False)
    def index(request: Request) -> Response:
        return file(_INDEX, request)

    @app.get("/r/{name}", include_in_schema=False)
    def file(name: str, request: Request) -> Response:
        if name not in files:
            raise HTTPException(404, "the page that verifies receipts has no such file")
        body = _roots(folder) if name == _ROOTS else files[name]
        tag = f'"{sha256(body).hexdigest()[:_TAG_DIGITS]}"'
        headers = {**_FRESH, "etag": tag}
        if _has(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=_TYPES[Path(name).suffix], headers=headers)


def _has(request: Request, tag: str) -> bool:
    """Whether the browser has this very file (RFC 9110, section 13.1.2: compared weakly)."""
    known = request.headers.get("if-none-match", "").split(",")
    return tag in {each.strip().removeprefix("W/") for each in known}


def _directory() -> Path:
    """The files of the page: of this checkout, or as the wheel has laid them down."""
    checkout = Path(__file__).parents[3] / "docs" / "verify"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "opos" / "verify"


def _roots(folder: Folder) -> bytes:
    """The public keys that certify objects of this shop, as the page reads them."""
    roots = msgspec.json.encode([root.jwk() for root in folder.trust().roots])
    return b"window.OPOS_ROOTS = " + roots + b";\n"
