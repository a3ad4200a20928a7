"""Both engines for a hub under test: a new file, or a database on the tests' own server, swept clean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import create_engine, text

from cloud_sync.hub.store import database, making, schema
from tests.postgres import Cluster

ENGINES: Final = ("sqlite", "postgresql")
_DATABASE: Final = "hub"
# A sweep is one round trip: rules and parents are not asked, since all rows go.
_SWEEP: Final = "; ".join(
    [
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {table.name}" for table in schema.metadata.sorted_tables),
        *(
            f"ALTER SEQUENCE {table.name}_id_seq RESTART"
            for table in schema.metadata.sorted_tables
            if table.autoincrement_column is not None
        ),
        f"UPDATE alembic_version SET version_num = '{schema.SCHEMA_VERSION}'",
        "SET LOCAL session_replication_role = DEFAULT",
    ]
)


class Server:
    """A cluster with one hub's database, which is made once and swept for each test; others are made anew."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.url = cluster.make(_DATABASE)
        database.create(self.url, 1)
        self._engine = create_engine(self.url)
        self._made = 0

    def sweep(self) -> str:
        """An empty hub of generation 1; its address."""
        with self._engine.begin() as connection:
            connection.execute(text(_SWEEP))
            making.begin(connection, 1)
        return self.url

    @contextmanager
    def another(self) -> Iterator[str]:
        """A database with nothing in it; it is gone after the block."""
        self._made += 1
        name = f"another_{self._made}"
        yield self.cluster.make(name)
        self.cluster.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        self._engine.dispose()
