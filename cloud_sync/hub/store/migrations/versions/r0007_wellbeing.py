"""Objects say which program they run and what is wrong with them: on both engines."""

from alembic import op

from cloud_sync.hub.store.making import execute, statements

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; objects say it all again when they come back."""
    connection = op.get_bind()
    for statement in statements("migrations/versions/r0007_wellbeing.sql"):
        # The statement is SQLite's; PostgreSQL knows no STRICT.
        said = statement if connection.dialect.name == "sqlite" else statement.replace(" STRICT", "")
        execute(connection, said)
