"""Asking a process of the shop over HTTP: its answer, or the plain fact that it is not there just now."""

from enum import Enum
from typing import Any, Final, TypeVar

import httpx
import msgspec

# All of them answer from memory; what takes longer is a process that is being started again.
_PATIENCE_S: Final = 5.0

_T = TypeVar("_T")


class Dark(Enum):
    """Nobody answers: the process is gone, and the supervisor is starting it again."""

    DARK = "dark"


class Line:
    """A line to the process that serves `url`."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.url = url
        self._client = client

    async def get(self, path: str, kind: type[_T]) -> _T | Dark:
        """What it answers to GET."""
        return await self._ask("GET", path, kind, None)

    async def post(self, path: str, kind: type[_T], body: dict[str, Any]) -> _T | Dark:
        """What it answers to POST. After Dark nobody knows whether it heard: look before asking again."""
        return await self._ask("POST", path, kind, body)

    async def _ask(self, method: str, path: str, kind: type[_T], body: dict[str, Any] | None) -> _T | Dark:
        try:
            answer = await self._client.request(method, self.url + path, json=body, timeout=_PATIENCE_S)
        except httpx.TransportError:
            return Dark.DARK
        return msgspec.json.decode(answer.content, type=kind) if answer.is_success else Dark.DARK
