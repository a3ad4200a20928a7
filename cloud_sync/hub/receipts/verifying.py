"""The page that verifies receipts, as a hub serves it: its files, and the roots of this shop in them."""

import sys
from pathlib import Path
from typing import Final

import msgspec
from fastapi import FastAPI, HTTPException
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

# A hub that was updated, or believes another root, serves the new page at once.
_FRESH: Final = {"cache-control": "no-cache"}


def add_verifying(app: FastAPI, folder: Folder) -> None:
    """Have `app` serve the page; without its files there is none, and receipts are shown by the hub alone."""
    files = {each.name: each.read_bytes() for each in _directory().glob("*") if each.suffix in _TYPES}
    if not files:
        return

    @app.get("/r", include_in_schema=False)
    def short() -> RedirectResponse:
        return RedirectResponse(PAGE)

    @app.get("/r/", include_in_schema=False)
    def index() -> Response:
        return file(_INDEX)

    @app.get("/r/{name}", include_in_schema=False)
    def file(name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "the page that verifies receipts has no such file")
        body = _roots(folder) if name == _ROOTS else files[name]
        return Response(body, media_type=_TYPES[Path(name).suffix], headers=_FRESH)


def _directory() -> Path:
    """The files of the page: of this checkout, or as the wheel has laid them down."""
    checkout = Path(__file__).parents[3] / "docs" / "verify"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "opos" / "verify"


def _roots(folder: Folder) -> bytes:
    """The public keys that certify objects of this shop, as the page reads them."""
    roots = msgspec.json.encode([root.jwk() for root in folder.trust().roots])
    return b"window.OPOS_ROOTS = " + roots + b";\n"
