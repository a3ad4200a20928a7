"""How payments end, what goes back, who did what, and what providers' books say: on both engines.

What was projected before knew nothing of such entries: all of it is made again by whoever projects first.
"""

from typing import Final

from alembic import op

from cloud_sync.hub.store.making import execute, statements

revision = "0003"
down_revision = "0002"

# The statements are SQLite's; what PostgreSQL says otherwise is here.
_IN_POSTGRESQL: Final = ((" WITHOUT ROWID,\n", ""), (" STRICT", ""), (" INTEGER", " BIGINT"))


def upgrade() -> None:
    """Make the new tables, and empty the projections."""
    connection = op.get_bind()
    for statement in statements("migrations/versions/r0003_payments_end.sql"):
        said = statement
        if connection.dialect.name == "postgresql":
            for ours, theirs in _IN_POSTGRESQL:
                said = said.replace(ours, theirs)
        execute(connection, said)
