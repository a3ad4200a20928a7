"""Enrolment over HTTP: the root's certificate for everybody, and the counter where objects knock."""

import logging
from collections.abc import Callable
from typing import Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from cloud_sync.contract.enrolment import ENROLMENT_BYTES_MAX, PATH, EnrolmentSaid
from cloud_sync.hub.folder import Folder, RootAwayError
from cloud_sync.hub.identity.authority import NoAuthorityError, root_pem
from cloud_sync.hub.identity.claims import ClaimError
from cloud_sync.hub.identity.enrolling import Counter, Turn
from cloud_sync.hub.store.database import NoHubError, Store

_log = logging.getLogger(__name__)

ROOT_PATH: Final = "/root.crt"
"""Where the root's certificate is: whoever fetches it compares its fingerprint with that of a claim."""

_STATUS: Final = {
    Turn.HEARD: 200,
    Turn.GARBLED: 400,
    Turn.NOT_LET_IN: 403,
    Turn.TAKEN: 409,
    Turn.EXPIRED: 410,
}
_NOT_NOW: Final = 503


def add_enrolment(app: FastAPI, store: Store, folder: Folder, clock_ms: Callable[[], int]) -> None:
    """Give `app` its routes."""
    counter = Counter(store, folder, clock_ms)

    @app.get(ROOT_PATH, summary="The hub's root certificate", response_class=PlainTextResponse)
    def root() -> Response:
        try:
            return PlainTextResponse(root_pem(folder), media_type="application/x-pem-file")
        except NoAuthorityError as error:
            return PlainTextResponse(f"{error}\n", 404)

    # The body is a text that is signed as it is: read as bytes, and never more than it may have.
    @app.post(PATH, summary="An object asks to be let in, under a claim", response_class=Response)
    async def enrol(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            sentence = f"expected at most {ENROLMENT_BYTES_MAX} bytes"
            return _answer(413, EnrolmentSaid("refused", sentence=sentence))
        return await run_in_threadpool(_heard, counter, body.decode("ascii", "replace"))


def _heard(counter: Counter, jws: str) -> Response:
    try:
        heard = counter.ask(jws)
    except (NoAuthorityError, RootAwayError, NoHubError, ClaimError) as error:
        _log.warning("nobody can be let in: %s", error)
        sentence = "the hub cannot let anybody in now: ask its keeper"
        return _answer(_NOT_NOW, EnrolmentSaid("refused", sentence=sentence))
    return _answer(_STATUS[heard.turn], heard.said)


async def _body(request: Request) -> bytes | None:
    """What was posted; None if it is too long to be an enrolment."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > ENROLMENT_BYTES_MAX:
            return None
    return body


def _answer(status: int, said: EnrolmentSaid) -> Response:
    return Response(msgspec.json.encode(said), status, media_type="application/json")
