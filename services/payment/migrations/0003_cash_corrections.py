"""Cash batches that end empty, settlements of nothing, and people whose price is held."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0003"
down_revision = "payment_0002"
branch_labels = None
depends_on = None

_STATES = """'OPEN', 'SUBMITTED', 'HELD', 'READY_TO_REMIT', 'AT_TAX_HALL', 'DETAIL_CONFIRMED', 'REMITTED',
             'TREASURY_CONFIRMED', 'CERTIFICATE_ISSUED', 'RETURNED'"""
_SERIAL = """kind <> 'ENTRUSTED_CASH' OR collection_notice_serial IS NOT NULL
             OR state IN ('OPEN', 'SUBMITTED', 'HELD', 'READY_TO_REMIT'{})"""
_AMOUNT = "amount_fen > 0 OR (amount_fen {} 0 AND kind = 'SETTLEMENT')"

# Somebody may bring cash to the village while their price is still held: the receipt needs to know whose it is.
UNPRICED = """
CREATE TABLE unpriced_enrolment (
    enrolment_id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    person_token text NOT NULL,
    benefit_year integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


def upgrade() -> None:
    """Widen the checks and create the table under row-level security."""
    _check("remittance_batch", "remittance_batch_state_check", f"state IN ({_STATES}, 'CLOSED_EMPTY')")
    _check("remittance_batch", "remittance_batch_check8", _SERIAL.format(", 'CLOSED_EMPTY'"))
    _check("bank_line", "bank_line_check", _AMOUNT.format("<="))
    op.execute(UNPRICED)
    for statement in protect("unpriced_enrolment"):
        op.execute(statement)
    op.execute("REVOKE DELETE, TRUNCATE ON unpriced_enrolment FROM payment_app")


def downgrade() -> None:
    """Narrow them again."""
    op.execute("DROP TABLE unpriced_enrolment")
    _check("bank_line", "bank_line_check", _AMOUNT.format("<"))
    _check("remittance_batch", "remittance_batch_check8", _SERIAL.format(""))
    _check("remittance_batch", "remittance_batch_state_check", f"state IN ({_STATES})")


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({condition})")
