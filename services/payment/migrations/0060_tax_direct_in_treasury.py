"""What the tax bureau collected itself and then brought into the treasury, line by line of its own detail."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0060"
down_revision = "payment_0059"
branch_labels = None
depends_on = None

# Written once: the first detail that says so counts.
TAX_DIRECT_RECEIPT = """
CREATE TABLE tax_direct_receipt (
    id uuid PRIMARY KEY,
    payment_line_id uuid NOT NULL UNIQUE REFERENCES payment_line,
    received_on date NOT NULL,
    remitted_on date CHECK (remitted_on <= received_on),
    voucher_no text,
    file_id uuid NOT NULL REFERENCES channel_file,
    file_line integer NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (file_id, file_line)
)
"""


def upgrade() -> None:
    """Create the table under row-level security; nobody changes what it says."""
    op.execute(TAX_DIRECT_RECEIPT)
    op.execute("CREATE INDEX tax_direct_receipt_in_order ON tax_direct_receipt (written_by, id)")
    op.execute("CREATE INDEX tax_direct_receipt_region ON tax_direct_receipt (region)")
    for statement in protect("tax_direct_receipt"):
        op.execute(statement)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON tax_direct_receipt FROM payment_app")


def downgrade() -> None:
    """Forget what is in the treasury."""
    op.execute("DROP TABLE tax_direct_receipt")
