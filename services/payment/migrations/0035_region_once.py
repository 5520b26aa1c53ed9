"""A day's bill and its payments are read by hundreds of thousands: their region is worked out once in a statement."""

from alembic import op

from shared.database.row_security import ask_always, ask_once

revision = "payment_0035"
down_revision = "payment_0034"
branch_labels = None
depends_on = None

_READ_BY_DAY = ("bill_trade_line", "bill_flow_line", "payment", "payment_line")


def upgrade() -> None:
    """The same rows are seen; only how often their bounds are worked out changes."""
    for table in _READ_BY_DAY:
        op.execute(ask_once(table))


def downgrade() -> None:
    """Work them out for each row again."""
    for table in _READ_BY_DAY:
        op.execute(ask_always(table))
