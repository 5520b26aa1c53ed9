"""Enrolments that have ended, and claims to a booked transaction written once."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0004"
down_revision = "payment_0003"
branch_labels = None
depends_on = None

ENDED = """
CREATE TABLE ended_enrolment (
    enrolment_id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


def upgrade() -> None:
    """Create the table under row-level security, and the key."""
    op.execute(ENDED)
    for statement in protect("ended_enrolment"):
        op.execute(statement)
    op.execute(
        "CREATE UNIQUE INDEX suspense_one_claim ON suspense (channel, mchid, transaction_id, order_no, amount_fen)"
        " WHERE state = 'CONTESTED'"
    )


def downgrade() -> None:
    """Drop them again."""
    op.execute("DROP INDEX suspense_one_claim")
    op.execute("DROP TABLE ended_enrolment")
