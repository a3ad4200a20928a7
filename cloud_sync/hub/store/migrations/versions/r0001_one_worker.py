"""The first hubs: one worker, one file of SQLite, one key an object."""

from alembic import op

from cloud_sync.hub.store.making import execute, statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what the first hubs made."""
    for statement in statements("migrations/versions/r0001_one_worker.sql"):
        execute(op.get_bind(), statement)
