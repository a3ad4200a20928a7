"""A small HTTP server of chunks, with a hand that spoils its answers."""

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from cloud_sync.contract.documents import split

Spoil = Callable[["_Handler", bytes], None]


class ChunkServer:
    """Serves the chunks of `documents`; each of `spoiled` is used up by one request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.chunks: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.spoiled: deque[Spoil] = deque()
        self.release = threading.Event()

    def offer(self, data: bytes, hashes: tuple[str, ...]) -> None:
        self.chunks.update(zip(hashes, split(data), strict=True))


class _Handler(BaseHTTPRequestHandler):
    hub: ChunkServer

    def do_GET(self) -> None:
        sha256 = self.path.rpartition("/")[2]
        self.hub.asked.append(sha256)
        data = self.hub.chunks.get(sha256)
        if data is None:
            self.send_error(404)
        elif self.hub.spoiled:
            self.hub.spoiled.popleft()(self, data)
        else:
            self.reply(data, len(data))

    def reply(self, data: bytes, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def honest(handler: _Handler, data: bytes) -> None:
    handler.reply(data, len(data))


def truncated(handler: _Handler, data: bytes) -> None:
    handler.reply(data[: len(data) // 2], len(data))


def shorter(handler: _Handler, data: bytes) -> None:
    handler.reply(data[:-1], len(data) - 1)


def other(handler: _Handler, data: bytes) -> None:
    handler.reply(bytes(len(data)), len(data))


def endless(handler: _Handler, data: bytes) -> None:
    handler.reply(data * 50, len(data) * 50)


def failing(handler: _Handler, _: bytes) -> None:
    handler.send_error(503)


def elsewhere(handler: _Handler, _: bytes) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://192.0.2.1/")
    handler.end_headers()


def hanging_up(handler: _Handler, _: bytes) -> None:
    handler.close_connection = True


def noisy(handler: _Handler, _: bytes) -> None:
    handler.wfile.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")


def silent(handler: _Handler, data: bytes) -> None:
    """Half of a chunk, and then nothing until the test ends."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])
    handler.wfile.flush()
    handler.hub.release.wait(60)


SPOILS: Final = (truncated, shorter, other, endless, failing, elsewhere, hanging_up, noisy)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


class _Server6(_Server):
    address_family = socket.AF_INET6


@contextmanager
def serving(context: ssl.SSLContext | None = None, *, ipv6: bool = False) -> Iterator[ChunkServer]:
    """A server of chunks, over TLS with a `context`."""
    handler = type("Handler", (_Handler,), {})
    server = _Server6(("::1", 0), handler) if ipv6 else _Server(("127.0.0.1", 0), handler)
    if context is not None:
        # The handshake is the handler's thread's: a client that refuses it must not stop the door.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme, host = "http" if context is None else "https", "[::1]" if ipv6 else "127.0.0.1"
    hub = ChunkServer(f"{scheme}://{host}:{server.server_port}")
    handler.hub = hub  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
