"""Enrolments whose cash could not be imported and went back to the person."""

from alembic import op

revision = "registration_0005"
down_revision = "registration_0004"

_STATES = """'ACTIVE', 'EXPIRED', 'HELD', 'PAID', 'PENDING_PAYMENT', 'PRICED', 'REGISTERED', 'REJECTED', 'TERMINATED',
             'WAITING'"""


def upgrade() -> None:
    """Know the day and the state."""
    op.execute("ALTER TABLE enrolment ADD COLUMN cash_returned_on date")
    _allow(f"{_STATES}, 'IMPORT_FAILED_REFUNDED'")


def downgrade() -> None:
    """Forget them; who was refunded is registered again."""
    op.execute("UPDATE enrolment SET state = 'REGISTERED' WHERE state = 'IMPORT_FAILED_REFUNDED'")
    _allow(_STATES)
    op.execute("ALTER TABLE enrolment DROP COLUMN cash_returned_on")


def _allow(states: str) -> None:
    op.execute(
        "ALTER TABLE enrolment DROP CONSTRAINT enrolment_state_check,"
        f" ADD CONSTRAINT enrolment_state_check CHECK (state IN ({states}))"
    )
