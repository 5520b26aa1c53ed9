"""A payout is settled some movements at a time, with the place to go on from."""

from alembic import op

revision = "payment_0029"
down_revision = "payment_0027"
branch_labels = None
depends_on = None

# Settled up to that place, in the order of the bills, by its batch: which is matched with the last movement.
SETTLING = """
ALTER TABLE payout
    ADD settled_day date,
    ADD settled_line integer,
    DROP CONSTRAINT payout_state_check,
    DROP CONSTRAINT payout_check2,
    DROP CONSTRAINT payout_check3,
    ADD CONSTRAINT payout_state_check CHECK (state IN ('BEFORE', 'HELD', 'AWAITED', 'SETTLING', 'MET')),
    ADD CONSTRAINT payout_with_batch CHECK ((state IN ('SETTLING', 'MET')) = (batch_id IS NOT NULL)),
    ADD CONSTRAINT payout_movements_known
        CHECK (state NOT IN ('AWAITED', 'SETTLING', 'MET') OR until_day IS NOT NULL),
    ADD CONSTRAINT payout_settled_to CHECK (num_nulls(settled_day, settled_line) IN (0, 2)),
    ADD CONSTRAINT payout_place_while_settling CHECK ((state = 'SETTLING') = (settled_day IS NOT NULL))
"""
INDEX = "CREATE INDEX payout_settling ON payout (id) WHERE state = 'SETTLING'"
AT_ONCE = """
ALTER TABLE payout
    DROP CONSTRAINT payout_place_while_settling,
    DROP CONSTRAINT payout_settled_to,
    DROP CONSTRAINT payout_movements_known,
    DROP CONSTRAINT payout_with_batch,
    DROP CONSTRAINT payout_state_check,
    ADD CONSTRAINT payout_state_check CHECK (state IN ('BEFORE', 'HELD', 'AWAITED', 'MET')),
    ADD CONSTRAINT payout_check2 CHECK ((state = 'MET') = (batch_id IS NOT NULL)),
    ADD CONSTRAINT payout_check3 CHECK (state NOT IN ('AWAITED', 'MET') OR until_day IS NOT NULL),
    DROP settled_day,
    DROP settled_line
"""


def upgrade() -> None:
    """Keep how far a payout was settled."""
    op.execute(SETTLING)
    op.execute(INDEX)


def downgrade() -> None:
    """Settle it at once; refused while one is being settled."""
    op.execute("DROP INDEX payout_settling")
    op.execute(AT_ONCE)
