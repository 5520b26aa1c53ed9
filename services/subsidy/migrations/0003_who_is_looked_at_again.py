"""Who is looked at again, and why: a roster changed, the day turned, or the policy in force is another one.

The day by which people were priced last is remembered, because also where no operator states one a new day changes who
counts; and the policy, because whoever was held for an amount that has been configured since is to be priced.
"""

from alembic import op

revision = "subsidy_0003"
down_revision = "subsidy_0002"
branch_labels = None
depends_on = None

DAY = """
CREATE TABLE day_turned (
    singleton boolean PRIMARY KEY CHECK (singleton),
    day date NOT NULL
)
"""
POLICY = """
CREATE TABLE policy_applied (
    singleton boolean PRIMARY KEY CHECK (singleton),
    digest text NOT NULL
)
"""


def upgrade() -> None:
    """An installation that follows a stated date goes on from there; one by the calendar looks at every line once."""
    op.execute(DAY)
    op.execute("INSERT INTO day_turned (singleton, day) VALUES (true, DATE '2000-01-01')")
    op.execute("UPDATE day_turned SET day = business_date FROM business_date")
    op.execute(POLICY)
    op.execute("ALTER TABLE roster_change ADD COLUMN cause text NOT NULL DEFAULT 'ROSTER_CHANGED'")
    op.execute("ALTER TABLE assessment DROP CONSTRAINT assessment_cause_check")
    op.execute(
        "ALTER TABLE assessment ADD CONSTRAINT assessment_cause_check "
        "CHECK (cause IN ('REGISTERED', 'ROSTER_CHANGED', 'DAY_TURNED', 'POLICY_CHANGED'))"
    )


def downgrade() -> None:
    """Every later look counts as a roster's change again."""
    op.execute("ALTER TABLE assessment DROP CONSTRAINT assessment_cause_check")
    op.execute("UPDATE assessment SET cause = 'ROSTER_CHANGED' WHERE cause IN ('DAY_TURNED', 'POLICY_CHANGED')")
    op.execute(
        "ALTER TABLE assessment ADD CONSTRAINT assessment_cause_check CHECK (cause IN ('REGISTERED', 'ROSTER_CHANGED'))"
    )
    op.execute("ALTER TABLE roster_change DROP COLUMN cause")
    op.execute("DROP TABLE policy_applied")
    op.execute("DROP TABLE day_turned")
