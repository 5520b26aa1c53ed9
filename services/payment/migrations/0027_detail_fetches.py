"""The tax bureau's detail of a large batch is fetched by a job, and its lines are kept until they are noted."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0027"
down_revision = "payment_0024"
branch_labels = None
depends_on = None

FETCH = """
CREATE TABLE detail_fetch (
    id uuid PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES remittance_batch,
    state text NOT NULL CHECK (state IN ('WAITING', 'COMPARED', 'DONE', 'FAILED')),
    line_count integer NOT NULL CHECK (line_count >= 0),
    lines_read integer NOT NULL DEFAULT 0 CHECK (lines_read >= 0),
    lines_numbered integer NOT NULL DEFAULT 0 CHECK (lines_numbered BETWEEN 0 AND lines_read),
    lines_cleared integer NOT NULL DEFAULT 0 CHECK (lines_cleared BETWEEN 0 AND lines_read),
    tax_total_fen bigint,
    refused_because text,
    claim uuid,
    claimed_until timestamptz,
    region text COLLATE "C" NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'FAILED') = (refused_because IS NOT NULL))
)
"""
LINE = """
CREATE TABLE detail_line (
    fetch_id uuid NOT NULL REFERENCES detail_fetch,
    place integer NOT NULL,
    line_no text NOT NULL,
    enrolment_id uuid NOT NULL,
    amount_fen bigint NOT NULL,
    region text COLLATE "C" NOT NULL,
    PRIMARY KEY (fetch_id, place)
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX detail_fetch_under_way ON detail_fetch (batch_id) WHERE state IN ('WAITING', 'COMPARED')",
    "CREATE INDEX detail_fetch_newest ON detail_fetch (batch_id, id)",
    "CREATE INDEX detail_fetch_waiting ON detail_fetch (id) WHERE state = 'WAITING'",
    "CREATE INDEX detail_fetch_compared ON detail_fetch (id) WHERE state = 'COMPARED'",
    """
    CREATE INDEX detail_fetch_ended ON detail_fetch (id)
        WHERE state IN ('DONE', 'FAILED') AND lines_cleared < lines_read
    """,
    "CREATE INDEX detail_line_of_enrolment ON detail_line (fetch_id, enrolment_id)",
)


def upgrade() -> None:
    """Keep fetches, and the lines of those under way."""
    for table, definition in (("detail_fetch", FETCH), ("detail_line", LINE)):
        for statement in (definition, *protect(table)):
            op.execute(statement)
    for index in INDEXES:
        op.execute(index)
    op.execute("REVOKE DELETE, TRUNCATE ON detail_fetch FROM payment_app")
    op.execute("REVOKE TRUNCATE ON detail_line FROM payment_app")


def downgrade() -> None:
    """Fetch a detail within the request."""
    op.execute("DROP TABLE detail_line")
    op.execute("DROP TABLE detail_fetch")
