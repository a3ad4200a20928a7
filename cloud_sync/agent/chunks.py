"""Chunks of documents from the hub over HTTP: one GET each, bounded in bytes and in time.

The standard library's client in a thread, since the agent must fit in 48 MB: httpx costs 10 (measured).
"""

import asyncio
import contextlib
import http.client
import socket
from typing import Final
from urllib.parse import urlsplit

from cloud_sync.contract.documents import CHUNK_BYTES_MAX
from cloud_sync.security import Security, why

# Ten seconds for 96 KiB is 10 KB/s: slower than any line that a shop would sell over.
_CHUNK_S: Final = 10.0
# The longest silence within that.
_SILENCE_S: Final = 5.0


class FetchError(Exception):
    """The hub did not give a chunk: which one, and what it did instead."""


class HubChunks:
    """The chunks of the hub at `url` (without a slash at its end): https with `security`, http without."""

    def __init__(self, url: str, security: Security | None = None) -> None:
        parts = urlsplit(url)
        self._security = security if parts.scheme == "https" else None
        if parts.scheme == "https" and security is None:
            raise ValueError(f"{url}: nobody is pinned to vouch for it")
        self._host = parts.netloc
        self._path = parts.path

    async def get(self, sha256: str) -> bytes:
        """The bytes that the hub has under this hash, not checked against it. Raises FetchError."""
        exchange = _Exchange(self._host, self._security)
        try:
            async with asyncio.timeout(_CHUNK_S):
                return await asyncio.to_thread(exchange.get, f"{self._path}/chunks/{sha256}")
        except TimeoutError as error:
            raise FetchError(f"chunk {sha256}: not here after {_CHUNK_S:g} s") from error
        finally:
            exchange.hang_up()


class _Exchange:
    """One GET in a thread, which anybody may end by hanging up."""

    def __init__(self, host: str, security: Security | None) -> None:
        self._host = host
        self._security = security
        self._socket: socket.socket | None = None

    def get(self, path: str) -> bytes:
        try:
            with contextlib.closing(self._connected()) as connection:
                self._socket = connection.sock
                return _body(connection, path)
        except http.client.HTTPException as error:
            raise FetchError(f"{path}: {type(error).__name__}: {error}") from error
        except OSError as error:
            raise FetchError(f"{path}: {why(error)}") from error
        except UnicodeError as error:  # a host that no name can be
            raise FetchError(f"{path}: {self._host}: {error}") from error

    def hang_up(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already

    def _connected(self) -> http.client.HTTPConnection:
        """A connection; over TLS its context is asked for anew, and judges who answers."""
        connection: http.client.HTTPConnection
        if self._security is None:
            connection = http.client.HTTPConnection(self._host, timeout=_SILENCE_S)
        else:
            context = self._security.context()
            connection = http.client.HTTPSConnection(self._host, timeout=_SILENCE_S, context=context)
        connection.connect()
        return connection


def _body(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path, headers={"Accept-Encoding": "identity"})
    with connection.getresponse() as response:
        data = response.read(CHUNK_BYTES_MAX + 1)
        if response.status != http.client.OK:
            raise FetchError(f"{path}: expected 200, got {response.status} {response.reason}")
    if len(data) > CHUNK_BYTES_MAX:
        raise FetchError(f"{path}: expected at most {CHUNK_BYTES_MAX} bytes, got more")
    return data
