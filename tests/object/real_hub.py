"""A real hub beside a real broker with TLS, as an installer would set them up: both are processes."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from click.testing import CliRunner

from cloud_sync.hub.cli import hub as hub_command

HOST: Final = "127.0.0.1"
DEADLINE_S: Final = 60.0
SHOP: Final = Path(__file__).parents[2] / "simulators" / "shops" / "corner"
OPOS: Final = (sys.executable, "-m", "opos")
MOSQUITTO: Final = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def eventually(true: Callable[[], bool], what: str) -> None:
    end, pause = time.monotonic() + DEADLINE_S, threading.Event()
    while not true():
        assert time.monotonic() < end, f"in {DEADLINE_S:g} s it did not come true that {what}"
        pause.wait(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class RealHub:
    """The hub in `directory`, and the broker that it has written the files of."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.broker_port, self.https, self.port = free_port(), free_port(), free_port()
        self._logs = directory.parent
        self._processes: list[subprocess.Popen[bytes]] = []

    def command(self, *words: str) -> str:
        done = CliRunner().invoke(hub_command, [*words, "--dir", str(self.directory)])
        assert done.exit_code == 0, done.output
        return done.stdout

    def open(self) -> None:
        self.command("init")
        self.command("import", str(SHOP))
        ports = ("--port", str(self.broker_port), "--https", str(self.https))
        self.command("broker", "--host", HOST, *ports)
        assert MOSQUITTO is not None, "apt-get install mosquitto"
        self._start("broker", MOSQUITTO, "-c", str(self.directory / "broker" / "mosquitto.conf"))
        eventually(lambda: listens(self.broker_port), "the broker listens")
        where = ("--dir", str(self.directory), "--port", str(self.port), "--https", str(self.https))
        self._start("hub", *OPOS, "hub", "run", *where, "--broker", f"mqtts://{HOST}:{self.broker_port}")
        eventually(lambda: listens(self.https), "the hub listens")

    def claim(self, *words: str) -> str:
        """The text of a new claim for mirror-4."""
        place = ("--object", "mirror-4", "--tenant", "demo", "--site", "corner", "--json")
        return str(json.loads(self.command("claim", *place, *words))["claim"])

    def waiting(self) -> list[str]:
        """The codes of those who wait for a person."""
        claims = json.loads(self.command("claims", "--json"))["claims"]
        return [each["code"] for each in claims if each["state"] == "waiting"]

    def object(self) -> dict[str, Any]:
        """What the hub says of its one object."""
        (found,) = json.loads(self.command("status", "--json"))["objects"]
        return dict(found)

    def close(self) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str, *command: str) -> None:
        with (self._logs / f"{name}.log").open("wb") as log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log))


@contextmanager
def running(file: Path, log: IO[bytes]) -> Iterator[None]:
    """`opos object up`, ended as Ctrl-C ends it."""
    up = subprocess.Popen([*OPOS, "object", "up", str(file)], stdout=log, stderr=log)
    try:
        yield
    finally:
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0
