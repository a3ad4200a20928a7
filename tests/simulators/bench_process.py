"""A bench in a process of its own, as a supervisor runs it, and waiting for a condition with a deadline."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

# Far beyond what anything here takes; it only ends a test that would never end.
PATIENCE_S = 60.0

READER = '[[device]]\nname = "reader"\ntype = "r200"\nat = "pty:reader"\n'
SCALE = '[[device]]\nname = "scale"\ntype = "mt-sics"\nat = "pty:scale"\n'
TCP_SCALE = '[[device]]\nname = "scale"\ntype = "mt-sics"\nat = "tcp:127.0.0.1:0"\nsettle_ms = 20\n'


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Look again and again, and fail with a sentence when the patience is over."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE_S} s for this: {what}"
        threading.Event().wait(0.005)


def cable_to(*ports: int) -> str:
    """A cable with a route to each of the ports of this machine."""
    routes = [["127.0.0.1:0", f"127.0.0.1:{port}"] for port in ports]
    return f'[[device]]\nname = "cable"\ntype = "cable"\nroutes = {json.dumps(routes)}\n'


def write_bench(folder: Path, *parts: str) -> Path:
    """Write the file of a bench whose socket and state lie beside it."""
    file = folder / "bench.toml"
    file.write_text('[bench]\ncontrol = "bench.sock"\nstate = "bench.json"\n' + "".join(parts))
    return file


class BenchProcess:
    """`opos sim up`, and a hand that talks to its control socket."""

    def __init__(self, file: Path, command: Sequence[str] = ()) -> None:
        self.folder = file.parent
        opos = (sys.executable, "-m", "opos", "sim", "up", str(file), "--json")
        self.process = subprocess.Popen([*command, *opos], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.announced: dict[str, Any] = {}

    def started(self) -> Self:
        """Wait until it says where its devices are."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(PATIENCE_S), "the bench did not say that it is up"
        line = self.process.stdout.readline()
        assert line, self.ended()
        self.announced = json.loads(line)
        return self

    def ended(self) -> tuple[int, str]:
        """Wait for its end: exit code and what it said about it."""
        _, sentence = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, sentence.decode()

    def kill(self) -> None:
        """Kill it with -9."""
        self.process.kill()
        self.ended()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to end."""
        self.process.send_signal(number)
        return self.ended()

    def order(self, device: str | None, verb: str, **fields: Any) -> dict[str, Any]:
        """Give one order over a connection of its own, as a hand does; the answer as it came."""
        with socket.socket(socket.AF_UNIX) as hand:
            hand.settimeout(PATIENCE_S)
            hand.connect(os.fspath(self.folder / "bench.sock"))
            hand.sendall(json.dumps({"device": device, "verb": verb, **fields}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(hand.makefile().readline())
            return answer

    def do(self, device: str, verb: str, **fields: Any) -> dict[str, Any]:
        """Give one order that must be obeyed; how the device is then."""
        answer = self.order(device, verb, **fields)
        assert answer["ok"], answer
        status: dict[str, Any] = answer["status"][device]
        return status

    def status(self) -> dict[str, Any]:
        """How all devices are."""
        status: dict[str, Any] = self.order(None, "status")["status"]
        return status

    def address(self, name: str) -> tuple[str, int]:
        """Where a device listens that was given a port of the kernel's choice."""
        _, host, port = self.announced["status"][name]["at"][0].split(":")
        return host, int(port)

    def routes(self, name: str = "cable") -> list[tuple[str, int]]:
        """Where the routes of a cable listen."""
        places = (way.partition(" -> ")[0] for way in self.announced["status"][name]["at"])
        return [(place.split(":")[0], int(place.split(":")[1])) for place in places]


StartBench = Callable[..., BenchProcess]
"""Starts a bench with the parts given, or with none the last one again."""
