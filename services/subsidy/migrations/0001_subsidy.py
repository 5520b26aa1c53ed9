"""Rosters with their lines, what subsidy knows of enrolments, and versioned assessments."""

from alembic import op

from shared.database.row_security import protect

revision = "subsidy_0001"
down_revision = None
branch_labels = None
depends_on = None

ROSTER = """
CREATE TABLE roster (
    id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    content_mac text NOT NULL,
    identity text NOT NULL,
    department text NOT NULL,
    certified_on date NOT NULL,
    document text NOT NULL,
    accepted integer NOT NULL CHECK (accepted >= 0),
    unchanged integer NOT NULL CHECK (unchanged >= 0),
    refused jsonb NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (region, content_mac)
)
"""

# One line in force per person and identity, wherever it was uploaded. The line lies in the region where the person
# lives, its roster in the region of the department; the roster is written after its lines, with their count.
ROSTER_LINE = """
CREATE TABLE roster_line (
    id uuid PRIMARY KEY,
    roster_id uuid NOT NULL REFERENCES roster DEFERRABLE INITIALLY DEFERRED,
    region text COLLATE "C" NOT NULL CHECK (length(region) = 12),
    person_token text NOT NULL,
    identity text NOT NULL,
    document_type text NOT NULL,
    document_number bytea NOT NULL,
    masked_number text NOT NULL,
    person_name bytea NOT NULL,
    certified_on date NOT NULL,
    withdrawn_on date,
    withdrawal_reason text,
    withdrawn_by text,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT roster_line_withdrawal_whole_check
        CHECK (num_nulls(withdrawn_on, withdrawal_reason, withdrawn_by) IN (0, 3))
)
"""

# Not about people: what one combination of facts comes to. Thousands of assessments share a row.
PRICING = """
CREATE TABLE pricing (
    id text PRIMARY KEY,
    pack text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('PRICED', 'HELD', 'REJECTED')),
    reason_code text,
    schedule json NOT NULL,
    reasons json NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pricing_reason_check CHECK ((outcome = 'PRICED') = (reason_code IS NULL))
)
"""

ENROLMENT = """
CREATE TABLE enrolment (
    id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    benefit_year integer NOT NULL,
    person_token text NOT NULL,
    registered_on date NOT NULL,
    facts jsonb NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    pricing_id text NOT NULL REFERENCES pricing,
    row_no integer,
    paid_on date,
    terminated_on date,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
)
"""

ASSESSMENT = """
CREATE TABLE assessment (
    enrolment_id uuid NOT NULL REFERENCES enrolment,
    version integer NOT NULL CHECK (version > 0),
    region text COLLATE "C" NOT NULL,
    benefit_year integer NOT NULL,
    person_token text NOT NULL,
    pricing_id text NOT NULL REFERENCES pricing,
    row_no integer,
    identities jsonb NOT NULL,
    assessed_on date NOT NULL,
    cause text NOT NULL CHECK (cause IN ('REGISTERED', 'ROSTER_CHANGED')),
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (enrolment_id, version)
)
"""

# People whose roster lines changed and whose enrolments are looked at again: a queue, emptied in batches.
ROSTER_CHANGE = """
CREATE TABLE roster_change (
    id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    person_token text NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
)
"""

# A person's row is locked by whoever prices them, so that a registration and a roster change that meet at the same
# moment see each other. It says nothing about anybody and has no region: the same person may appear in two.
PERSON = "CREATE TABLE person (person_token text PRIMARY KEY)"

INDEXES = (
    "CREATE UNIQUE INDEX roster_line_in_force ON roster_line (person_token, identity) WHERE withdrawn_on IS NULL",
    "CREATE INDEX roster_line_person_idx ON roster_line (person_token)",
    "CREATE INDEX roster_line_roster_idx ON roster_line (roster_id)",
    "CREATE INDEX enrolment_person_idx ON enrolment (person_token)",
    "CREATE INDEX enrolment_year_region_idx ON enrolment (benefit_year, region)",
)
TABLES = {
    "roster": ROSTER,
    "roster_line": ROSTER_LINE,
    "roster_change": ROSTER_CHANGE,
    "enrolment": ENROLMENT,
    "assessment": ASSESSMENT,
}


def upgrade() -> None:
    """Create the tables; each that speaks of people is under row-level security."""
    op.execute(PRICING)
    op.execute(PERSON)
    for table, definition in TABLES.items():
        op.execute(definition)
        for statement in protect(table):
            op.execute(statement)
    for index in INDEXES:
        op.execute(index)
    # What was assessed stays as it was: a change is a new version beside it.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON pricing, assessment, roster FROM subsidy_app")
    op.execute("REVOKE DELETE, TRUNCATE ON enrolment, roster_line FROM subsidy_app")


def downgrade() -> None:
    """Remove them again."""
    for table in (*reversed(TABLES), "person", "pricing"):
        op.execute(f"DROP TABLE {table}")
