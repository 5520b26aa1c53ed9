"""A bill's lines are written and read by hundreds of thousands: their region is worked out once in a statement."""

from alembic import op

from shared.database.row_security import ask_always, ask_once, ask_once_where_written

revision = "payment_0035"
down_revision = "payment_0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The same rows are seen; only how often their bounds are worked out changes."""
    op.execute(ask_once("bill_flow_line"))
    op.execute(ask_once_where_written("bill_trade_line"))


def downgrade() -> None:
    """Work them out for each row again."""
    for table in ("bill_trade_line", "bill_flow_line"):
        op.execute(ask_always(table))
