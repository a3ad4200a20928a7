"""The hub's numbers for Prometheus: to whoever is on this machine, and elsewhere to who has the token."""

import hmac
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import Response

from cloud_sync.exposition import CONTENT_TYPE
from cloud_sync.hub.metrics import text
from cloud_sync.hub.status import status_of
from cloud_sync.hub.store.database import Store

_BEARER: Final = re.compile(r"Bearer (?P<token>[A-Za-z0-9_-]{1,128})", re.ASCII)
# RFC 9110, section 11.6.1: who is not let in is told by what they would be.
_HOW: Final = {"WWW-Authenticate": "Bearer"}


def add_metrics(
    app: FastAPI,
    store: Store,
    clock_ms: Callable[[], int],
    hears_broker: Callable[[], bool],
    token_file: Path | None = None,
) -> None:
    """Answer /metrics; with a `token_file` only to who brings what is in it, and to nobody without it."""

    @app.get("/metrics", include_in_schema=False)
    def metrics(authorization: Annotated[str, Header()] = "") -> Response:
        if token_file is not None:
            _check(token_file, authorization)
        with store.reading() as connection:
            status = status_of(connection, clock_ms())
        numbers = text(status, broker=hears_broker(), program=version("opos"))
        return Response(numbers, media_type=CONTENT_TYPE)


def _check(token_file: Path, authorization: str) -> None:
    try:
        token = token_file.read_text("ascii").strip()
    except FileNotFoundError:  # as if there were no such page: nobody has asked for one
        raise HTTPException(404) from None
    brought = _BEARER.fullmatch(authorization)
    if not token or brought is None or not hmac.compare_digest(brought["token"], token):
        raise HTTPException(401, "expected the token of `opos hub metrics --new-token`", _HOW)
