"""Which transaction wrote a notice, and the order of writing of notices and transfers, in which blocks are sealed."""

from alembic import op
from sqlalchemy import text

revision = "payment_0014"
down_revision = "payment_0013"
branch_labels = None
depends_on = None

_FROM_A_DUMP = text(
    "SELECT EXISTS (SELECT FROM transfer WHERE written_by >= pg_snapshot_xmax(pg_current_snapshot()))"
    " OR (SELECT below > pg_snapshot_xmax(pg_current_snapshot()) FROM transfer_horizon)"
)


def upgrade() -> None:
    """Add and index the order; transfers out of a dump are put in order below what is written from now on."""
    op.execute("ALTER TABLE raw_notice ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()")
    op.execute("CREATE INDEX raw_notice_in_order ON raw_notice (written_by, id)")
    if op.get_bind().execute(_FROM_A_DUMP).scalar_one():
        _put_in_order()
    op.execute("DROP INDEX IF EXISTS transfer_written_by")
    op.execute("CREATE INDEX transfer_in_order ON transfer (written_by, id)")


def downgrade() -> None:
    """Forget the order of notices; the sums need that of transfers."""
    op.execute("DROP INDEX transfer_in_order")
    op.execute("CREATE INDEX transfer_written_by ON transfer (written_by)")
    op.execute("ALTER TABLE raw_notice DROP COLUMN written_by")


def _put_in_order() -> None:
    """Transaction numbers of another server say nothing here: its transfers count as written now, and are summed again.

    As a new column the numbers touch no row.
    """
    op.execute("DROP VIEW IF EXISTS proof.summed_transfer")
    op.execute("ALTER TABLE transfer DROP COLUMN written_by")
    op.execute("ALTER TABLE transfer ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()")
    op.execute("DELETE FROM transfer_sum")
    op.execute("UPDATE transfer_horizon SET below = '0'")
