"""A panel that is paid by wallets: runtime, agent, broker and hub are processes, as an installer starts them.

Its scanner is a socket of the test.
"""

import http.client
import json
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Fact, Sale
from edge.config import load
from edge.keys import make_key
from edge.offline_queue.reader import LedgerReader
from tests.agent.line_world import Broker
from tests.hub.hub_processes import HubProcess
from tests.object.real_hub import HOST, OPOS, eventually, free_port

COFFEE: Final = "9520001200106"
PRICE_MINOR: Final = 1_150
_LOOK_S: Final = 1.2
_OBJECT: Final = """
[object]
id = "{name}"
kind = "panel"
name = "Panel 7"
tenant = "demo"
site = "corner"
sells_from = "floor"
[display]
port = {glass}
{tenders}
[sync]
broker = "127.0.0.1:{broker}"
hub = "http://127.0.0.1:{hub}"
[[peripheral]]
role = "scanner"
uri = "tcp:127.0.0.1:{scanner}?profile=serial-scanner"
"""


class Scanner:
    """A scanner that the object calls."""

    def __init__(self) -> None:
        self._door = socket.create_server((HOST, 0))
        self.port = int(self._door.getsockname()[1])
        self._lines: list[socket.socket] = []
        self._shown_s: dict[str, float] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def calls(self) -> int:
        """How often it was called."""
        return len(self._lines)

    def show(self, text: str) -> None:
        """What is shown again within a second is the same look."""
        last_s = self._shown_s.get(text)
        if last_s is not None:
            threading.Event().wait(max(last_s + _LOOK_S - time.monotonic(), 0))
        self._shown_s[text] = time.monotonic()
        self._lines[-1].sendall(f"{text}\r\n".encode())

    def looked(self) -> None:
        """What was shown so far is seen now: so it is for an object that came back and remembers it."""
        self._shown_s = dict.fromkeys(self._shown_s, time.monotonic())

    def close(self) -> None:
        for line in (self._door, *self._lines):
            line.close()

    def _listen(self) -> None:
        while True:
            try:
                self._lines.append(self._door.accept()[0])
            except OSError:
                return


class WalletShop:
    """All of it, running; `name` and `tenders` are the object and the ways to pay of its file."""

    name = "panel-7"
    tenders = '[[tender]]\nkind = "wallet"'

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.broker, self.scanner, self._glass = Broker(directory), Scanner(), free_port()
        self.broker.start()
        self.hub = HubProcess(directory / "hub", self.broker.port)
        self.file = directory / "object.toml"
        ports = {"broker": self.broker.port, "hub": self.hub.port, "scanner": self.scanner.port}
        self.file.write_text(_OBJECT.format(name=self.name, glass=self._glass, tenders=self.tenders, **ports))
        (directory / "trust.json").write_text(self.hub.command("trust"))
        place = ("--object", self.name, "--tenant", "demo", "--site", "corner")
        key = make_key(load(self.file)).public
        self.hub.command("admit", *place, "--key", json.dumps(key.jwk()))
        self.before_hub()
        self.hub.start()
        self._agent = self._process("agent", "sync", "run")
        self.start()
        self.shows("attract")

    def before_hub(self) -> None:
        """What its hub needs besides, before it runs."""

    @property
    def url(self) -> str:
        """The address of its glass."""
        return f"http://{HOST}:{self._glass}/"

    def start(self) -> None:
        """Start the runtime."""
        calls = self.scanner.calls
        self._runtime = self._process("runtime", "object", "run")
        eventually(lambda: self.scanner.calls > calls, "the runtime calls its scanner")
        eventually(lambda: bool(self._asked("/status")), "the glass is there")

    def kill_runtime(self) -> None:
        """Kill -9, and the next one starts; it knows what was scanned, and which receipt was put away."""
        self._runtime.kill()
        self._runtime.wait()
        self.start()

    def comes_back(self) -> None:
        """Kill -9 with goods on the bill: they are on the glass once more."""
        self.kill_runtime()
        self.shows("basket")
        self.scanner.looked()

    def until_online(self, *, online: bool) -> None:
        eventually(lambda: self._asked("/status")["online"] is online, f"it is online: {online}")

    def until_synced(self) -> None:
        eventually(lambda: self._asked("/status")["unsynced"] == 0, "the hub has confirmed everything")

    def basket(self) -> None:
        """Somebody holds a packet of coffee to the scanner."""
        self.scanner.show(COFFEE)
        self.shows("basket")

    def pay(self, code: str) -> Any:
        """Buy what is there, and show a code: what the glass says at the end."""
        self.tap("buy")
        eventually(lambda: '"wants_code":true' in json.dumps(self.state(), separators=(",", ":")), "it asks")
        self.scanner.show(code)
        eventually(lambda: self.state()["screen"] in {"done", "declined", "unknown"}, "it has an end")
        return self.state()

    def sell(self, code: str) -> Any:
        self.basket()
        done = self.pay(code)
        assert done["screen"] == "done", done
        self.tap("done")
        self.shows("attract")
        return done

    def state(self) -> Any:
        return self._asked("/state") or {"screen": None}

    def shows(self, screen: str) -> None:
        eventually(lambda: self.state()["screen"] == screen, f"the glass shows {screen}")

    def tap(self, action: str, value: str | None = None) -> None:
        body = {"action": action, "screen": self.state()["number"], "value": value}
        assert self._asked("/tap", json.dumps(body).encode()) == {"answer": "accepted"}

    def wallet(self, *words: str) -> Any:
        return json.loads(self.hub.command("wallet", *words, "--json"))

    def facts(self) -> list[Fact]:
        """All that its journal says."""
        with closing(LedgerReader(load(self.file).ledger)) as reader:
            return [decode_body(entry.body).fact for entry in reader.entries(1)]

    def sales(self) -> list[Sale]:
        return [fact for fact in self.facts() if isinstance(fact, Sale)]

    def written(self) -> dict[str, bytes]:
        """Everything that anybody has written down."""
        files = [path for path in self.directory.rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    def close(self) -> None:
        for process in (self._runtime, self._agent):
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        self.hub.kill()
        self.broker.kill()
        self.scanner.close()

    def _process(self, name: str, *words: str) -> "subprocess.Popen[bytes]":
        with (self.directory / f"{name}.log").open("ab") as log:
            return subprocess.Popen([*OPOS, *words, str(self.file)], stdout=log, stderr=log)

    def _asked(self, path: str, body: bytes | None = None) -> Any:
        """What the glass answers; nothing while it does not."""
        line = http.client.HTTPConnection(HOST, self._glass, timeout=10)
        try:
            line.request("GET" if body is None else "POST", path, body, {"Content-Type": "application/json"})
            return json.loads(line.getresponse().read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            line.close()
