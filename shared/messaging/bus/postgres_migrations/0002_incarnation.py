"""Each head says of which making of its topic it is: a topic made anew has other heads, however long it grows."""

from alembic import op

revision = "bus_0002"
down_revision = "bus_0001"


def upgrade() -> None:
    """Give every head an incarnation."""
    op.execute("ALTER TABLE bus_head ADD COLUMN incarnation uuid NOT NULL DEFAULT gen_random_uuid()")


def downgrade() -> None:
    """Take it away again."""
    op.execute("ALTER TABLE bus_head DROP COLUMN incarnation")
