"""Many workers, keys that rotate, backups, identity, orders and payments. PostgreSQL begins here.

Tables are made anew, as SQLite wants it (https://www.sqlite.org/lang_altertable.html, section 7). Frames
become the one truth of what came in, and what was written stays; entries and sums are made of them again.
"""

from alembic import op

from cloud_sync.contract.batch import peek
from cloud_sync.contract.topics import partition
from cloud_sync.hub.store.making import execute, make_rules, statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring a file of the first hubs to this revision."""
    connection = op.get_bind()
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.create_function("partition", 1, partition, deterministic=True)
    driver.create_function("said", 2, _said, deterministic=True)
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for name in connection.exec_driver_sql(triggers).scalars().all():
        execute(connection, f"DROP TRIGGER {name}")
    for statement in statements("migrations/versions/r0002_many_workers.sql"):
        execute(connection, statement)
    make_rules(connection)


def _said(frame: bytes, what: str) -> int | str | bytes:
    """What the header of a frame says."""
    said: int | str | bytes = getattr(peek(frame), what)
    return said
