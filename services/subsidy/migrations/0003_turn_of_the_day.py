"""The day by which people were priced last: also where no operator states one, a new day changes who counts."""

from alembic import op

revision = "subsidy_0003"
down_revision = "subsidy_0002"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE day_turned (
    singleton boolean PRIMARY KEY CHECK (singleton),
    day date NOT NULL
)
"""


def upgrade() -> None:
    """Remember it; an installation that follows a stated date goes on from there."""
    op.execute(TABLE)
    op.execute("INSERT INTO day_turned (singleton, day) SELECT true, business_date FROM business_date")


def downgrade() -> None:
    """Forget it."""
    op.execute("DROP TABLE day_turned")
