"""A shop that runs as a process of its own, and what a test may do with it: look, move goods, tap, wait."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from simulators.demo.layout import Layout
from simulators.demo.ports import HOST, Ports, free
from simulators.demo.shop_files import CORNER, read_shop

OBJECTS: Final = ["mirror-4", "shelf-b12", "tray-2", "panel-7"]
PATIENCE_S: Final = 60.0
_GRACE_S: Final = 20.0


class LiveShop:
    """One `opos demo` with its control page."""

    def __init__(
        self, process: subprocess.Popen[str], directory: Path, ports: Ports, client: httpx.Client
    ) -> None:
        self.process = process
        self.layout = Layout(directory)
        self.ports = ports
        self._client = client

    @property
    def control(self) -> str:
        """The control page's address."""
        return f"http://{HOST}:{self.ports.control}"

    def glass(self, name: str) -> str:
        """The address of an object's glass."""
        return f"http://{HOST}:{self.ports.glass[name]}"

    def do(self, verb: str, name: str, item: str = "") -> httpx.Response:
        """What a button on the control page does."""
        return self._client.post(self.control + "/do", json={"verb": verb, "name": name, "item": item})

    def get(self, url: str) -> Any:
        """The JSON at `url`; nothing where nobody answers."""
        try:
            answer = self._client.get(url)
        except httpx.TransportError:
            return {}
        return answer.json() if answer.is_success else {}

    def state(self, name: str) -> Any:
        """What an object's glass shows."""
        return self.get(self.glass(name) + "/state")

    def status(self, name: str) -> Any:
        """What an object counts."""
        return self.get(self.glass(name) + "/status")

    def figures(self) -> Any:
        """What the hub counts."""
        return self.get(f"http://{HOST}:{self.ports.hub}/api/figures")

    def tap(self, name: str, action: str) -> Any:
        """A tap on what an object's glass shows now."""
        body = {"action": action, "screen": self.state(name)["number"], "value": None}
        return self._client.post(self.glass(name) + "/tap", json=body).json()

    def see(self, name: str, screen: str) -> Any:
        """Wait until an object's glass shows `screen`, and return all that it shows then."""
        until(lambda: self.state(name).get("screen") == screen, f"{name} shows {screen}")
        return self.state(name)

    def leave(self, name: str) -> None:
        """Put a receipt away that an earlier shopper has left, whenever the glass comes to show it."""
        until(lambda: self._idle(name), f"{name} waits for a shopper")

    def _idle(self, name: str) -> bool:
        shown = self.state(name)
        if shown.get("screen") == "done":
            self.tap(name, "done")
        return bool(shown.get("screen") == "attract")

    def pids(self) -> dict[str, int]:
        """The processes of this shop, by the last words of their command lines."""
        return {command: pid for pid, command in _commands() if str(self.layout.root) in command}

    def pid_of(self, *words: str) -> int:
        """The process whose command line has all these words."""
        found = [pid for command, pid in self.pids().items() if all(word in command for word in words)]
        assert len(found) == 1, (words, self.pids())
        return found[0]

    def close(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the supervisor a signal, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(_GRACE_S)


def until(holds: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds."""
    until_s = time.monotonic() + patience_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < until_s, f"never seen: {what}"
        pause.wait(0.02)


@contextmanager
def begun(
    directory: Path, shop_dir: Path = CORNER, ports: Ports | None = None
) -> Iterator[subprocess.Popen[str]]:
    """`opos demo` in `directory` from its first moment; ended at the end, if it still runs."""
    base = (ports or free(OBJECTS)).control
    words = ("--dir", directory, "--shop", shop_dir, "--port-base", base)
    command = [sys.executable, "-m", "opos", "demo", *map(str, words)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(_GRACE_S)


@contextmanager
def open_for_a_person(directory: Path, shop_dir: Path = CORNER) -> Iterator[LiveShop]:
    """`opos demo` in `directory`, once it says that it is open."""
    ports = free([plan.id for plan in read_shop(shop_dir).objects])
    with begun(directory, shop_dir, ports) as process, httpx.Client(timeout=5) as client:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "The shop is open" in line:
                break
        else:
            raise AssertionError("".join(said))
        yield LiveShop(process, directory, ports, client)


def _commands() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield int(entry.name), command.replace(b"\0", b" ").decode("utf-8", "replace")
