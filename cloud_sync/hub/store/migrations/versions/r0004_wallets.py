"""Wallets and gift cards, and what of them is lent to objects: on both engines.

No entry before spoke of them, so what was projected stays.
"""

from typing import Final

from alembic import op

from cloud_sync.hub.store.making import execute, statements

revision = "0004"
down_revision = "0003"

# The statements are SQLite's; what PostgreSQL says otherwise is here.
_IN_POSTGRESQL: Final = ((" STRICT", ""), (" INTEGER", " BIGINT"))


def upgrade() -> None:
    """Make the new tables."""
    connection = op.get_bind()
    for statement in statements("migrations/versions/r0004_wallets.sql"):
        said = statement
        if connection.dialect.name == "postgresql":
            for ours, theirs in _IN_POSTGRESQL:
                said = said.replace(ours, theirs)
        execute(connection, said)
