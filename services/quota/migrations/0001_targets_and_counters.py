"""Township targets, versioned and append-only, and the counters of the villages."""

from alembic import op

from shared.database.row_security import protect

revision = "quota_0001"
down_revision = None
branch_labels = None
depends_on = None

TARGET_SET = """
CREATE TABLE target_set (
    id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL CHECK (length(region) = 6),
    benefit_year integer NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    document text NOT NULL,
    note text NOT NULL,
    declared_total bigint NOT NULL CHECK (declared_total >= 0),
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (region, benefit_year, version)
)
"""

# A line repeats year and version, so that a township that may not see the county's row still finds its own target.
TOWN_TARGET = """
CREATE TABLE town_target (
    region text COLLATE "C" NOT NULL CHECK (length(region) = 9),
    benefit_year integer NOT NULL,
    version integer NOT NULL,
    county text COLLATE "C" GENERATED ALWAYS AS (substr(region, 1, 6)) STORED,
    name text NOT NULL,
    target bigint NOT NULL CHECK (target >= 0),
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (benefit_year, region, version),
    UNIQUE (county, benefit_year, version, name),
    FOREIGN KEY (county, benefit_year, version) REFERENCES target_set (region, benefit_year, version)
)
"""

VILLAGE_COUNTER = """
CREATE TABLE village_counter (
    benefit_year integer NOT NULL,
    region text COLLATE "C" NOT NULL,
    registered bigint NOT NULL CHECK (registered >= 0),
    enrolled bigint NOT NULL CHECK (enrolled >= 0 AND enrolled <= registered),
    terminated bigint NOT NULL CHECK (terminated >= 0),
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (benefit_year, region)
)
"""

TABLES = {"target_set": TARGET_SET, "town_target": TOWN_TARGET, "village_counter": VILLAGE_COUNTER}


def upgrade() -> None:
    """Create the tables, each under row-level security."""
    for table, definition in TABLES.items():
        op.execute(definition)
        for statement in protect(table):
            op.execute(statement)
    # A published target is never rewritten: an amendment is a new version beside the old one.
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON target_set, town_target FROM quota_app")
    op.execute("REVOKE DELETE, TRUNCATE ON village_counter FROM quota_app")


def downgrade() -> None:
    """Remove them again."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
