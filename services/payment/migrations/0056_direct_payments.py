"""Payments without an order, which an institution collected for us, and their reversals, which may come before them."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0056"
down_revision = "payment_0062"
branch_labels = None
depends_on = None

# What an institution says under one number of a business date it says once.
_KEY = """
    institution text COLLATE "C" NOT NULL CHECK (institution ~ '^[0-9A-Z_]{2,32}$'),
    business_date date NOT NULL,
    sequence text COLLATE "C" NOT NULL CHECK (sequence ~ '^[0-9A-Za-z_-]{1,64}$')
"""
_TRACED = """
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id()
"""
TABLES = {
    "direct_payment": f"""
        CREATE TABLE direct_payment (
            id uuid PRIMARY KEY,
            {_KEY},
            channel text NOT NULL,
            person_token text NOT NULL,
            name_token text,
            benefit_year integer NOT NULL,
            amount_fen bigint NOT NULL CHECK (amount_fen > 0),
            paid_at timestamptz NOT NULL,
            paid_on date NOT NULL,
            source text NOT NULL CHECK (source IN ('ONLINE', 'FILE')),
            {_TRACED},
            CONSTRAINT direct_payment_once UNIQUE (institution, business_date, sequence)
        )
    """,
    "direct_reversal": f"""
        CREATE TABLE direct_reversal (
            id uuid PRIMARY KEY,
            {_KEY},
            amount_fen bigint NOT NULL CHECK (amount_fen > 0),
            reversed_at timestamptz NOT NULL,
            reversed_on date NOT NULL,
            source text NOT NULL CHECK (source IN ('ONLINE', 'FILE')),
            {_TRACED},
            CONSTRAINT direct_reversal_once UNIQUE (institution, business_date, sequence)
        )
    """,
}
INDEXES = (
    *(f"CREATE INDEX {table}_in_order ON {table} (written_by, id)" for table in TABLES),
    *(f"CREATE INDEX {table}_region ON {table} (region)" for table in TABLES),
    "CREATE INDEX bill_of_person ON bill (person_token, benefit_year) WHERE superseded_because IS NULL",
    "CREATE INDEX unpriced_enrolment_of_person ON unpriced_enrolment (person_token, benefit_year)",
    # A claim without an order is one claim, too.
    "DROP INDEX suspense_one_claim",
    """CREATE UNIQUE INDEX suspense_one_claim ON suspense (channel, merchant_id, transaction_id, order_no, amount_fen)
       NULLS NOT DISTINCT WHERE state = 'CONTESTED'""",
)
_STATES = "'HELD', 'REFUNDING', 'REFUNDED', 'CONTESTED', 'RECOVERED'"


def upgrade() -> None:
    """Add both tables; a payment is brought by a notice, a channel's bill or an institution's word, by one of them."""
    for definition in TABLES.values():
        op.execute(definition)
    for index in INDEXES:
        op.execute(index)
    for table in TABLES:
        for statement in protect(table):
            op.execute(statement)
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM payment_app")
    op.execute(
        "ALTER TABLE payment ADD COLUMN direct_id uuid REFERENCES direct_payment,"
        " ALTER COLUMN order_no DROP NOT NULL,"
        " DROP CONSTRAINT payment_by_notice_or_bill,"
        " ADD CONSTRAINT payment_by_one_word CHECK (num_nonnulls(notice_id, bill_id, direct_id) = 1),"
        " ADD CONSTRAINT payment_without_order CHECK ((order_no IS NULL) = (direct_id IS NOT NULL))"
    )
    op.execute("CREATE UNIQUE INDEX payment_of_direct ON payment (direct_id) WHERE direct_id IS NOT NULL")
    op.execute("ALTER TABLE payment_line ADD COLUMN reversed_by uuid REFERENCES direct_reversal")
    op.execute(
        "ALTER TABLE suspense ADD COLUMN direct_id uuid REFERENCES direct_payment,"
        " ALTER COLUMN order_no DROP NOT NULL,"
        " ADD CONSTRAINT suspense_without_order CHECK ((order_no IS NULL) = (direct_id IS NOT NULL)),"
        " DROP CONSTRAINT suspense_state_check,"
        f" ADD CONSTRAINT suspense_state_check CHECK (state IN ({_STATES}, 'REVERSED', 'NEEDS_TREASURY_REFUND'))"
    )
    op.execute("ALTER TABLE bill ADD COLUMN reopened integer NOT NULL DEFAULT 0 CHECK (reopened >= 0)")


def downgrade() -> None:
    """Take them away again; fails where an institution brought a payment."""
    op.execute("ALTER TABLE bill DROP COLUMN reopened")
    op.execute(
        "ALTER TABLE suspense DROP COLUMN direct_id, ALTER COLUMN order_no SET NOT NULL,"
        f" DROP CONSTRAINT suspense_state_check, ADD CONSTRAINT suspense_state_check CHECK (state IN ({_STATES}))"
    )
    op.execute("ALTER TABLE payment_line DROP COLUMN reversed_by")
    op.execute(
        "ALTER TABLE payment DROP COLUMN direct_id, ALTER COLUMN order_no SET NOT NULL,"
        " ADD CONSTRAINT payment_by_notice_or_bill CHECK ((notice_id IS NULL) = (bill_id IS NOT NULL))"
    )
    op.execute("DROP INDEX suspense_one_claim")
    op.execute(
        "CREATE UNIQUE INDEX suspense_one_claim ON suspense"
        " (channel, merchant_id, transaction_id, order_no, amount_fen) WHERE state = 'CONTESTED'"
    )
    op.execute("DROP INDEX unpriced_enrolment_of_person")
    op.execute("DROP INDEX bill_of_person")
    op.execute("DROP TABLE direct_reversal")
    op.execute("DROP TABLE direct_payment")
