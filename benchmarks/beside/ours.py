"""OPOS for the bad days: a real ledger and agent on one side of the line, a real hub on the other."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from benchmarks.beside.peer import pace_of
from cloud_sync.contract.batch import reopen
from cloud_sync.contract.entry import decode_body
from cloud_sync.hub.folder import Folder
from cloud_sync.hub.store import database, schema
from tests.agent.line_world import free_port

_OBJECT: Final = """\
[object]
id = "till-1"
kind = "mirror"
name = "Till"
tenant = "demo"
site = "corner"
sells_from = "floor"
data = "{data}"
trust = "trust.json"
[display]
port = 1
[tender]
kind = "house-account"
account = "a7KxQ"
[sync]
broker = "127.0.0.1:{broker}"
hub = "http://127.0.0.1:{hub}"
[[peripheral]]
role = "reader"
uri = "serial:/nowhere?profile=r200"
"""
_PYTHON: Final = sys.executable
_ROW: Final = "row/"


class Object:
    """One object whose ledger lies in `storage`, on a line to port `port`, and its hub behind the broker."""

    name = "OPOS"

    def __init__(self, folder: Path, storage: Path, port: int, broker_port: int) -> None:
        self._folder = folder
        self._taken = folder / "taken"
        self._file = folder / "object.toml"
        self._hub = folder / "hub"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        web = free_port()
        self._file.write_text(_OBJECT.format(data=storage / "data", broker=port, hub=web))
        self._introduce()
        run = ("hub", "run", "--dir", str(self._hub), "--port", str(web))
        self._spawn("hub", ["-m", "opos", *run, "--broker", f"127.0.0.1:{broker_port}"])

    def start(self, rows: int, per_s: int) -> None:
        """Start till and agent; rows go on after the last one that was taken."""
        till = ["-m", "benchmarks.beside.till", str(self._file), str(self._taken), str(rows), str(per_s)]
        self._spawn("till", till)
        self._spawn("agent", ["-m", "opos", "sync", "run", str(self._file)])

    def kill(self) -> None:
        """End till and agent as a power cut of both processes would."""
        for name in ("till", "agent"):
            if (process := self._processes.pop(name, None)) is not None:
                process.kill()
                process.wait()

    def look_after(self, rows: int, per_s: int) -> None:
        """Start again what has ended by itself, as systemd would."""
        if any(process.poll() is not None for process in self._processes.values()):
            self.kill()
            self.start(rows, per_s)

    def taken(self) -> int:
        """How many rows the journal has promised."""
        return self._taken.stat().st_size // 8 if self._taken.exists() else 0

    def arrived(self) -> "Counter[int]":
        """Row -> how often the hub has it."""
        rows: Counter[int] = Counter()
        with closing(database.connect(Folder(self._hub).database)) as store, store.reading() as connection:
            for body in _bodies(connection):
                if (idem := decode_body(body).idem).startswith(_ROW):
                    rows[int(idem.removeprefix(_ROW))] += 1
        return rows

    def pace(self, since_ms: int) -> int:
        """Rows a second from the first arrival after `since_ms` (milliseconds since 1970) to the last."""
        frame = schema.frame.c
        query = (
            select(frame.received_ms, frame.last - frame.first_new + 1)
            .where(frame.kept == 1, frame.received_ms >= since_ms)
            .order_by(frame.id)
        )
        with closing(database.connect(Folder(self._hub).database)) as store, store.reading() as connection:
            return pace_of([(row[0], row[1]) for row in connection.execute(query)])

    def close(self) -> None:
        """End all of it."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _introduce(self) -> None:
        """Let hub and object know each other."""
        hub = ("--dir", str(self._hub))
        _opos("hub", "init", *hub)
        key = _opos("object", "key", str(self._file), "--json")
        who = ("--object", "till-1", "--tenant", "demo", "--site", "corner")
        _opos("hub", "admit", *hub, *who, "--key", key.decode())
        (self._folder / "trust.json").write_bytes(_opos("hub", "trust", *hub))

    def _spawn(self, name: str, words: Sequence[str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen([_PYTHON, *words], stdout=log, stderr=log)  # noqa: S603 - our own words


def _bodies(connection: Connection) -> Iterator[bytes]:
    """All that has arrived, counted or not."""
    frame = schema.frame.c
    for data, first_new in connection.execute(select(frame.bytes, frame.first_new).where(frame.kept == 1)):
        batch = reopen(data)
        yield from batch.bodies[first_new - batch.header.first :]


def _opos(*words: str) -> bytes:
    done = subprocess.run([_PYTHON, "-m", "opos", *words], check=True, capture_output=True)  # noqa: S603 - our own words
    return done.stdout
