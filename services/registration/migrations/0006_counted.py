"""Why an assessment refused: whoever is only late still counts as registered."""

from alembic import op

revision = "registration_0006"
down_revision = "registration_0005"


def upgrade() -> None:
    """Know the reason beside the outcome."""
    op.execute(
        "ALTER TABLE enrolment ADD COLUMN reason_code text GENERATED ALWAYS AS (assessment ->> 'reason_code') STORED"
    )


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE enrolment DROP COLUMN reason_code")
