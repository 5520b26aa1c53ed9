"""Refused callbacks are counted per minute and outcome, so that an integrator sees why they were refused."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0070"
down_revision = "payment_0035"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE refused_callback (
    minute timestamptz NOT NULL CHECK (extract(second FROM minute) = 0),
    region text COLLATE "C" NOT NULL,
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 32),
    merchant_id text NOT NULL CHECK (length(merchant_id) <= 64),
    outcome text NOT NULL CHECK (length(outcome) BETWEEN 1 AND 32),
    times bigint NOT NULL CHECK (times > 0),
    PRIMARY KEY (minute, region, channel, merchant_id, outcome)
)
"""


def upgrade() -> None:
    """Count from now on."""
    for statement in (TABLE, *protect("refused_callback")):
        op.execute(statement)
    op.execute("REVOKE TRUNCATE ON refused_callback FROM payment_app")


def downgrade() -> None:
    """Count in metrics and log lines only."""
    op.execute("DROP TABLE refused_callback")
