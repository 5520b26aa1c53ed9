"""An order over several towns is seen by each of them: its open lines keep their bills from being ordered again.

Only reading is opened. Changing an order stays with the region that holds all its lines; the service changes it there
for a caller who sees it.
"""

from alembic import op

revision = "payment_0011"
down_revision = "payment_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let an order be read by callers who see one of its lines."""
    op.execute(
        """
        CREATE POLICY payment_order_of_line ON payment_order FOR SELECT
            USING (EXISTS (SELECT FROM order_line l WHERE l.order_id = payment_order.id))
        """
    )


def downgrade() -> None:
    """Let it be read by its own region alone."""
    op.execute("DROP POLICY payment_order_of_line ON payment_order")
