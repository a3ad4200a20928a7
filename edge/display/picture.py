"""The pictures of goods, given out by their hash; only what a browser draws and cannot run."""

import asyncio
import re
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_SHA256: Final = re.compile(r"[0-9a-f]{64}")

# By its first bytes (PNG 5.2, JFIF 1.02, RIFF with WEBP); SVG can hold a script, and is not among them.
_TYPES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)


def type_of(data: bytes | None) -> str | None:
    """The media type of a picture; None of what is none."""
    return next((name for start, name in _TYPES if start.match(data or b"")), None)


async def pictured(request: Request, picture: Callable[[str], bytes | None]) -> Response:
    """The answer to `GET /picture/HASH`."""
    sha256 = request.path_params["sha256"]
    data = await asyncio.to_thread(picture, sha256) if _SHA256.fullmatch(sha256) else None
    media_type = type_of(data)
    if data is None or media_type is None:
        return PlainTextResponse("there is no such picture\n", status_code=404)
    return Response(data, media_type=media_type)
