"""A merchant's number has one name for every channel: ``merchant_id`` instead of WeChat Pay's ``mchid``."""

from alembic import op

revision = "payment_0009"
down_revision = "payment_0008"
branch_labels = None
depends_on = None

TABLES = ("payment_order", "raw_notice", "payment", "suspense", "refund", "remittance_batch")


def upgrade() -> None:
    """Rename the columns; keys, indexes and checks follow them."""
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN mchid TO merchant_id")
    op.execute("ALTER TABLE raw_notice RENAME COLUMN payee_mchid TO payee_merchant_id")


def downgrade() -> None:
    """Name them as WeChat Pay does."""
    op.execute("ALTER TABLE raw_notice RENAME COLUMN payee_merchant_id TO payee_mchid")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN merchant_id TO mchid")
