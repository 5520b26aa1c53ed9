"""Payouts by the channel's own bill, what differs with its owner and age, and payments that only a bill names."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0017"
down_revision = "payment_0016"
branch_labels = None
depends_on = None

_WHO = """
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
"""

# It covers the movements after (after_day, after_line) up to (until_day, until_line), in the order of the bills.
PAYOUT = f"""
CREATE TABLE payout (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    merchant_id text NOT NULL,
    bill_id uuid NOT NULL REFERENCES channel_bill,
    line_no integer NOT NULL CHECK (line_no > 0),
    paid_out_on date NOT NULL,
    amount_fen bigint NOT NULL,
    after_day date NOT NULL,
    after_line integer NOT NULL CHECK (after_line >= 0),
    until_day date,
    until_line integer,
    state text NOT NULL CHECK (state IN ('BEFORE', 'HELD', 'AWAITED', 'MET')),
    fault text,
    batch_id uuid REFERENCES remittance_batch,
    {_WHO},
    UNIQUE (bill_id, line_no),
    CHECK (num_nulls(until_day, until_line) IN (0, 2)),
    CHECK ((state = 'HELD') = (fault IS NOT NULL)),
    CHECK ((state = 'MET') = (batch_id IS NOT NULL)),
    CHECK (state NOT IN ('AWAITED', 'MET') OR until_day IS NOT NULL)
)
"""

# A bill whose payouts were taken out of it; the next day's follows.
WORKED = f"""
CREATE TABLE worked_bill (
    bill_id uuid PRIMARY KEY REFERENCES channel_bill,
    {_WHO}
)
"""

# The classes are those of reconciliation: 2 both and the amounts differ, 3 theirs succeeded and ours did not, 4 theirs
# only, 5 ours succeeded and theirs did not, 6 ours only. What agrees, or is not there yet, is no difference.
DIFFERENCE = f"""
CREATE TABLE settlement_difference (
    id uuid PRIMARY KEY,
    class integer NOT NULL CHECK (class BETWEEN 2 AND 6),
    kind text NOT NULL CHECK (kind IN ('PAYMENT', 'REFUND')),
    channel text NOT NULL,
    merchant_id text NOT NULL,
    transaction_id text,
    order_no text,
    refund_no text,
    channel_refund_id text,
    payment_id uuid REFERENCES payment,
    refund_id uuid REFERENCES refund,
    payout_id uuid REFERENCES payout,
    unasked_id uuid UNIQUE REFERENCES unasked_refund,
    bill_id uuid REFERENCES channel_bill,
    line_no integer,
    ours_fen bigint,
    theirs_fen bigint,
    happened_at timestamptz NOT NULL,
    owner text NOT NULL CHECK (owner IN ('CHANNEL', 'OFFICE')),
    since date NOT NULL,
    asked integer NOT NULL DEFAULT 0 CHECK (asked >= 0),
    asked_at timestamptz,
    state text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'CLOSED')),
    closed_because text,
    closed_on date,
    closed_by uuid REFERENCES approval,
    {_WHO},
    CHECK ((bill_id IS NULL) = (line_no IS NULL)),
    CHECK (class <> 6 OR payment_id IS NOT NULL),
    CHECK ((state = 'CLOSED') = (closed_because IS NOT NULL)),
    CHECK ((closed_because IS NULL) = (closed_on IS NULL)),
    CHECK (closed_because IS DISTINCT FROM 'DECIDED' OR closed_by IS NOT NULL)
)
"""
# What a channel gave back of a credited contribution without being asked: to be recovered or explained.
UNASKED = f"""
CREATE TABLE unasked_refund (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    merchant_id text NOT NULL,
    channel_refund_id text NOT NULL,
    refund_no text,
    payment_line_id uuid NOT NULL REFERENCES payment_line,
    enrolment_id uuid,
    benefit_year integer,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    refunded_on date NOT NULL,
    caused_by uuid NOT NULL,
    deducted_by uuid REFERENCES remittance_batch,
    reopened integer,
    {_WHO},
    UNIQUE (channel, merchant_id, channel_refund_id, payment_line_id)
)
"""
TABLES = {
    "payout": PAYOUT,
    "worked_bill": WORKED,
    "unasked_refund": UNASKED,
    "settlement_difference": DIFFERENCE,
}
INDEXES = (
    "CREATE INDEX payout_awaited ON payout (channel, merchant_id, until_day) WHERE state = 'AWAITED'",
    "CREATE INDEX payout_end ON payout (channel, merchant_id, until_day, until_line) WHERE until_day IS NOT NULL",
    "CREATE INDEX payout_region ON payout (region)",
    "CREATE INDEX worked_bill_region ON worked_bill (region)",
    "CREATE UNIQUE INDEX settlement_difference_of_line ON settlement_difference (bill_id, line_no)",
    """CREATE UNIQUE INDEX settlement_difference_of_payment ON settlement_difference (payment_id)
       WHERE class = 6 AND state = 'OPEN'""",
    "CREATE INDEX settlement_difference_open ON settlement_difference (id) WHERE state = 'OPEN'",
    "CREATE INDEX unasked_refund_line ON unasked_refund (payment_line_id)",
    "CREATE INDEX unasked_refund_deducted ON unasked_refund (deducted_by, id) WHERE deducted_by IS NOT NULL",
    "CREATE INDEX unasked_refund_region ON unasked_refund (region)",
    "CREATE INDEX settlement_difference_region ON settlement_difference (region)",
    # Only settlements by bill carry it, so no payment that comes in pays for it.
    "CREATE INDEX remittance_batch_of_payout ON remittance_batch (payout_id) WHERE payout_id IS NOT NULL",
)


def upgrade() -> None:
    """Create the tables; a payment that no notice brought names the line of the bill that did."""
    for name, table in TABLES.items():
        op.execute(table)
        for statement in protect(name):
            op.execute(statement)
    op.execute(
        "ALTER TABLE remittance_batch ADD COLUMN by_bill boolean NOT NULL DEFAULT false,"
        " ADD COLUMN payout_id uuid REFERENCES payout,"
        " ADD CONSTRAINT remittance_batch_payout_by_bill CHECK (payout_id IS NULL OR by_bill)"
    )
    op.execute("ALTER TABLE refund DROP CONSTRAINT refund_deducted_once_paid")
    op.execute(
        "ALTER TABLE payment ALTER COLUMN notice_id DROP NOT NULL, ADD COLUMN bill_id uuid,"
        " ADD COLUMN bill_line integer,"
        " ADD CONSTRAINT payment_by_notice_or_bill CHECK ((notice_id IS NULL) = (bill_id IS NOT NULL)),"
        " ADD CONSTRAINT payment_of_a_line CHECK ((bill_id IS NULL) = (bill_line IS NULL))"
    )
    op.execute("ALTER TABLE suspense ALTER COLUMN notice_id DROP NOT NULL")
    for index in INDEXES:
        op.execute(index)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON worked_bill FROM payment_app")
    op.execute("REVOKE DELETE, TRUNCATE ON payout, settlement_difference, unasked_refund FROM payment_app")


def downgrade() -> None:
    """Take it away again; fails where a bill brought a payment."""
    op.execute("ALTER TABLE suspense ALTER COLUMN notice_id SET NOT NULL")
    op.execute("ALTER TABLE payment DROP COLUMN bill_id, DROP COLUMN bill_line, ALTER COLUMN notice_id SET NOT NULL")
    op.execute("ALTER TABLE remittance_batch DROP COLUMN by_bill, DROP COLUMN payout_id")
    op.execute(
        "ALTER TABLE refund ADD CONSTRAINT refund_deducted_once_paid CHECK (deducted_by IS NULL OR state = 'PAID')"
    )
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
