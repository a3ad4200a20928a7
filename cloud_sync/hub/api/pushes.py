"""Where providers push to: `POST /payments/{provider}`, one handler for all of them."""

import logging
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from cloud_sync.hub.payments.pushes import PUSH_BYTES_MAX, ForgedError, Hint, Reader

_log = logging.getLogger(__name__)

# What a provider wants to hear; Stripe is content with any 200.
_HEARD: Final = "success"


class Looking(Protocol):
    """All that a push asks of the gateway."""

    def look(self, provider: str, hint: Hint) -> object:
        """Look at an attempt; raises OSError if its provider does not answer."""
        ...


class Pushed(msgspec.Struct, frozen=True):
    """Who looks after a push, and who reads it, by the provider's code."""

    gateway: Looking
    readers: Mapping[str, Reader]


def add_pushes(app: FastAPI, pushes: Pushed) -> None:
    """Have `app` hear what the providers push."""

    @app.post("/payments/{provider}", summary="What a payment provider pushes", include_in_schema=False)
    async def pushed(provider: str, request: Request) -> PlainTextResponse:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > PUSH_BYTES_MAX:
                return PlainTextResponse("too long\n", 413)
        if (reader := pushes.readers.get(provider)) is None:
            return PlainTextResponse("no account\n", 404)
        try:
            hint = reader(body, request.headers)
            if hint is not None:
                await run_in_threadpool(pushes.gateway.look, provider, hint)
        except ForgedError as error:
            _log.warning("a push for %s is refused: %s", provider, error)
            return PlainTextResponse("refused\n", 400)
        except OSError as error:
            # It comes again, and the object asks anyway.
            _log.warning("%s pushes, and does not answer: %s", provider, error)
            return PlainTextResponse("later\n", 503)
        return PlainTextResponse(_HEARD)
