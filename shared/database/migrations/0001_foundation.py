"""The region function and the business date."""

from alembic import op

from shared.database.row_security import REGION_FUNCTION

revision = "shared_0001"
down_revision = None


def upgrade() -> None:
    """Create what every later table relies on."""
    op.execute(REGION_FUNCTION)
    op.execute(
        """
        CREATE TABLE business_date (
            singleton boolean PRIMARY KEY CHECK (singleton),
            business_date date NOT NULL
        )
        """
    )


def downgrade() -> None:
    """Remove it again."""
    op.execute("DROP TABLE business_date")
    op.execute("DROP FUNCTION canbao_region()")
