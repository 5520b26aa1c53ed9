"""Clients, the region directory and enrolments."""

from alembic import op

from shared.database.row_security import protect

revision = "registration_0001"
down_revision = None

_TABLES = """
CREATE TABLE api_client (
    name text PRIMARY KEY,
    secret_hash text NOT NULL,
    scopes text NOT NULL,
    region text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE region_directory (
    code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL
);
CREATE TABLE enrolment (
    id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    benefit_year integer NOT NULL,
    person_token text NOT NULL,
    document_type text NOT NULL,
    document_number bytea NOT NULL,
    masked_number text NOT NULL,
    person_name bytea NOT NULL,
    facts jsonb NOT NULL,
    state text NOT NULL CONSTRAINT enrolment_state_check CHECK (state IN (
        'ACTIVE', 'EXPIRED', 'HELD', 'PAID', 'PENDING_PAYMENT', 'PRICED', 'REGISTERED', 'REJECTED', 'TERMINATED',
        'WAITING')),
    registered_on date NOT NULL,
    assessment_version integer,
    outcome text,
    assessment jsonb,
    bill_version integer,
    paid_basis text,
    paid_on date,
    paid_fen bigint,
    due_fen bigint,
    aided_fen bigint,
    channel text,
    benefit_start date,
    benefit_end date,
    benefit_wait text,
    benefit_held text,
    money_state text,
    in_treasury_on date,
    certificate_no text,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT enrolment_paid_whole_check
        CHECK (num_nulls(paid_basis, paid_on, paid_fen, due_fen, aided_fen) IN (0, 5)),
    CONSTRAINT enrolment_benefit_whole_check CHECK ((benefit_start IS NULL) = (benefit_end IS NULL)),
    CONSTRAINT enrolment_benefit_order_check CHECK (benefit_start <= benefit_end)
);
CREATE UNIQUE INDEX enrolment_one_live_per_person_and_year ON enrolment (person_token, benefit_year)
    WHERE state <> 'TERMINATED';
CREATE INDEX enrolment_region_year_idx ON enrolment (region, benefit_year);
CREATE INDEX enrolment_next_step_idx ON enrolment (state, benefit_start, benefit_end);
"""


def upgrade() -> None:
    """Create registration's tables under row-level security."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in ("api_client", "enrolment"):
        for statement in protect(table):
            op.execute(statement)


def downgrade() -> None:
    """Remove them again."""
    for table in ("enrolment", "region_directory", "api_client"):
        op.execute(f"DROP TABLE {table}")
