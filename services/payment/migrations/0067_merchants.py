"""Merchants as data: each approval of two people adds a version, and none is ever changed."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0067"
down_revision = "payment_0035"
branch_labels = None
depends_on = None

# The region of a row is the whole area's: who sees a part of it sees no merchant. What it collects for is a column.
VERSION = """
CREATE TABLE merchant_version (
    id uuid PRIMARY KEY,
    channel text COLLATE "C" NOT NULL CHECK (channel ~ '^[A-Z][A-Z0-9_]{1,31}$'),
    merchant_id text COLLATE "C" NOT NULL CHECK (length(merchant_id) BETWEEN 1 AND 64),
    version integer NOT NULL CHECK (version >= 1),
    step text NOT NULL CHECK (step IN ('OPENED', 'CHANGED', 'GIVEN_UP', 'KEY_ADDED', 'KEY_RETIRED')),
    mechanism text NOT NULL,
    appid text NOT NULL CHECK (length(appid) BETWEEN 1 AND 64),
    collects_for text COLLATE "C" NOT NULL CHECK (collects_for >= region AND collects_for < region || '~'),
    takes_orders boolean NOT NULL,
    settings jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object'),
    secrets jsonb NOT NULL CHECK (jsonb_typeof(secrets) = 'object'),
    keys jsonb NOT NULL CHECK (jsonb_typeof(keys) = 'object' AND keys <> '{}'),
    approval_id uuid NOT NULL UNIQUE REFERENCES approval,
    approved_on date NOT NULL,
    region text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((version = 1) = (step = 'OPENED')),
    CHECK (step <> 'GIVEN_UP' OR NOT takes_orders)
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX merchant_version_newest ON merchant_version (channel, merchant_id, version DESC)",
    "CREATE INDEX merchant_version_in_order ON merchant_version (written_by, id)",
    "CREATE INDEX merchant_version_region ON merchant_version (region)",
)


def upgrade() -> None:
    """Keep merchants and what was approved about them; the service adds to it and changes nothing."""
    for statement in (VERSION, *INDEXES, *protect("merchant_version")):
        op.execute(statement)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON merchant_version FROM payment_app")


def downgrade() -> None:
    """Know the merchants of the settings only."""
    op.execute("DROP TABLE merchant_version")
