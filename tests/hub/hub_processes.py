"""Real processes around the hub: Mosquitto, the hub itself, and an object's end of the line."""

import contextlib
import json
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
from click.testing import CliRunner

from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import PublicKey, Verifier, unseal
from cloud_sync.hub.cli import hub as hub_command
from cloud_sync.hub.store.database import Place
from cloud_sync.mqtt import Line, Message, Outgoing
from tests.hub.hub_world import PaperJournal

DEADLINE_S: Final = 60.0
MOSQUITTO: Final = Path("/usr/sbin/mosquitto")
SHOP: Final = Path(__file__).parents[2] / "simulators" / "shops" / "corner"
# The command as the console script runs it, without needing the script on the PATH.
OPOS: Final = (sys.executable, "-c", "from opos.__main__ import main; main()")


# Below what the kernel gives to connections that go out: a port stays free while its process is down.
_PORTS: Final = range(15_000, 32_000)


def free_port() -> int:
    """A port of this machine that nobody listens on, and that nobody is given."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait until `true`, and no longer than the deadline."""
    end = time.monotonic() + DEADLINE_S
    pause = threading.Event()
    while not true():
        assert time.monotonic() < end, f"in {DEADLINE_S:g} s it did not come true that {what}"
        pause.wait(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """Mosquitto on one port, without persistence: after a restart it has forgotten everything."""

    def __init__(self, path: Path, port: int) -> None:
        self.port, self._path = port, path
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        conf = self._path / "mosquitto.conf"
        conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
        )
        log = (self._path / "mosquitto.log").open("ab")
        with log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", conf], stdout=log, stderr=log)
        eventually(lambda: listens(self.port), "Mosquitto listens")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(DEADLINE_S)
            self._process = None


class HubProcess:
    """A hub's directory and the process that runs it."""

    def __init__(self, path: Path, broker_port: int, place: Place | None = None) -> None:
        """`place` is a database that is there already, and another than the directory's own."""
        self.path, self.broker_port, self.port = path, broker_port, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.supervisors: list[subprocess.Popen[bytes]] = []
        self.log = path.with_suffix(".log")
        if isinstance(place, str):
            path.mkdir()
            (path / "database.url").write_text(place)
        self.command("init")
        self.command("import", str(SHOP))

    def command(self, *words: str) -> str:
        """Run one of the hub's commands to its end, in this process; what it printed."""
        done = CliRunner().invoke(hub_command, [*words, "--dir", str(self.path)])
        assert done.exit_code == 0, done.output
        return done.stdout

    def admit(self, journal: PaperJournal) -> None:
        address, key = journal.address, json.dumps(journal.key.public.jwk())
        place = ("--object", address.object, "--tenant", address.tenant, "--site", address.site)
        self.command("admit", *place, "--key", key)

    def start(self, part: str = "run") -> None:
        self._process = self._popen(self.words(part))
        eventually(self._listens, "the hub listens")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-2_000:]
        return listens(self.port)

    def words(self, part: str = "run") -> list[str]:
        """The command line that runs this hub, or the part of it that has its doors."""
        return [*OPOS, "hub", part, "--port", str(self.port), *self._where()]

    def start_ingest(self, workers: int) -> "subprocess.Popen[bytes]":
        """Take in what objects say in processes of their own; their supervisor."""
        words = [*OPOS, "hub", "ingest", "--workers", str(workers), *self._where()]
        self.supervisors.append(self._popen(words))
        return self.supervisors[-1]

    def _where(self) -> list[str]:
        return ["--dir", str(self.path), "--broker", f"127.0.0.1:{self.broker_port}"]

    def _popen(self, words: list[str]) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(words, stdout=log, stderr=log)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End the process with a signal; its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait until the process has ended by itself; its exit code."""
        assert self._process is not None
        code = self._process.wait(DEADLINE_S)
        self._process = None
        return code

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=DEADLINE_S)

    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/api/figures").json()
        return found

    def hears_broker(self) -> bool:
        return bool(self.get("/healthz").json()["broker"])

    def trusted(self, what: str) -> dict[str, Verifier]:
        """The hub's keys for `receipt` or `documents`, as an object is told to trust them."""
        keys = [PublicKey(key["x"], key["y"]) for key in json.loads(self.command("trust"))[what]]
        return {key.kid: Verifier(key) for key in keys}


class ObjectEnd:
    """An object's end of the line: it sends batches and believes only receipts that the hub signed."""

    def __init__(self, journal: PaperJournal, hub: HubProcess) -> None:
        self.journal, self._trusted = journal, hub.trusted("receipt")
        self.heard: queue.Queue[Message] = queue.Queue()
        self.online = threading.Event()
        self.line = Line(
            host="127.0.0.1",
            port=hub.broker_port,
            client_id=f"test-{journal.address.object}-{id(self)}",
            on_message=self.heard.put,
            on_link=lambda up: (self.online.set if up else self.online.clear)(),
            subscriptions=(journal.address.down("receipt"), journal.address.documents()),
        )
        self.line.start()
        assert self.online.wait(DEADLINE_S)

    def say(self, first: int, last: int) -> None:
        self.line.publish(Outgoing(self.journal.topic, self.journal.frame(first, last)))

    def drain(self) -> None:
        """Send until all is acknowledged, as an agent does: from `acked`, again when nothing answers."""
        end = time.monotonic() + DEADLINE_S
        while self.journal.acked < len(self.journal.entries):
            assert time.monotonic() < end, f"only {self.journal.acked} entries are acknowledged"
            self.say(self.journal.acked + 1, min(len(self.journal.entries), self.journal.acked + 16))
            try:
                self._believe(self.heard.get(timeout=0.3))
            except queue.Empty:
                continue

    def _believe(self, message: Message) -> None:
        if message.topic.endswith("/dn/receipt"):
            receipt = unseal(message.payload.decode(), RECEIPT_TYPE, self._trusted, Receipt)
            self.journal.acked = max(self.journal.acked, receipt.seq)

    def close(self) -> None:
        self.line.stop()
