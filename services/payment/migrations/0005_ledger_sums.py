"""What the books sum to, kept up to a horizon, so that a look at a county does not add up every transfer."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0005"
down_revision = "payment_0004"
branch_labels = None
depends_on = None

# Which transaction wrote a transfer: what lies below every transaction still running is complete and can be summed.
WRITTEN_BY = "ALTER TABLE transfer ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()"
SUM = """
CREATE TABLE transfer_sum (
    region text COLLATE "C" NOT NULL,
    benefit_year integer,
    kind text NOT NULL,
    debit text COLLATE "C" NOT NULL,
    credit text COLLATE "C" NOT NULL,
    fen bigint NOT NULL,
    times bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (region, benefit_year, kind, debit, credit)
)
"""
HORIZON = """
CREATE TABLE transfer_horizon (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    below xid8 NOT NULL
)
"""


def upgrade() -> None:
    """Create the sums, empty: the job that keeps them begins at the first transfer."""
    op.execute(WRITTEN_BY)
    op.execute("CREATE INDEX transfer_written_by ON transfer (written_by)")
    op.execute(SUM)
    for statement in protect("transfer_sum"):
        op.execute(statement)
    op.execute(HORIZON)
    op.execute("INSERT INTO transfer_horizon (below) VALUES ('0')")
    op.execute("REVOKE DELETE, TRUNCATE ON transfer_sum, transfer_horizon FROM payment_app")
    op.execute("REVOKE INSERT ON transfer_horizon FROM payment_app")


def downgrade() -> None:
    """Drop them again."""
    op.execute("DROP TABLE transfer_horizon")
    op.execute("DROP TABLE transfer_sum")
    op.execute("ALTER TABLE transfer DROP COLUMN written_by")
