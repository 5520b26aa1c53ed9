"""An order's life in real time, and when it is asked about; notices in quarantine that two people closed."""

from alembic import op

revision = "payment_0022"
down_revision = "payment_0021"
branch_labels = None
depends_on = None

_OPEN = "state IN ('CREATED', 'AWAITING', 'UNKNOWN')"
INDEXES = (
    # The longest unasked first; whether one is due stands in the index beside it.
    """
    CREATE INDEX payment_order_to_be_asked ON payment_order (merchant_id, (coalesce(queried_at, opened_at)), id)
        INCLUDE (next_ask_at) WHERE next_ask_at IS NOT NULL
    """,
    f"CREATE INDEX payment_order_open ON payment_order (expires_at) WHERE {_OPEN}",
    f"CREATE INDEX payment_order_open_until ON payment_order (last_day) WHERE {_OPEN}",
)


def upgrade() -> None:
    """Add them. Orders of before keep when they expire, which was the midnight after their last business day."""
    op.execute(
        """
        ALTER TABLE payment_order
            ADD COLUMN trade_type text NOT NULL DEFAULT 'NATIVE' CHECK (trade_type IN ('NATIVE', 'JSAPI', 'H5')),
            ADD COLUMN opened_at timestamptz,
            ADD COLUMN last_day date,
            ADD COLUMN next_ask_at timestamptz
        """
    )
    op.execute(
        f"""
        UPDATE payment_order SET
            opened_at = recorded_at,
            last_day = (expires_at AT TIME ZONE 'Asia/Shanghai')::date - 1,
            next_ask_at = CASE WHEN to_be_queried OR {_OPEN} THEN now() END
        """  # noqa: S608 - a constant above
    )
    op.execute(
        """
        ALTER TABLE payment_order
            ALTER COLUMN opened_at SET NOT NULL,
            ALTER COLUMN last_day SET NOT NULL
        """
    )
    op.execute("DROP INDEX payment_order_unsettled, payment_order_awaiting, payment_order_to_be_queried")
    op.execute("ALTER TABLE payment_order DROP COLUMN to_be_queried")
    for index in INDEXES:
        op.execute(index)
    # How far the questions that a merchant may ask are used up; it names nobody and no place.
    op.execute(
        """
        CREATE TABLE question_pace (
            channel text NOT NULL,
            merchant_id text NOT NULL,
            used_until timestamptz NOT NULL,
            PRIMARY KEY (channel, merchant_id)
        )
        """
    )
    op.execute(
        """
        ALTER TABLE raw_notice
            DROP CONSTRAINT raw_notice_state_check,
            ADD CONSTRAINT raw_notice_state_check CHECK (state IN (
                'RECEIVED', 'CREDITED', 'SUSPENDED', 'QUARANTINED', 'PARKED', 'APPLIED', 'REPEATED', 'IGNORED', 'CLOSED'
            )),
            ADD COLUMN closed_by uuid
        """
    )
    op.execute(
        "CREATE INDEX approval_closed_notices ON approval (id) WHERE act = 'close_notice' AND state = 'APPROVED'"
    )


def downgrade() -> None:
    """Take them away again; fails where notices are closed."""
    op.execute(
        """
        ALTER TABLE raw_notice
            DROP CONSTRAINT raw_notice_state_check,
            ADD CONSTRAINT raw_notice_state_check CHECK (state IN (
                'RECEIVED', 'CREDITED', 'SUSPENDED', 'QUARANTINED', 'PARKED', 'APPLIED', 'REPEATED', 'IGNORED'
            )),
            DROP COLUMN closed_by
        """
    )
    op.execute("DROP INDEX approval_closed_notices")
    op.execute("DROP TABLE question_pace")
    op.execute("DROP INDEX payment_order_to_be_asked, payment_order_open, payment_order_open_until")
    op.execute("ALTER TABLE payment_order ADD COLUMN to_be_queried boolean NOT NULL DEFAULT false")
    op.execute(
        f"UPDATE payment_order SET to_be_queried = true WHERE next_ask_at IS NOT NULL AND NOT {_OPEN}"  # noqa: S608
    )
    op.execute(
        "ALTER TABLE payment_order DROP COLUMN trade_type, DROP COLUMN opened_at, DROP COLUMN last_day,"
        " DROP COLUMN next_ask_at"
    )
    op.execute(
        "CREATE INDEX payment_order_unsettled ON payment_order (recorded_at) WHERE state IN ('CREATED', 'UNKNOWN')"
    )
    op.execute("CREATE INDEX payment_order_awaiting ON payment_order (expires_at) WHERE state = 'AWAITING'")
    op.execute("CREATE INDEX payment_order_to_be_queried ON payment_order (id) WHERE to_be_queried")
