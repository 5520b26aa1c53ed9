"""Village cash, the bank's statements of the pending account, and batches on their way to the treasury."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0002"
down_revision = "payment_0001"
branch_labels = None
depends_on = None

_WHO = """
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
"""

BATCH = f"""
CREATE TABLE remittance_batch (
    id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ENTRUSTED_CASH', 'ONLINE')),
    state text NOT NULL CHECK (state IN ('OPEN', 'SUBMITTED', 'HELD', 'READY_TO_REMIT', 'AT_TAX_HALL',
        'DETAIL_CONFIRMED', 'REMITTED', 'TREASURY_CONFIRMED', 'CERTIFICATE_ISSUED', 'RETURNED')),
    held_at text CHECK (held_at IN ('MATCH', 'DETAIL')),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    statement_no text,
    benefit_year integer,
    channel text,
    mchid text,
    settlement_day date,
    declared_fen bigint NOT NULL CHECK (declared_fen >= 0 OR kind = 'ONLINE'),
    counted_fen bigint,
    amount_fen bigint NOT NULL DEFAULT 0 CHECK (amount_fen >= 0),
    line_count integer NOT NULL DEFAULT 0 CHECK (line_count >= 0),
    differences jsonb NOT NULL DEFAULT '[]',
    collection_notice_serial text UNIQUE,
    remitted_on date,
    received_on date CHECK (received_on >= remitted_on),
    certificate_no text UNIQUE,
    certificate_issued_on date CHECK (certificate_issued_on >= received_on),
    returned_on date CHECK (returned_on >= remitted_on),
    return_reason text,
    previous_batch_id uuid UNIQUE REFERENCES remittance_batch,
    {_WHO},
    CHECK (kind <> 'ENTRUSTED_CASH' OR (statement_no IS NOT NULL AND benefit_year IS NOT NULL AND channel IS NULL)),
    CHECK (kind <> 'ONLINE' OR (channel IS NOT NULL AND mchid IS NOT NULL AND settlement_day IS NOT NULL
                                AND statement_no IS NULL AND collection_notice_serial IS NULL)),
    CHECK ((state = 'HELD') = (held_at IS NOT NULL)),
    CHECK (state <> 'HELD' OR jsonb_array_length(differences) > 0),
    CHECK (kind <> 'ENTRUSTED_CASH' OR collection_notice_serial IS NOT NULL
           OR state IN ('OPEN', 'SUBMITTED', 'HELD', 'READY_TO_REMIT')),
    CHECK (remitted_on IS NOT NULL
           OR state NOT IN ('REMITTED', 'TREASURY_CONFIRMED', 'CERTIFICATE_ISSUED', 'RETURNED')),
    CHECK (received_on IS NOT NULL OR state NOT IN ('TREASURY_CONFIRMED', 'CERTIFICATE_ISSUED')),
    CHECK ((certificate_no IS NOT NULL) = (state = 'CERTIFICATE_ISSUED')),
    CHECK ((certificate_no IS NULL) = (certificate_issued_on IS NULL)),
    CHECK ((returned_on IS NOT NULL) = (state = 'RETURNED'))
)
"""

# What was returned goes into a new batch of the same statement or settlement; the first one is unique.
BATCH_INDEXES = (
    "CREATE UNIQUE INDEX remittance_batch_statement ON remittance_batch (statement_no) WHERE previous_batch_id IS NULL",
    """CREATE UNIQUE INDEX remittance_batch_settlement ON remittance_batch (channel, mchid, settlement_day)
       WHERE previous_batch_id IS NULL""",
    "CREATE INDEX remittance_batch_waiting ON remittance_batch (state, id)",
    "CREATE INDEX remittance_batch_region ON remittance_batch (region)",
)

# A receipt is handed in with one statement at a time; the number is a controlled document's and never comes twice.
RECEIPT = f"""
CREATE TABLE cash_receipt (
    id uuid PRIMARY KEY,
    receipt_no text NOT NULL UNIQUE,
    region text COLLATE "C" NOT NULL CHECK (length(region) = 12),
    enrolment_id uuid NOT NULL,
    person_token text NOT NULL,
    benefit_year integer NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    received_on date NOT NULL,
    state text NOT NULL DEFAULT 'USED' CHECK (state IN ('USED', 'WRITTEN_OFF', 'RECALLED')),
    recall_reason text,
    batch_id uuid REFERENCES remittance_batch,
    deposited_on date,
    {_WHO},
    CHECK ((recall_reason IS NOT NULL) = (state = 'RECALLED')),
    CHECK (state <> 'WRITTEN_OFF' OR (batch_id IS NOT NULL AND deposited_on IS NOT NULL))
)
"""

STATEMENT_LINE = f"""
CREATE TABLE collection_line (
    batch_id uuid NOT NULL REFERENCES remittance_batch,
    version integer NOT NULL CHECK (version > 0),
    ordinal integer NOT NULL CHECK (ordinal > 0),
    receipt_no text NOT NULL,
    enrolment_id uuid NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    region text COLLATE "C" NOT NULL,
    {_WHO},
    PRIMARY KEY (batch_id, version, ordinal)
)
"""

# A slip is not money: it posts nothing until the bank's line says the same. A correction withdraws it.
SLIP = f"""
CREATE TABLE deposit_slip (
    slip_no text PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES remittance_batch,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    deposited_on date NOT NULL,
    withdrawn boolean NOT NULL DEFAULT false,
    region text COLLATE "C" NOT NULL,
    {_WHO}
)
"""

BANK_LINE = f"""
CREATE TABLE bank_line (
    id uuid PRIMARY KEY,
    statement_no text NOT NULL,
    line_no integer NOT NULL CHECK (line_no > 0),
    booked_on date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('DEPOSIT', 'SETTLEMENT')),
    reference text NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0 OR (amount_fen < 0 AND kind = 'SETTLEMENT')),
    batch_id uuid REFERENCES remittance_batch,
    set_aside_because text CHECK (set_aside_because IS NULL OR batch_id IS NULL),
    region text COLLATE "C" NOT NULL,
    {_WHO},
    UNIQUE (statement_no, line_no)
)
"""

# ``source_id`` is the receipt or the payment's line: it can be on its way to the treasury once at a time.
LINE = f"""
CREATE TABLE remittance_line (
    batch_id uuid NOT NULL REFERENCES remittance_batch,
    enrolment_id uuid NOT NULL,
    source_id uuid NOT NULL,
    person_token text NOT NULL,
    benefit_year integer NOT NULL,
    region text COLLATE "C" NOT NULL,
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    place text NOT NULL DEFAULT 'PENDING' CHECK (place IN ('PENDING', 'IN_TRANSIT', 'TREASURY', 'RETURNED')),
    receipt_no text,
    tax_line_no text,
    {_WHO},
    PRIMARY KEY (batch_id, enrolment_id)
)
"""

STEP = f"""
CREATE TABLE remittance_step (
    id uuid PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES remittance_batch,
    step text NOT NULL,
    from_state text,
    to_state text NOT NULL,
    version integer NOT NULL,
    effective_on date,
    facts jsonb NOT NULL DEFAULT '{{}}',
    region text COLLATE "C" NOT NULL,
    {_WHO}
)
"""

TABLES = {
    "remittance_batch": BATCH,
    "cash_receipt": RECEIPT,
    "collection_line": STATEMENT_LINE,
    "deposit_slip": SLIP,
    "bank_line": BANK_LINE,
    "remittance_line": LINE,
    "remittance_step": STEP,
}

INDEXES = (
    *BATCH_INDEXES,
    "CREATE INDEX cash_receipt_batch ON cash_receipt (batch_id) WHERE batch_id IS NOT NULL",
    "CREATE INDEX cash_receipt_in_village ON cash_receipt (region, benefit_year) WHERE state = 'USED'",
    "CREATE INDEX cash_receipt_recalled ON cash_receipt (region, receipt_no) WHERE state = 'RECALLED'",
    "CREATE INDEX cash_receipt_enrolment ON cash_receipt (enrolment_id)",
    "CREATE INDEX deposit_slip_batch ON deposit_slip (batch_id)",
    "CREATE INDEX bank_line_reference ON bank_line (kind, reference)",
    "CREATE INDEX bank_line_unmatched ON bank_line (kind, id) WHERE batch_id IS NULL AND set_aside_because IS NULL",
    "CREATE INDEX bank_line_batch ON bank_line (batch_id)",
    "CREATE UNIQUE INDEX remittance_line_once ON remittance_line (source_id) WHERE place <> 'RETURNED'",
    "CREATE INDEX remittance_line_enrolment ON remittance_line (enrolment_id)",
    "CREATE INDEX remittance_line_region ON remittance_line (region, place)",
    "CREATE INDEX remittance_step_batch ON remittance_step (batch_id)",
)


def upgrade() -> None:
    """Create the tables, each under row-level security."""
    for table, definition in TABLES.items():
        op.execute(definition)
        for statement in protect(table):
            op.execute(statement)
    for index in INDEXES:
        op.execute(index)
    # What a village stated and what was done with a batch stays as it was said: a correction is a new version.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON collection_line, remittance_step FROM payment_app")
    op.execute(
        "REVOKE DELETE, TRUNCATE ON remittance_batch, cash_receipt, deposit_slip, bank_line, remittance_line"
        " FROM payment_app"
    )


def downgrade() -> None:
    """Drop them again."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
