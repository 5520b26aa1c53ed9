"""Files of institutions: which came, what they say of their whole, and their lines with what became of each."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0059"
down_revision = "payment_0056"
branch_labels = None
depends_on = None

# Written once, after its lines, in the transaction in which all of it was read; only how far its lines are worked
# changes. A refused file is named and has no lines.
FILE = """
CREATE TABLE channel_file (
    id uuid PRIMARY KEY,
    institution text COLLATE "C" NOT NULL CHECK (institution ~ '^[0-9A-Z_]{2,32}$'),
    layout text NOT NULL,
    file_day date NOT NULL,
    content_hash text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    content_bytes bigint NOT NULL CHECK (content_bytes >= 0),
    source text NOT NULL CHECK (source IN ('PUSHED', 'DROPPED', 'FETCHED')),
    signed_by text NOT NULL,
    accepted boolean NOT NULL,
    fault text,
    fault_detail text,
    declared_count integer CHECK (declared_count >= 0),
    declared_fen bigint,
    line_count integer NOT NULL CHECK (line_count >= 0),
    unread_count integer NOT NULL CHECK (unread_count BETWEEN 0 AND line_count),
    paid_fen bigint NOT NULL CHECK (paid_fen >= 0),
    reversed_fen bigint NOT NULL CHECK (reversed_fen >= 0),
    open_fen bigint NOT NULL,
    lines_digest bytea CHECK (length(lines_digest) = 32),
    worked_through integer NOT NULL DEFAULT 0 CHECK (worked_through >= 0),
    state text NOT NULL CHECK (state IN ('RECEIVED', 'DONE', 'REFUSED')),
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT channel_file_once UNIQUE (institution, file_day, content_hash),
    CHECK (accepted = (state <> 'REFUSED')),
    CHECK (accepted = (fault IS NULL)),
    CHECK (accepted = (declared_count IS NOT NULL)),
    CHECK (num_nulls(declared_count, declared_fen) IN (0, 2)),
    CHECK (accepted OR line_count = 0),
    CHECK ((lines_digest IS NOT NULL) = (line_count > 0))
)
"""
# A line names a person by token alone. Lines are written by hundreds of thousands in the transaction of their file: a
# foreign key would ask for each of them. What cannot be read is UNREAD and has a fault.
LINE = """
CREATE TABLE channel_file_line (
    file_id uuid NOT NULL,
    line_no integer NOT NULL CHECK (line_no > 0),
    institution text COLLATE "C" NOT NULL,
    kind text CHECK (kind IN ('PAYMENT', 'REVERSAL')),
    sequence text COLLATE "C",
    business_date date,
    original text COLLATE "C",
    original_on date,
    happened_at timestamptz,
    channel text,
    person_token text,
    name_token text,
    benefit_year integer,
    amount_fen bigint CHECK (amount_fen > 0),
    remitted_on date,
    treasury_on date CHECK (treasury_on >= business_date),
    voucher_no text,
    fault text,
    fault_field text,
    state text NOT NULL CHECK (state IN ('WAITING', 'UNREAD', 'CREDITED', 'SUSPENDED', 'REVERSED', 'AWAITED',
                                         'CONTESTED', 'REFUSED')),
    reason text,
    repeated boolean NOT NULL DEFAULT false,
    region text COLLATE "C" NOT NULL,
    PRIMARY KEY (file_id, line_no),
    CHECK ((state = 'UNREAD') = (fault IS NOT NULL)),
    CHECK ((fault IS NULL) = (fault_field IS NULL)),
    CHECK (fault IS NOT NULL OR num_nulls(kind, sequence, business_date, happened_at, channel, person_token,
                                          benefit_year, amount_fen) = 0),
    CHECK (fault IS NOT NULL OR (kind = 'REVERSAL') = (original IS NOT NULL)),
    CHECK (num_nulls(original, original_on) IN (0, 2))
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX channel_file_of_day ON channel_file (institution, file_day) WHERE accepted",
    "CREATE INDEX channel_file_to_work ON channel_file (id) WHERE state = 'RECEIVED'",
    "CREATE INDEX channel_file_in_order ON channel_file (written_by, id)",
    "CREATE INDEX channel_file_region ON channel_file (region)",
    "CREATE INDEX channel_file_line_of_key ON channel_file_line (institution, business_date, sequence)",
    "CREATE INDEX channel_file_line_unread ON channel_file_line (file_id, line_no) WHERE state = 'UNREAD'",
)


def upgrade() -> None:
    """Create both under row-level security."""
    for table, definition in (("channel_file", FILE), ("channel_file_line", LINE)):
        for statement in (definition, *protect(table)):
            op.execute(statement)
        op.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM payment_app")
    for index in INDEXES:
        op.execute(index)


def downgrade() -> None:
    """Take no files."""
    op.execute("DROP TABLE channel_file_line")
    op.execute("DROP TABLE channel_file")
