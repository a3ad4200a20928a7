"""A real broker, a cable that can be cut or go dead, and a listener that waits for a condition."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cloud_sync.mqtt import Line, Message, Outgoing

# A machine under load may be slow; a condition that is not met after so long never will be.
DEADLINE_S: Final = 30.0
_PAUSE: Final = threading.Event()  # nobody sets it
MOSQUITTO: Final = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Wait until `condition` holds; fail if it never does."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"{what}: not after {DEADLINE_S:g} s"
        _PAUSE.wait(0.002)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """Mosquitto on a port of its own; `kill` is kill -9."""

    def __init__(self, directory: Path, *more: str, anonymous: bool = True) -> None:
        assert MOSQUITTO is not None
        self.port = free_port()
        self._config = directory / f"mosquitto-{self.port}.conf"
        lines = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {str(anonymous).lower()}"]
        lines.append("set_tcp_nodelay true")  # without it a receipt waits 40 ms for the one before
        self._config.write_text("\n".join([*lines, *more]) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert MOSQUITTO is not None
        command = [MOSQUITTO, "-c", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._listens, "mosquitto listens")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Cable:
    """A forwarder to a port; `go_dead` swallows all bytes and keeps TCP open, `cut` ends it."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._dead = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._start(self._accept)

    @property
    def connections(self) -> int:
        return len(self._pairs)

    def go_dead(self) -> None:
        self._dead.set()

    def heal(self) -> None:
        """New bytes pass again; what was swallowed is lost, so that old connections are beyond help."""
        self.cut()
        self._dead.clear()

    def cut(self) -> None:
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in list(self._threads):
            thread.join(DEADLINE_S)
        self._door.close()
        for pair in self._pairs:
            for end in pair:
                end.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.socket()
                self._pairs.append((near, far))
                if far.connect_ex(("127.0.0.1", self._to)):
                    near.shutdown(socket.SHUT_RDWR)
                    continue
                self._start(self._pump, near, far)
                self._start(self._pump, far, near)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self._dead.is_set():
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Listener:
    """A line, and all that its callbacks said."""

    def __init__(
        self, port: int, client_id: str, *subscriptions: str, will: Outgoing | None = None, receive: int = 16
    ) -> None:
        self.messages: list[Message] = []
        self.links: list[bool] = []
        self.line = Line(
            host="127.0.0.1",
            port=port,
            client_id=client_id,
            on_message=self.messages.append,
            on_link=self.links.append,
            will=will,
            subscriptions=subscriptions,
            receive_maximum=receive,
        )

    @property
    def up(self) -> bool:
        return bool(self.links) and self.links[-1]

    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]

    def publish(self, outgoing: Outgoing) -> None:
        """Publish as soon as the line takes it."""
        until(lambda: self.line.publish(outgoing), "the line takes a message")
