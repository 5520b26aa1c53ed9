"""The channel's own bills: which days are wanted, the files as they came, and their lines."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0015"
down_revision = "payment_0014"
branch_labels = None
depends_on = None

_WHO = """
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
"""

# From its first day on a merchant's days are settled by its bills; before it, and without a row, by the day's sum.
BILLED_MERCHANT = f"""
CREATE TABLE billed_merchant (
    channel text NOT NULL,
    merchant_id text NOT NULL,
    first_day date NOT NULL,
    region text COLLATE "C" NOT NULL,
    {_WHO},
    PRIMARY KEY (channel, merchant_id)
)
"""

# `fault` says why the bill is not read, or, of a bill that was read, that the channel has another one now.
CHANNEL_BILL = f"""
CREATE TABLE channel_bill (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    merchant_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('TRADE', 'FUND_FLOW')),
    bill_day date NOT NULL,
    state text NOT NULL DEFAULT 'WANTED' CHECK (state IN ('WANTED', 'READ', 'EMPTY')),
    fault text,
    asked_at timestamptz,
    asked_on date,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    content_hash text,
    content_bytes bigint CHECK (content_bytes > 0),
    line_count integer NOT NULL DEFAULT 0 CHECK (line_count >= 0),
    summary jsonb NOT NULL DEFAULT '{{}}',
    read_at timestamptz,
    read_on date CHECK (read_on > bill_day),
    region text COLLATE "C" NOT NULL,
    {_WHO},
    UNIQUE (channel, merchant_id, kind, bill_day),
    FOREIGN KEY (channel, merchant_id) REFERENCES billed_merchant,
    CHECK (num_nulls(asked_at, asked_on) IN (0, 2)),
    CHECK ((state <> 'WANTED') = (read_at IS NOT NULL)),
    CHECK (num_nulls(read_at, read_on) IN (0, 2)),
    CHECK ((state = 'READ') = (content_hash IS NOT NULL)),
    CHECK (num_nulls(content_hash, content_bytes) IN (0, 2)),
    CHECK (state = 'READ' OR line_count = 0)
)
"""

# The file as it came: gzip, in pieces.
CONTENT = """
CREATE TABLE channel_bill_content (
    bill_id uuid NOT NULL REFERENCES channel_bill,
    part integer NOT NULL CHECK (part > 0),
    content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 1048576),
    region text COLLATE "C" NOT NULL,
    PRIMARY KEY (bill_id, part)
)
"""

# Lines are written once, in the transaction in which their bill is read, and hundreds of thousands at a time: a foreign
# key would ask for each of them. `amount_fen` is what the payer ordered or what was to be given back, `due_fen` what
# the channel owes or takes back for it: less, where a coupon that the merchant bought paid a part.
TRADE_LINE = """
CREATE TABLE bill_trade_line (
    bill_id uuid NOT NULL,
    line_no integer NOT NULL CHECK (line_no > 0),
    kind text NOT NULL CHECK (kind IN ('PAYMENT', 'REFUND')),
    order_no text NOT NULL,
    transaction_id text NOT NULL,
    refund_no text,
    channel_refund_id text,
    outcome text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    due_fen bigint NOT NULL CHECK (due_fen BETWEEN 0 AND amount_fen),
    happened_at timestamptz NOT NULL,
    region text COLLATE "C" NOT NULL,
    PRIMARY KEY (bill_id, line_no),
    CHECK (kind = 'REFUND' OR num_nonnulls(refund_no, channel_refund_id) = 0),
    CHECK (kind = 'PAYMENT' OR channel_refund_id IS NOT NULL)
)
"""

FLOW_LINE = """
CREATE TABLE bill_flow_line (
    bill_id uuid NOT NULL,
    line_no integer NOT NULL CHECK (line_no > 0),
    booked_at timestamptz NOT NULL,
    flow_no text NOT NULL,
    business_no text NOT NULL,
    voucher_no text,
    kind text NOT NULL CHECK (kind IN ('PAYMENT', 'REFUND', 'PAYOUT', 'FEE', 'OTHER')),
    amount_fen bigint NOT NULL,
    balance_fen bigint NOT NULL,
    remark text NOT NULL,
    region text COLLATE "C" NOT NULL,
    PRIMARY KEY (bill_id, line_no)
)
"""

TABLES = {
    "billed_merchant": BILLED_MERCHANT,
    "channel_bill": CHANNEL_BILL,
    "channel_bill_content": CONTENT,
    "bill_trade_line": TRADE_LINE,
    "bill_flow_line": FLOW_LINE,
}
INDEXES = (
    "CREATE INDEX channel_bill_wanted ON channel_bill (asked_at NULLS FIRST, bill_day, id) WHERE state = 'WANTED'",
    # Once more on a later day: whether the channel still has the same file.
    "CREATE INDEX channel_bill_read_once ON channel_bill (bill_day, id) WHERE state <> 'WANTED' AND asked_on = read_on",
    "CREATE INDEX channel_bill_at_fault ON channel_bill (fault) WHERE fault IS NOT NULL",
    "CREATE INDEX bill_trade_line_refund ON bill_trade_line (refund_no) WHERE kind = 'REFUND'",
    "CREATE INDEX bill_trade_line_channel_refund ON bill_trade_line (channel_refund_id) WHERE kind = 'REFUND'",
    "CREATE INDEX refund_of_day ON refund (channel, merchant_id, refunded_on) WHERE refunded_on IS NOT NULL",
)
WRITTEN_ONCE = "billed_merchant, channel_bill_content, bill_trade_line, bill_flow_line"


def upgrade() -> None:
    """Create the tables under row-level security; what is written once cannot be changed by the service."""
    for name, table in TABLES.items():
        op.execute(table)
        for statement in protect(name):
            op.execute(statement)
    for index in INDEXES:
        op.execute(index)
    op.execute("REVOKE DELETE, TRUNCATE ON channel_bill FROM payment_app")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {WRITTEN_ONCE} FROM payment_app")
    op.execute("GRANT UPDATE (first_day) ON billed_merchant TO payment_app")


def downgrade() -> None:
    """Drop them again."""
    op.execute("DROP INDEX refund_of_day")
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
