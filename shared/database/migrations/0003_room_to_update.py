"""Room on each page for what is updated once and again: a new version beside the old one touches no index."""

from alembic import op

revision = "shared_0003"
down_revision = "shared_0002"


def upgrade() -> None:
    """Leave a tenth of each new page free; what is written already stays where it is."""
    for table in ("aggregate", "cursor"):
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 90)")


def downgrade() -> None:
    """Fill pages again."""
    for table in ("aggregate", "cursor"):
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
