"""The bank's lines by account and by the bank's own reference, and with a way back."""

from alembic import op

revision = "payment_0012"
down_revision = "payment_0011"
branch_labels = None
depends_on = None

# Another account, or another year, may use a statement's number again. A reversed line gives way to the right one.
BY_STATEMENT = """
CREATE UNIQUE INDEX bank_line_of_statement
    ON bank_line (account, (extract(year FROM booked_on)), statement_no, line_no) WHERE reversed_on IS NULL
"""
# The bank's reference (流水号) names one booking, on whatever statement it stands; true twins have one each.
BY_REFERENCE = """
CREATE UNIQUE INDEX bank_line_booking
    ON bank_line (account, booked_on, bank_reference) WHERE bank_reference IS NOT NULL AND reversed_on IS NULL
"""
# What is sent again is looked up whether or not it was reversed.
FOUND_AGAIN = (
    "CREATE INDEX bank_line_statement ON bank_line (statement_no, line_no)",
    "CREATE INDEX bank_line_bank_reference ON bank_line (bank_reference) WHERE bank_reference IS NOT NULL",
)


def upgrade() -> None:
    """Add account, reference and reversal; what was imported before belongs to the account without a name."""
    op.execute(
        """
        ALTER TABLE bank_line
            ADD COLUMN account text NOT NULL DEFAULT '',
            ADD COLUMN bank_reference text,
            ADD COLUMN reversed_on date,
            ADD COLUMN reversed_by uuid REFERENCES approval,
            ADD CONSTRAINT bank_line_reversed_by_approval CHECK ((reversed_on IS NULL) = (reversed_by IS NULL)),
            DROP CONSTRAINT bank_line_statement_no_line_no_key,
            DROP CONSTRAINT bank_line_kind_check,
            ADD CONSTRAINT bank_line_kind_check CHECK (kind IN ('DEPOSIT', 'SETTLEMENT', 'REVERSAL', 'OTHER')),
            DROP CONSTRAINT bank_line_check,
            ADD CONSTRAINT bank_line_check CHECK (amount_fen > 0 OR kind <> 'DEPOSIT')
        """
    )
    for index in (BY_STATEMENT, BY_REFERENCE, *FOUND_AGAIN):
        op.execute(index)
    op.execute("DROP INDEX bank_line_unmatched")
    op.execute(
        """
        CREATE INDEX bank_line_unmatched ON bank_line (kind, id)
            WHERE batch_id IS NULL AND set_aside_because IS NULL AND reversed_on IS NULL
        """
    )


def downgrade() -> None:
    """Take them away again; fails where lines are in the table that the older tables cannot hold."""
    op.execute("DROP INDEX bank_line_unmatched, bank_line_statement")
    op.execute(
        """
        ALTER TABLE bank_line
            DROP COLUMN account, DROP COLUMN bank_reference, DROP COLUMN reversed_on, DROP COLUMN reversed_by,
            ADD UNIQUE (statement_no, line_no),
            DROP CONSTRAINT bank_line_kind_check,
            ADD CONSTRAINT bank_line_kind_check CHECK (kind IN ('DEPOSIT', 'SETTLEMENT')),
            DROP CONSTRAINT bank_line_check,
            ADD CONSTRAINT bank_line_check CHECK (amount_fen > 0 OR (amount_fen <= 0 AND kind = 'SETTLEMENT'))
        """
    )
    op.execute(
        "CREATE INDEX bank_line_unmatched ON bank_line (kind, id) WHERE batch_id IS NULL AND set_aside_because IS NULL"
    )
