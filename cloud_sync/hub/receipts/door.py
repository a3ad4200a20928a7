"""The door to receipts: a page for whoever has a link, and a letter for whoever asks for one."""

from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import parse_qs

import msgspec
from fastapi import FastAPI, Path, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from cloud_sync.contract.encoding import unb64
from cloud_sync.hub.receipts.finding import Found, Promotions, no_words, receipt_at
from cloud_sync.hub.receipts.letter import NoAddressError, Sender, letter
from cloud_sync.hub.receipts.post import Outbox, Queued
from cloud_sync.hub.receipts.sheet import PAGE_WORDS, STYLE, note, page, page_words, title_of
from cloud_sync.hub.store.database import Store

# An address and the name of its field.
_FORM_BYTES_MAX: Final = 1024

_HASH_BYTES: Final = 32

Object = Annotated[str, Path(min_length=1, max_length=64)]
Seq = Annotated[int, Path(ge=1, le=2**53 - 1)]
Hash = Annotated[str, Path(pattern=r"^[\w-]{43}$")]


class Mail(msgspec.Struct, frozen=True):
    """How letters leave: who writes them, and where they wait."""

    sender: Sender
    outbox: Outbox


def add_receipts(
    app: FastAPI,
    store: Store,
    clock_ms: Callable[[], int],
    mail: Mail | None = None,
    promotions: Promotions = no_words,
) -> None:
    """Have `app` show receipts, and send them where there is a mail server.

    The hash is the key: it is of bytes that nobody can guess, and only the receipt itself names it.
    """

    def find(dev: str, seq: int, sha256: str) -> Found | None:
        try:
            wanted = unb64(sha256)
        except ValueError:
            return None
        with store.reading() as connection:
            return (
                receipt_at(connection, dev, seq, wanted, promotions) if len(wanted) == _HASH_BYTES else None
            )

    @app.get("/r/receipt.css", include_in_schema=False)
    def style() -> Response:
        return Response(STYLE, media_type="text/css")

    @app.get("/r/{dev}/{seq}/{sha256}", summary="A receipt as a page", response_class=HTMLResponse)
    def show(dev: Object, seq: Seq, sha256: Hash, request: Request) -> HTMLResponse:
        if (found := find(dev, seq, sha256)) is None:
            return _absent(request)
        return HTMLResponse(page(found, mail=f"{request.url.path}/mail" if mail is not None else ""))

    if mail is not None:
        _add_mail(app, mail, clock_ms, find)


def _add_mail(
    app: FastAPI, mail: Mail, clock_ms: Callable[[], int], find: Callable[[str, int, str], Found | None]
) -> None:
    @app.post("/r/{dev}/{seq}/{sha256}/mail", summary="Send a receipt to the address `to` of a form")
    async def post(dev: Object, seq: Seq, sha256: Hash, request: Request) -> HTMLResponse:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _FORM_BYTES_MAX:
                return HTMLResponse("", 413)
        found = await run_in_threadpool(find, dev, seq, sha256)
        return _absent(request) if found is None else _posted(mail, found, body, clock_ms())


def _posted(mail: Mail, found: Found, body: bytes, now_ms: int) -> HTMLResponse:
    words = page_words(found.slip.language)
    to = parse_qs(body.decode("utf-8", "replace")).get("to", [""])[0].strip()
    try:
        message = letter(found, mail.sender, to, now_ms)
    except NoAddressError:
        return _answer(found, words.no_address, 422)
    match mail.outbox.add(found.hash, message, now_ms):
        case Queued.WAITS:
            return _answer(found, words.sent, 202)
        case Queued.ENOUGH:
            return _answer(found, words.enough, 429)
        case Queued.FULL:
            return _answer(found, words.later, 503)


def _answer(found: Found, said: str, status: int) -> HTMLResponse:
    return HTMLResponse(note(title_of(found), said, found.slip.language), status)


def _absent(request: Request) -> HTMLResponse:
    language = _language(request)
    words = page_words(language)
    return HTMLResponse(note(words.not_here, words.wait, language), 404)


def _language(request: Request) -> str:
    """The first language that a browser asks for and that we speak."""
    asked = request.headers.get("accept-language", "")[:200]
    tags = (part.partition(";")[0].strip().partition("-")[0].lower() for part in asked.split(","))
    return next((tag for tag in tags if tag in PAGE_WORDS), "en")
