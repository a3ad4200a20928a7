"""What the clouds of all providers have in common: an HTTP server here whose line breaks on demand."""

import http.server
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

# No question of a till is longer.
_BODY_BYTES_MAX: Final = 64 * 1024


class Mood(Enum):
    """What happens to one question; after the last mood that was set all goes well."""

    FINE = "fine"
    LOST_REQUEST = "the cloud never hears of it"
    LOST_REPLY = "it is done, and the answer is lost"
    BROKEN = "the cloud fails before it does anything"
    BROKEN_AFTER = "it is done, and the cloud says that it failed"
    GARBLED = "it is done, and the answer is not what the protocol says"
    LIMITED = "too many questions"


@dataclass(frozen=True)
class Asked:
    """One question: the path with its query as it came, headers in small letters, and the body's bytes."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def route(self) -> str:
        """The path alone."""
        return urlsplit(self.path).path


@dataclass(frozen=True)
class Answered:
    """One answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Cloud(ABC):
    """A provider's servers. `with` it, or `start` and `stop`; `url` is where it listens.

    One question at a time is answered, so that its books are always whole. `asked` is what it heard of.
    """

    def __init__(self, port: int = 0, now_s: Callable[[], int] = lambda: int(time.time())) -> None:
        self.moods: deque[Mood] = deque()
        self.asked: list[Asked] = []
        self.now_s = now_s
        self.lock = threading.RLock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.cloud = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @abstractmethod
    def answer(self, asked: Asked) -> Answered:
        """What the provider's own program says to a question."""

    def heard(self, asked: Asked) -> Answered | None:
        """The answer as it comes over the line in this mood; None when the line is cut."""
        with self.lock:
            mood = self.moods.popleft() if self.moods else Mood.FINE
            if mood is Mood.LOST_REQUEST:
                return None
            self.asked.append(asked)
            if mood is Mood.BROKEN:
                return Answered(500, b'{"error":{"type":"api_error","message":"try again"}}')
            if mood is Mood.LIMITED:
                return Answered(429, b'{"error":{"type":"api_error","code":"rate_limit"}}')
            said = self.answer(asked)
        if mood is Mood.LOST_REPLY:
            return None
        if mood is Mood.BROKEN_AFTER:
            return Answered(500, b'{"error":{"type":"api_error","message":"try again"}}')
        return Answered(200, b"<html>", {}) if mood is Mood.GARBLED else said

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self.close()
        self._thread.join()

    def close(self) -> None:
        """Give the port back, of a cloud that never listened."""
        self._server.server_close()

    def __enter__(self) -> "Cloud":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    cloud: Cloud


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked here may hold a shopper's code."""

    def _serve(self) -> None:
        length = min(int(self.headers.get("content-length", "0")), _BODY_BYTES_MAX)
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = self.server.cloud.heard(Asked(self.command, self.path, headers, self.rfile.read(length)))
        self.close_connection = True
        if said is None:
            return
        self.send_response(said.status)
        for name, value in {"content-type": "application/json", **said.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)
