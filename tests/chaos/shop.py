"""A shop of real processes: tills and agents, a broker, a hub's workers on a PostgreSQL of their own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.sales import small_sale
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from tests import object_files
from tests.agent.line_world import Broker, Cable, free_port
from tests.postgres import Cluster

_LINE_BYTES: Final = 8


class Process:
    """One program that is started again after it was killed, as systemd does; its words go to a file."""

    def __init__(self, name: str, words: Sequence[str], folder: Path) -> None:
        self.name = name
        self._words, self._log = words, folder / f"{name}.log"
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its number while it lives."""
        alive = self._running is not None and self._running.poll() is None
        return self._running.pid if alive and self._running else None

    def tend(self) -> None:
        """Start it if it does not run."""
        if self.pid is None:
            with self._log.open("ab") as log:
                command = [sys.executable, *self._words]
                self._running = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> bool:
        """Kill -9; False if there was nothing to kill."""
        if self.pid is None or self._running is None:
            return False
        self._running.kill()
        self._running.wait()
        return True

    def children(self) -> list[int]:
        """The processes below it."""
        if self.pid is None:
            return []
        path = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        try:
            return [int(number) for number in path.read_text().split()]
        except OSError:
            return []  # it has just died

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-3_000:] if self._log.exists() else ""


class Selling(msgspec.Struct, frozen=True):
    """How many sales a till makes in all, and how many a second."""

    rows: int
    per_s: int


class Object:
    """One object: a till that sells to its last row, an agent, and a cable to the broker."""

    def __init__(self, name: str, folder: Path, broker: int, hub: int, selling: Selling) -> None:
        self.name, self.rows = name, selling.rows
        self.folder = folder / name
        self.folder.mkdir()
        self.cable = Cable(broker)
        self.file = self.folder / "object.toml"
        self.file.write_text(
            object_files.mirror(name, broker=f"127.0.0.1:{self.cable.port}", hub=f"http://127.0.0.1:{hub}")
        )
        self._taken = self.folder / "taken"
        sell = [str(self.file), str(self._taken), str(selling.rows), str(selling.per_s)]
        self.till = Process("till", ["-m", "benchmarks.beside.till", *sell], self.folder)
        self.agent = Process("agent", ["-m", "opos", "sync", "run", str(self.file)], self.folder)

    @property
    def ledger(self) -> Path:
        """Its journal's file."""
        return self.folder / "data" / "ledger.db"

    def taken(self) -> int:
        """How many sales the journal has promised."""
        return self._taken.stat().st_size // _LINE_BYTES if self._taken.exists() else 0

    def owed_minor(self) -> int:
        """What those sales come to."""
        return sum(small_sale(row).total_minor for row in range(self.taken()))

    def is_synced(self) -> bool:
        """Whether everything is sold, and the hub has confirmed all of it."""
        try:
            with closing(LedgerReader(self.ledger)) as ledger:
                return self.taken() == self.rows and ledger.acked() == ledger.head() > 0
        except NoLedgerError:
            return False


class Shop:
    """Everything, running; `close` ends it."""

    def __init__(self, folder: Path, cluster: Cluster, objects: int, selling: Selling) -> None:
        self.folder = folder
        self.cluster = cluster
        self.database = f"chaos-{os.getpid()}-{folder.name}"
        self.url = cluster.make(self.database)
        self.hub = folder / "hub"
        opos("hub", "init", "--dir", str(self.hub), "--database", self.url)
        self.broker = Broker(folder)
        self.broker.start()
        web = free_port()
        self.objects = [
            Object(f"till-{number}", folder, self.broker.port, web, selling)
            for number in range(1, objects + 1)
        ]
        for each in self.objects:
            self._introduce(each)
        where = ("--dir", str(self.hub), "--broker", f"127.0.0.1:{self.broker.port}")
        self.ingest = Process("ingest", ["-m", "opos", "hub", "ingest", *where, "--workers", "2"], folder)
        self.api = Process("api", ["-m", "opos", "hub", "api", *where, "--port", str(web)], folder)

    @property
    def processes(self) -> list[Process]:
        """All programs of ours."""
        return [self.ingest, self.api, *(part for each in self.objects for part in (each.till, each.agent))]

    def tend(self) -> None:
        """Start what does not run."""
        for process in self.processes:
            process.tend()

    def kill_worker(self, number: int) -> bool:
        """Kill -9 one of the ingest workers; its supervisor starts another."""
        workers = self.ingest.children()
        return bool(workers) and _kill(workers[number % len(workers)])

    def kill_backend(self) -> bool:
        """Kill -9 a process of the database: PostgreSQL throws everybody out and recovers from its log."""
        pid = backend_of(self.cluster, self.database)
        return pid is not None and _kill(pid)

    def is_synced(self) -> bool:
        """Whether the hub has confirmed everything."""
        return all(each.is_synced() for each in self.objects)

    def said(self) -> str:
        """What the programs said last."""
        return "\n".join(f"--- {process.name}\n{process.said()}" for process in self.processes)

    def close(self) -> None:
        """End it all."""
        for process in self.processes:
            workers = process.children()
            process.kill()
            for pid in workers:
                _kill(pid)
        for each in self.objects:
            each.cable.close()
        self.broker.kill()

    def _introduce(self, each: Object) -> None:
        key = opos("object", "key", str(each.file), "--json")
        who = ("--object", each.name, "--tenant", "demo", "--site", "corner", "--key", key)
        opos("hub", "admit", "--dir", str(self.hub), *who)
        (each.folder / "trust.json").write_text(opos("hub", "trust", "--dir", str(self.hub)))


def opos(*words: str) -> str:
    """What a command of ours prints."""
    command = [sys.executable, "-m", "opos", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def backend_of(cluster: Cluster, database: str) -> int | None:
    """The number of one process of the server that works for `database`; None if none does."""
    psql = shutil.which("psql")
    assert psql is not None
    query = f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}' LIMIT 1"
    place = ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", "opos", "-d", "postgres"]
    done = subprocess.run([psql, *place, "-Atc", query], capture_output=True, text=True, check=False)
    return int(done.stdout) if done.stdout.strip() else None


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True
