"""A batch's lines move portion by portion."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0020"
down_revision = "payment_0019"
branch_labels = None
depends_on = None

# How far the lines of a batch have followed it through a step. They move in the order of their enrolments.
MOVE = """
CREATE TABLE remittance_move (
    step_id uuid PRIMARY KEY REFERENCES remittance_step,
    batch_id uuid NOT NULL REFERENCES remittance_batch,
    step text NOT NULL CHECK (step IN ('REMIT', 'CONFIRM_TREASURY', 'ISSUE_CERTIFICATE', 'RETURN')),
    replaced_by uuid REFERENCES remittance_batch,
    moved_to uuid,
    lines_left integer NOT NULL CHECK (lines_left >= 0),
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((step = 'RETURN') = (replaced_by IS NOT NULL))
)
"""
MOVE_INDEXES = (
    "CREATE UNIQUE INDEX remittance_move_under_way ON remittance_move (batch_id) WHERE lines_left > 0",
    "CREATE INDEX remittance_move_replacing ON remittance_move (replaced_by) WHERE lines_left > 0",
    "CREATE INDEX remittance_move_waiting ON remittance_move (step_id) WHERE lines_left > 0",
)


def upgrade() -> None:
    """Keep how far lines have moved; index what the bank booked until it is explained."""
    for statement in (MOVE, *MOVE_INDEXES, *protect("remittance_move")):
        op.execute(statement)
    op.execute("REVOKE DELETE, TRUNCATE ON remittance_move FROM payment_app")
    op.execute("CREATE INDEX bank_line_without_batch ON bank_line (id) WHERE batch_id IS NULL AND reversed_on IS NULL")


def downgrade() -> None:
    """Move a batch's lines at once."""
    op.execute("DROP INDEX bank_line_without_batch")
    op.execute("DROP TABLE remittance_move")
