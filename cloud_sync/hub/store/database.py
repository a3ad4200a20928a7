"""The hub's database, SQLite's or PostgreSQL's: how it is opened, read and written.

On SQLite writers take turns, over threads and processes, by a lock on `hub.lock` that is held for the whole
of a transaction. SQLite alone would serialise them too, but by polling; and up to 3.51.2 a writer and a
checkpoint at one instant can corrupt a WAL (https://www.sqlite.org/wal.html, "the WAL-reset bug"). Debian 12
has 3.40; with turns that instant does not come. On PostgreSQL writers lock the rows that they decide by.
"""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select, text

from cloud_sync.hub.store import making, schema

Place = Path | str
"""Where a hub's database is: a file, or an address such as postgresql+psycopg://opos@db/opos."""

# With turns taken nobody waits for a write lock; a reader may wait for a checkpoint to end.
_BUSY_MS: Final = 10_000
# A page of the console asks a few questions; more readers than this wait for one another.
_CONNECTIONS_MAX: Final = 16

# The log is brought home after 16 MiB: pages that every stretch of the projections changes go home once.
_LOG_PAGES: Final = 4_096

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_MS}",
    f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}",
)

# How a transaction begins that is on the disk when it ends, and one that need not be.
_WRITING: Final = {
    "sqlite": (
        ("PRAGMA synchronous = FULL", "BEGIN IMMEDIATE"),
        ("PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE"),
    ),
    "postgresql": ((), ("SET LOCAL synchronous_commit = off",)),
}

# A receipt must not be said before its entries are on the disk, whatever the server's own setting is. And who
# is gone in the middle of a transaction must not keep its locks: the server asks a silent line after 10 s. An
# idle one it leaves in peace for as long as a disk may take to sync a backup.
_SETTINGS: Final = (
    "-c synchronous_commit=on -c idle_in_transaction_session_timeout=10min"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
# A server that does not answer is gone, as the worker says at once and its supervisor tries again.
_SERVER: Final = {"connect_timeout": 10, "keepalives_idle": 10, "tcp_user_timeout": 20_000}


class NoHubError(FileNotFoundError):
    """The place holds no hub, or one that this version cannot read, and the command that mends it."""


class Store:
    """The open database. Threads may share it; each transaction has a connection of its own."""

    def __init__(self, engine: Engine, lock: Path | None) -> None:
        self._engine, self._lock = engine, lock
        if self.is_postgresql:
            self._reader = engine.execution_options(
                begin=(), writes=False, isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        else:
            self._reader = engine.execution_options(begin=("BEGIN",), writes=False)
        lasting, fleeting = _WRITING[engine.dialect.name]
        self._writer = engine.execution_options(begin=lasting, writes=True)
        self._follower = engine.execution_options(begin=fleeting, writes=True)

    @property
    def is_postgresql(self) -> bool:
        """Whether a server keeps it, which many write to at once; a file has one writer at a time."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the database, however long it is looked at."""
        with self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that commits when the block ends well, and leaves nothing when it does not."""
        with self._turn(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def following(self) -> Iterator[Connection]:
        """A transaction of what can be made again: a power cut may undo it, and nothing that came before it.

        It does not wait for the disk; the next one that does waits for this one too.
        """
        with self._turn(), self._follower.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """The engine below, for whoever listens to its events."""
        return self._engine

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._lock is None:
            yield
            return
        with self._lock.open("w") as turn:
            # No time limit: whoever has the turn is done in milliseconds, or dies and loses it.
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield


def create(place: Place, now_ms: int) -> None:
    """Make the database, of generation 1; one that is there stays, and an older one is brought up to date."""
    with closing(_opened(place, migrating=True)) as store, store.writing() as connection:
        if store.is_postgresql:  # two who make it at once: one makes it, the other finds it
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('opos hub'))"))
        before = _version(connection)
        if not before:
            making.make(connection, now_ms)
        elif before < schema.SCHEMA_VERSION:
            making.bring_up_to_date(connection, before)
    if isinstance(place, Path):
        place.chmod(0o600)  # a shop's takings are for its owner


def connect(place: Place) -> Store:
    """The database that `create` made; raises NoHubError with a sentence."""
    if isinstance(place, Path) and not place.is_file():  # to open it would make one
        raise _no_hub(place)
    store = _opened(place)
    with ExitStack() as unless_right:
        unless_right.callback(store.close)
        with store.reading() as connection:
            _check(place, _version(connection))
        unless_right.pop_all()
    return store


def _check(place: Place, version: str) -> None:
    """Raise NoHubError unless a database of this version is one that we can use."""
    if not version:  # an empty file or database, or one that `create` did not finish
        raise _no_hub(place)
    if version != schema.SCHEMA_VERSION:
        mend = f": run `{_init(place)}`" if version < schema.SCHEMA_VERSION else ""
        raise NoHubError(
            f"{_said(place)}: expected a hub's database of version {schema.SCHEMA_VERSION},"
            f" got version {version}{mend}"
        )


def _no_hub(place: Place) -> NoHubError:
    return NoHubError(f"{_said(place)}: there is no hub here: run `{_init(place)}`")


_GENERATION: Final = select(schema.hub.c.generation)


def generation(connection: Connection) -> int:
    """The hub's generation: it grows when a hub comes back from a backup."""
    return int(connection.scalars(_GENERATION).one())


def _opened(place: Place, *, migrating: bool = False) -> Store:
    if isinstance(place, Path):
        return Store(_file(place, migrating=migrating), place.with_name("hub.lock"))
    settings = {"options": _SETTINGS, **_SERVER}
    engine = create_engine(place, pool_size=_CONNECTIONS_MAX, max_overflow=0, connect_args=settings)
    event.listen(engine, "begin", _begin)
    return Store(engine, None)


def _file(path: Path, *, migrating: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=_CONNECTIONS_MAX,
        max_overflow=0,
        # The driver must not begin transactions of its own: `_begin` says which kind it is.
        connect_args={"isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    if migrating:
        event.listen(engine, "connect", _prepare_to_migrate)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _prepare_to_migrate(connection: Any, _record: object) -> None:
    """Tables are made anew under their children: https://www.sqlite.org/lang_altertable.html, section 7."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")


def _begin(connection: Connection) -> None:
    for statement in connection.get_execution_options().get("begin", ()):
        connection.exec_driver_sql(statement)


def _version(connection: Connection) -> str:
    """The revision of the database; '' if there is no hub in it."""
    if inspect(connection).has_table("alembic_version"):
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    # The first hubs had a number in the file's head.
    is_first = (
        connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA user_version").scalar()
    )
    return making.FIRST if is_first else ""


def _said(place: Place) -> str:
    """The place as it may be shown: without a password."""
    if isinstance(place, Path):
        return str(place.parent)
    return make_url(place).render_as_string(hide_password=True)


def _init(place: Place) -> str:
    if isinstance(place, Path):
        return f"opos hub init --dir {place.parent}"
    return f"opos hub init --dir DIRECTORY --database {_said(place)}"
