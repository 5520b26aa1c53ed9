"""Cash of a failed import on its way back to the person."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0006"
down_revision = "payment_0005"
branch_labels = None
depends_on = None

# The state follows from the days, and each step from the one before it.
CASH_REFUND = """
CREATE TABLE cash_refund (
    receipt_id uuid PRIMARY KEY REFERENCES cash_receipt,
    region text COLLATE "C" NOT NULL CHECK (length(region) = 12),
    recalled_on date NOT NULL,
    approved_on date CHECK (approved_on >= recalled_on),
    approved_by text CHECK (approved_by <> actor),
    fetched_on date CHECK (fetched_on IS NULL OR approved_on IS NOT NULL AND fetched_on >= approved_on),
    fetched_by text,
    returned_on date CHECK (returned_on IS NULL OR fetched_on IS NOT NULL AND returned_on >= fetched_on),
    returned_by text,
    signed_by text CHECK (signed_by IN ('SELF', 'FAMILY', 'AGENT', 'HEIR')),
    state text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN returned_on IS NOT NULL THEN 'RETURNED' WHEN fetched_on IS NOT NULL THEN 'FETCHED'
             WHEN approved_on IS NOT NULL THEN 'APPROVED' ELSE 'DUE' END) STORED,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (num_nulls(approved_on, approved_by) IN (0, 2)),
    CHECK (num_nulls(fetched_on, fetched_by) IN (0, 2)),
    CHECK (num_nulls(returned_on, returned_by, signed_by) IN (0, 3))
)
"""
# The cash of receipts that were recalled before is still owed.
RECALLED_BEFORE = """
INSERT INTO cash_refund (receipt_id, region, recalled_on, actor, correlation_id)
SELECT id, region, deposited_on, actor, correlation_id FROM cash_receipt WHERE state = 'RECALLED'
"""


def upgrade() -> None:
    """Create the table under row-level security, with what is owed already."""
    op.execute(CASH_REFUND)
    op.execute("CREATE INDEX cash_refund_open ON cash_refund (region, state) WHERE state <> 'RETURNED'")
    op.execute(RECALLED_BEFORE)
    for statement in protect("cash_refund"):
        op.execute(statement)
    op.execute("REVOKE DELETE, TRUNCATE ON cash_refund FROM payment_app")


def downgrade() -> None:
    """Drop it again."""
    op.execute("DROP TABLE cash_refund")
