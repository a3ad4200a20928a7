"""Databases to be measured: a new hub in a file on the real disk, or in a PostgreSQL server of our own."""

import atexit
import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from typing import Final, Literal

import psycopg
from sqlalchemy.engine import make_url

from benchmarks.harness import SkippedError
from benchmarks.journal.promise import room
from benchmarks.sync.frames import ADDRESS, journal
from benchmarks.sync.processes import exact_cpu_s
from cloud_sync.hub import objects
from cloud_sync.hub.store import database
from cloud_sync.hub.store.database import Store
from tests.postgres import Cluster, NoPostgresError, cluster

Engine = Literal["sqlite", "postgresql"]

_NUMBERS: Final = itertools.count(1)


@cache
def server() -> Cluster:
    """The PostgreSQL server of this run; it does not sync, which is no work of a core."""
    leaving = ExitStack()
    try:
        started = leaving.enter_context(cluster())
    except NoPostgresError as error:
        raise SkippedError(str(error)) from error
    atexit.register(leaving.close)
    return started


def new_database() -> str:
    """The address of an empty database on that server."""
    return server().make(f"bench{next(_NUMBERS)}")


@contextmanager
def new_hub(engine: Engine) -> Iterator[Store]:
    """An empty hub that knows the object whose frames come."""
    with room() as directory:
        place = directory / "hub.db" if engine == "sqlite" else new_database()
        now_ms = time.time_ns() // 1_000_000
        database.create(place, now_ms)
        with closing(database.connect(place)) as store:
            objects.admit(store, objects.KnownObject(ADDRESS, journal().key.public), now_ms)
            yield store


def backends_cpu_s(url: str) -> float:
    """The CPU that the server's processes have used for those who are connected to this database."""
    address = make_url(url)
    with psycopg.connect(
        host=address.host, port=address.port, user=address.username, dbname="postgres"
    ) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        pids = [pid for (pid,) in connection.execute(query, (address.database,))]
    return sum(exact_cpu_s(pid) for pid in pids)


class Meter:
    """CPU seconds of this process, and of a database server for it."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._before_s = self._now()

    def us(self, rows: int) -> float:
        """Since it was made, in microseconds a row."""
        return (self._now() - self._before_s) / rows * 1e6

    def _now(self) -> float:
        served_s = 0.0 if self._url is None else backends_cpu_s(self._url)
        return time.process_time() + served_s
