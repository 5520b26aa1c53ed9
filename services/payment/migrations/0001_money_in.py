"""Bills, orders, notices, payments, suspense, refunds and the books."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0001"
down_revision = None
branch_labels = None
depends_on = None

_TRACED = """
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
"""

TRANSFER = f"""
CREATE TABLE transfer (
    id uuid PRIMARY KEY,
    idempotency_key text NOT NULL UNIQUE,
    kind text NOT NULL,
    debit text COLLATE "C" NOT NULL,
    credit text COLLATE "C" NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    enrolment_id uuid,
    person_token text,
    benefit_year integer,
    batch_id uuid,
    effective_on date NOT NULL,
    caused_by uuid NOT NULL,
    {_TRACED},
    CONSTRAINT transfer_between_two_accounts CHECK (debit <> credit)
)
"""

BILL = f"""
CREATE TABLE bill (
    id uuid PRIMARY KEY,
    enrolment_id uuid NOT NULL,
    person_token text NOT NULL,
    benefit_year integer NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    schedule jsonb NOT NULL,
    reasons jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('OPEN', 'PAID', 'NOTHING_DUE', 'SUPERSEDED')),
    superseded_because text,
    review text,
    row_no integer,
    due_fen bigint CHECK (due_fen > 0),
    aided_fen bigint CHECK (aided_fen >= 0),
    paid_on date,
    paid_through text,
    paid_by uuid,
    {_TRACED},
    UNIQUE (enrolment_id, version),
    CONSTRAINT bill_frozen_when_paid CHECK (
        (state = 'PAID') = (num_nulls(row_no, due_fen, aided_fen, paid_on, paid_through, paid_by) = 0)
    ),
    CONSTRAINT bill_superseded_with_reason CHECK ((state = 'SUPERSEDED') = (superseded_because IS NOT NULL))
)
"""

PAYMENT_ORDER = f"""
CREATE TABLE payment_order (
    id uuid PRIMARY KEY,
    order_no text NOT NULL UNIQUE CHECK (order_no ~ '^[0-9A-Za-z_|*-]{{6,32}}$'),
    channel text NOT NULL,
    mchid text NOT NULL,
    appid text NOT NULL,
    benefit_year integer NOT NULL,
    state text NOT NULL CHECK (
        state IN ('CREATED', 'AWAITING', 'UNKNOWN', 'CONFIRMED', 'EXPIRED', 'CANCELLED', 'REFUSED')
    ),
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    code_url text,
    expires_at timestamptz NOT NULL,
    to_be_queried boolean NOT NULL DEFAULT false,
    queried_at timestamptz,
    {_TRACED}
)
"""

ORDER_LINE = f"""
CREATE TABLE order_line (
    order_id uuid NOT NULL REFERENCES payment_order,
    bill_id uuid NOT NULL REFERENCES bill,
    enrolment_id uuid NOT NULL,
    person_token text NOT NULL,
    benefit_year integer NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    open boolean NOT NULL,
    {_TRACED},
    PRIMARY KEY (order_id, bill_id)
)
"""

# The envelope is kept as it came, its ciphertext unopened; beside it only what crediting needs, never who the payer is.
RAW_NOTICE = f"""
CREATE TABLE raw_notice (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    mchid text NOT NULL,
    notify_id text NOT NULL,
    source text NOT NULL CHECK (source IN ('NOTICE', 'QUERY')),
    envelope bytea NOT NULL,
    serial text NOT NULL,
    signed_at timestamptz NOT NULL,
    event_type text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('PAYMENT', 'REFUND', 'OTHER', 'UNREADABLE')),
    payee_mchid text,
    payee_appid text,
    order_no text,
    transaction_id text,
    refund_no text,
    outcome text,
    amount_fen bigint,
    currency text,
    succeeded_at timestamptz,
    state text NOT NULL DEFAULT 'RECEIVED' CHECK (
        state IN ('RECEIVED', 'CREDITED', 'SUSPENDED', 'QUARANTINED', 'PARKED', 'APPLIED', 'REPEATED', 'IGNORED')
    ),
    reason text,
    {_TRACED},
    UNIQUE (channel, notify_id)
)
"""

PAYMENT = f"""
CREATE TABLE payment (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    mchid text NOT NULL,
    transaction_id text NOT NULL,
    order_id uuid REFERENCES payment_order,
    order_no text NOT NULL,
    notice_id uuid NOT NULL REFERENCES raw_notice,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    paid_at timestamptz NOT NULL,
    paid_on date NOT NULL,
    {_TRACED},
    CONSTRAINT payment_one_per_transaction UNIQUE (channel, mchid, transaction_id)
)
"""

PAYMENT_LINE = f"""
CREATE TABLE payment_line (
    id uuid PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payment,
    bill_id uuid REFERENCES bill,
    enrolment_id uuid,
    person_token text,
    benefit_year integer,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    state text NOT NULL CHECK (state IN ('CREDITED', 'SUSPENDED')),
    settled_on date,
    {_TRACED},
    CONSTRAINT payment_line_credited_to_a_bill CHECK (
        state <> 'CREDITED' OR num_nulls(bill_id, enrolment_id, person_token, benefit_year) = 0
    )
)
"""

SUSPENSE = f"""
CREATE TABLE suspense (
    id uuid PRIMARY KEY,
    payment_line_id uuid UNIQUE REFERENCES payment_line,
    notice_id uuid NOT NULL REFERENCES raw_notice,
    channel text NOT NULL,
    mchid text NOT NULL,
    order_no text NOT NULL,
    transaction_id text NOT NULL,
    enrolment_id uuid,
    person_token text,
    benefit_year integer,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    paid_fen bigint NOT NULL CHECK (paid_fen >= amount_fen),
    reason text NOT NULL,
    suspended_on date NOT NULL,
    state text NOT NULL CHECK (state IN ('HELD', 'REFUNDING', 'REFUNDED', 'CONTESTED')),
    {_TRACED},
    CONSTRAINT suspense_contested_holds_no_money CHECK ((state = 'CONTESTED') = (payment_line_id IS NULL))
)
"""

REFUND = f"""
CREATE TABLE refund (
    id uuid PRIMARY KEY,
    suspense_id uuid NOT NULL UNIQUE REFERENCES suspense,
    refund_no text NOT NULL UNIQUE CHECK (refund_no ~ '^[0-9A-Za-z_|*-]{{6,64}}$'),
    attempt integer NOT NULL DEFAULT 1 CHECK (attempt > 0),
    channel text NOT NULL,
    mchid text NOT NULL,
    transaction_id text NOT NULL,
    enrolment_id uuid,
    benefit_year integer,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    paid_fen bigint NOT NULL CHECK (paid_fen >= amount_fen),
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('REQUESTED', 'APPROVED', 'ASKED', 'ABNORMAL', 'PAY_FAILED', 'PAID')),
    requested_on date NOT NULL,
    approved_by text,
    approved_on date,
    asked_at timestamptz,
    failure text,
    refunded_on date,
    {_TRACED},
    CONSTRAINT refund_paid_on_a_day CHECK ((state = 'PAID') = (refunded_on IS NOT NULL)),
    CONSTRAINT refund_approved_by_somebody CHECK (state = 'REQUESTED' OR approved_by IS NOT NULL)
)
"""

TABLES = {
    "transfer": TRANSFER,
    "bill": BILL,
    "payment_order": PAYMENT_ORDER,
    "order_line": ORDER_LINE,
    "raw_notice": RAW_NOTICE,
    "payment": PAYMENT,
    "payment_line": PAYMENT_LINE,
    "suspense": SUSPENSE,
    "refund": REFUND,
}

INDEXES = (
    "CREATE INDEX transfer_of_enrolment ON transfer (enrolment_id)",
    # A race for an enrolment's bill, or for a bill's order, is decided here.
    "CREATE UNIQUE INDEX bill_one_live ON bill (enrolment_id) WHERE state <> 'SUPERSEDED'",
    "CREATE UNIQUE INDEX order_line_one_open ON order_line (bill_id) WHERE open",
    "CREATE INDEX payment_order_unsettled ON payment_order (recorded_at) WHERE state IN ('CREATED', 'UNKNOWN')",
    "CREATE INDEX payment_order_awaiting ON payment_order (expires_at) WHERE state = 'AWAITING'",
    "CREATE INDEX payment_order_to_be_queried ON payment_order (id) WHERE to_be_queried",
    "CREATE INDEX raw_notice_waiting ON raw_notice (id) WHERE state = 'RECEIVED'",
    "CREATE INDEX raw_notice_parked ON raw_notice (transaction_id) WHERE state = 'PARKED'",
    "CREATE INDEX raw_notice_quarantined ON raw_notice (id) WHERE state = 'QUARANTINED'",
    "CREATE INDEX payment_of_order ON payment (order_id)",
    "CREATE INDEX payment_of_day ON payment (channel, mchid, paid_on)",
    "CREATE INDEX payment_line_of_payment ON payment_line (payment_id)",
    "CREATE INDEX suspense_held ON suspense (id) WHERE state = 'HELD'",
    "CREATE INDEX refund_to_be_asked ON refund (id) WHERE state IN ('APPROVED', 'ASKED', 'ABNORMAL')",
)

APPEND_ONLY = """
CREATE FUNCTION transfer_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the books are append-only: correct a transfer by a reversal';
END
$$
"""


def upgrade() -> None:
    for table, definition in TABLES.items():
        op.execute(definition)
        for statement in protect(table):
            op.execute(statement)
    for index in INDEXES:
        op.execute(index)
    op.execute(APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer "
        "FOR EACH STATEMENT EXECUTE FUNCTION transfer_is_append_only()"
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON transfer, payment FROM payment_app")
    op.execute(f"REVOKE DELETE, TRUNCATE ON {', '.join(set(TABLES) - {'transfer', 'payment'})} FROM payment_app")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION transfer_is_append_only()")
