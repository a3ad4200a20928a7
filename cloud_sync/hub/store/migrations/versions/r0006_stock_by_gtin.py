"""Where one product lies in all shops is found without looking at the others: on both engines."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the index."""
    op.create_index("stock_by_gtin", "stock", ["tenant", "gtin"])
