"""Parts of a collection statement: short deposits that their collector owes, and deposits that were reversed."""

from alembic import op

revision = "payment_0023"
down_revision = "payment_0022"
branch_labels = None
depends_on = None

_STATES = """'OPEN', 'SUBMITTED', 'HELD', 'READY_TO_REMIT', 'AT_TAX_HALL', 'DETAIL_CONFIRMED', 'REMITTED',
    'TREASURY_CONFIRMED', 'CERTIFICATE_ISSUED', 'RETURNED', 'CLOSED_EMPTY', 'REVERSED'"""
_SERIAL = """kind <> 'ENTRUSTED_CASH' OR collection_notice_serial IS NOT NULL
    OR state IN ('OPEN', 'SUBMITTED', 'HELD', 'READY_TO_REMIT', 'CLOSED_EMPTY'{})"""
_STATEMENT = "CREATE UNIQUE INDEX remittance_batch_statement ON remittance_batch ({}) WHERE previous_batch_id IS NULL"
_STATEMENT_FORM = """CREATE UNIQUE INDEX remittance_batch_statement_form ON remittance_batch ({})
    WHERE previous_batch_id IS NULL AND NOT 'statement_no' = ANY (look_alike)"""


def upgrade() -> None:
    """Let a statement have parts; a receipt that was written off may wait for its cash."""
    _check("remittance_batch", "remittance_batch_state_check", f"state IN ({_STATES}, 'SHORT')")
    _check("remittance_batch", "remittance_batch_check8", _SERIAL.format(", 'SHORT', 'REVERSED'"))
    op.execute(
        "ALTER TABLE remittance_batch ADD CONSTRAINT remittance_batch_short CHECK (state <> 'SHORT'"
        " OR (kind = 'ENTRUSTED_CASH' AND part > 1 AND coalesce(counted_fen, 0) BETWEEN 0 AND declared_fen - 1))"
    )
    op.execute("DROP INDEX remittance_batch_statement, remittance_batch_statement_form")
    op.execute(_STATEMENT.format("statement_no, part"))
    op.execute(_STATEMENT_FORM.format("statement_form, part"))
    op.execute("CREATE INDEX remittance_batch_owed ON remittance_batch (id) WHERE state = 'SHORT'")
    op.execute("ALTER TABLE cash_receipt DROP CONSTRAINT cash_receipt_check1")
    op.execute(
        "ALTER TABLE cash_receipt ADD CONSTRAINT cash_receipt_written_off_in_batch"
        " CHECK (state <> 'WRITTEN_OFF' OR batch_id IS NOT NULL)"
    )


def downgrade() -> None:
    """Take it away again; fails where a statement has parts."""
    op.execute("ALTER TABLE cash_receipt DROP CONSTRAINT cash_receipt_written_off_in_batch")
    op.execute(
        "ALTER TABLE cash_receipt ADD CONSTRAINT cash_receipt_check1"
        " CHECK (state <> 'WRITTEN_OFF' OR (batch_id IS NOT NULL AND deposited_on IS NOT NULL))"
    )
    op.execute("DROP INDEX remittance_batch_statement, remittance_batch_statement_form")
    op.execute(_STATEMENT.format("statement_no"))
    op.execute(_STATEMENT_FORM.format("statement_form"))
    op.execute("DROP INDEX remittance_batch_owed")
    op.execute("ALTER TABLE remittance_batch DROP CONSTRAINT remittance_batch_short")
    _check("remittance_batch", "remittance_batch_check8", _SERIAL.format(""))
    _check("remittance_batch", "remittance_batch_state_check", f"state IN ({_STATES})")


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({condition})")
