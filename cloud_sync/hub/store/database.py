"""The hub's database file: how it is opened, read and written.

Writers take turns, over threads and processes, by a lock on `hub.lock` that is held for the whole of a
transaction. SQLite alone would serialise them too, but by polling; and up to 3.51.2 a writer and a checkpoint
at one instant can corrupt a WAL (https://www.sqlite.org/wal.html, "the WAL-reset bug"). Debian 12 has 3.40;
with turns that instant does not come.
"""

import fcntl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, select

from cloud_sync.hub.store import schema

# With turns taken nobody waits for a write lock; a reader may wait for a checkpoint to end.
_BUSY_MS: Final = 10_000
# A page of the console asks a few questions; more readers than this wait for one another.
_CONNECTIONS_MAX: Final = 16

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_MS}",
)


class NoHubError(FileNotFoundError):
    """The directory holds no hub, or one that this version cannot read, and the command that mends it."""


class Store:
    """The open database. Threads may share it; each transaction has a connection of its own."""

    def __init__(self, engine: Engine, lock: Path) -> None:
        self._engine = engine
        self._lock = lock

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the database, however long it is looked at."""
        with self._engine.execution_options(begin="BEGIN").begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that commits when the block ends well, and leaves nothing when it does not."""
        with (
            self._turn(),
            self._engine.execution_options(begin="BEGIN IMMEDIATE").begin() as connection,
        ):
            yield connection

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """The engine below, for whoever listens to its events."""
        return self._engine

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._lock.open("w") as turn:
            # No time limit: whoever has the turn is done in milliseconds, or dies and loses it.
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield


def create(path: Path, now_ms: int) -> None:
    """Make the database at `path`, of generation 1; nothing happens if it is there already."""
    with closing(_opened(path)) as store, store.writing() as connection:
        if not _version(connection):
            _make(connection, now_ms)
            path.chmod(0o600)  # a shop's takings are for its owner


def connect(path: Path) -> Store:
    """The database at `path`, which `create` made; raises NoHubError with a sentence."""
    version = 0
    if path.is_file():
        with closing(_opened(path)) as store, store.reading() as connection:
            version = _version(connection)
    if not version:  # no file, or one that `create` did not finish
        raise NoHubError(f"{path.parent}: there is no hub here: run `opos hub init --dir {path.parent}`")
    if version != schema.SCHEMA_VERSION:
        raise NoHubError(
            f"{path}: expected a hub's database of version {schema.SCHEMA_VERSION}, got version {version}"
        )
    return _opened(path)


def generation(connection: Connection) -> int:
    """The hub's generation: it grows when a hub comes back from a backup."""
    return int(connection.scalars(select(schema.hub.c.generation)).one())


def _make(connection: Connection, now_ms: int) -> None:
    schema.metadata.create_all(connection)
    for rule in resources.files(__package__).joinpath("rules.sql").read_text("utf-8").split("\n\n"):
        connection.exec_driver_sql(rule)
    connection.execute(insert(schema.hub).values(id=1, generation=1, made_ms=now_ms))
    connection.execute(insert(schema.projection).values(id=1, upto=0))
    connection.exec_driver_sql(f"PRAGMA user_version = {schema.SCHEMA_VERSION}")


def _opened(path: Path) -> Store:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=_CONNECTIONS_MAX,
        max_overflow=0,
        # The driver must not begin transactions of its own: `_begin` says which kind it is.
        connect_args={"isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return Store(engine, path.with_name("hub.lock"))


def _prepare(connection: Any, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _version(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalars().one())
