"""A PostgreSQL server of the tests' own: a new cluster on a free port, which is gone when they end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# Where Debian has the server's programs: they are not on the PATH.
_HOMES: Final = tuple(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
# A new cluster takes two seconds; a machine under load much more.
_PATIENCE_S: Final = 60

# Tests kill workers, never this server: what it has not synced is not lost when they end.
_SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


class NoPostgresError(RuntimeError):
    """There is no PostgreSQL server here to start: what is missing."""


class Cluster:
    """A running server; everybody on this machine may use it as `opos`."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases, as SQLAlchemy reads it."""
        return f"postgresql+psycopg://opos@127.0.0.1:{self.port}/{database}"

    def make(self, database: str) -> str:
        """Make an empty database; its address."""
        self.run(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each by itself, with the server's own client."""
        words = [part for each in statements for part in ("-c", each)]
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "opos", "-d", database)
        _call("psql", "-q", "-v", "ON_ERROR_STOP=1", *place, *words)

    def dump(self, database: str) -> str:
        """The schema of a database as SQL."""
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "opos")
        return _call("pg_dump", "--schema-only", "--no-owner", *place, database)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A new cluster while the block runs; raises NoPostgresError."""
    home = Path(tempfile.mkdtemp(prefix="opos-postgres-"))
    data = home / "data"
    owner = _owner()
    try:
        if owner:
            shutil.chown(home, owner)
        _call(
            "initdb",
            "-D",
            str(data),
            "-U",
            "opos",
            "-A",
            "trust",
            "--locale=C",
            "-E",
            "UTF8",
            "-N",
            user=owner,
        )
        port = _free_port()
        settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(home)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        pg_ctl = ("pg_ctl", "-D", str(data), "-w", "-t", str(_PATIENCE_S))
        _call(*pg_ctl, "-l", str(home / "log"), "-o", options, "start", user=owner)
        try:
            yield Cluster(port)
        finally:
            _call(*pg_ctl, "-m", "immediate", "stop", user=owner)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _owner() -> str | None:
    """Whom the server runs as where we are root, which it refuses to be; None for ourselves."""
    if os.geteuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _call(program: str, *words: str, user: str | None = None) -> str:
    """What a program of the server's says; raises NoPostgresError where there is none."""
    found = next((home / program for home in _HOMES if (home / program).exists()), None)
    if found is None:
        raise NoPostgresError(f"no {program} below /usr/lib/postgresql: apt install postgresql-15")
    # Its output goes to a file: a server that stays would keep a pipe open for ever.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([found, *words], stdout=said, stderr=said, user=user, cwd="/", check=False)
        said.seek(0)
        text = said.read().decode(errors="replace")
    if done.returncode:
        raise RuntimeError(f"{program} ended with {done.returncode}: {text[-2000:]}")
    return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
