"""Sales are priced again at the hub, and members have a level: on both engines.

What was projected stays; the sales of before are gone through, and counted as not checked.
"""

from typing import Final

from alembic import op

from cloud_sync.hub.store.making import execute, statements

revision = "0005"
down_revision = "0004"

# The statements are SQLite's; what PostgreSQL says otherwise is here.
_IN_POSTGRESQL: Final = ((" STRICT", ""), (" INTEGER", " BIGINT"))


def upgrade() -> None:
    """Make the new tables."""
    connection = op.get_bind()
    for statement in statements("migrations/versions/r0005_prices_again.sql"):
        said = statement
        if connection.dialect.name == "postgresql":
            for ours, theirs in _IN_POSTGRESQL:
                said = said.replace(ours, theirs)
        execute(connection, said)
