"""Epochs: a database that was restored to earlier counts on in a new one, so that no number means two facts."""

from alembic import op

from shared.database.row_security import protect

revision = "shared_0006"
down_revision = "shared_0005"

EPOCH = """
CREATE TABLE epoch (
    epoch integer PRIMARY KEY CHECK (epoch > 0),
    began_at timestamptz NOT NULL DEFAULT now(),
    began_by text NOT NULL,
    because text NOT NULL CHECK (because <> ''),
    restored_to timestamptz,
    abandoned jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT epoch_restored_to_check CHECK ((epoch = 1) = (restored_to IS NULL))
)
"""
# Events that were announced after a restoration and before its epoch began, and the epoch that they were moved into:
# what was sealed is not changed.
MOVED = """
CREATE TABLE outbox_moved (
    id uuid PRIMARY KEY,
    epoch integer NOT NULL REFERENCES epoch
)
"""
# What the restored database announced before and does not know any more, until it is made good.
LOST = """
CREATE TABLE lost_event (
    id uuid PRIMARY KEY,
    lost_in integer NOT NULL CHECK (lost_in > 1),
    event text NOT NULL,
    key uuid NOT NULL,
    epoch integer NOT NULL,
    seq bigint NOT NULL,
    region text COLLATE "C" NOT NULL,
    benefit_year integer,
    person_token text,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload json NOT NULL,
    settled_at timestamptz,
    settled_because text,
    CONSTRAINT lost_event_settled_check CHECK ((settled_at IS NULL) = (settled_because IS NULL))
)
"""
LOST_INDEXES = (
    "CREATE INDEX lost_event_waiting ON lost_event (event, id) WHERE settled_at IS NULL",
    "CREATE INDEX lost_event_key ON lost_event (key, event) WHERE settled_at IS NULL",
    "CREATE INDEX lost_event_person ON lost_event (person_token, event) WHERE settled_at IS NULL",
)
# The first one began with the installation.
FIRST = "INSERT INTO epoch (epoch, began_by, because) VALUES (1, 'canbao migrate', 'installed')"
APPEND_ONLY = """
CREATE FUNCTION epoch_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: what events were numbered by stays as it is', TG_TABLE_NAME;
END
$$
"""
TRIGGERS = tuple(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION epoch_is_append_only()"
    for table in ("epoch", "outbox_moved")
)
# Only the administrator begins an epoch. Default privileges gave the service every right.
REVOKE = """
DO $$
DECLARE
    worker regrole;
BEGIN
    FOR worker IN
        SELECT DISTINCT privilege.grantee::regrole
        FROM pg_class, aclexplode(relacl) AS privilege
        WHERE pg_class.oid = 'epoch'::regclass AND privilege.grantee NOT IN (0, relowner)
    LOOP
        EXECUTE format('REVOKE ALL ON epoch, outbox_moved FROM %s', worker);
        EXECUTE format('GRANT SELECT ON epoch, outbox_moved TO %s', worker);
    END LOOP;
END
$$
"""
# What stands already is of the first epoch: a constant, so that no row is rewritten.
COLUMNS = (
    "ALTER TABLE outbox ADD COLUMN epoch integer NOT NULL DEFAULT 1 CHECK (epoch > 0)",
    "ALTER TABLE aggregate ADD COLUMN epoch integer NOT NULL DEFAULT 1 CHECK (epoch > 0)",
    "ALTER TABLE cursor ADD COLUMN epoch integer NOT NULL DEFAULT 1 CHECK (epoch > 0)",
    "ALTER TABLE cursor ADD COLUMN last_event_id uuid",
    "ALTER TABLE cursor ADD COLUMN last_recorded_at timestamptz",
    "ALTER TABLE dead_letter ADD COLUMN epoch integer NOT NULL DEFAULT 1 CHECK (epoch > 0)",
    "ALTER TABLE dead_letter ADD COLUMN previous_epoch integer NOT NULL DEFAULT 1",
    "ALTER TABLE parked_event ADD COLUMN epoch integer NOT NULL DEFAULT 1 CHECK (epoch > 0)",
    "ALTER TABLE parked_event DROP CONSTRAINT parked_event_pkey",
    "ALTER TABLE parked_event ADD PRIMARY KEY (publisher, aggregate_id, epoch, seq)",
    # How far a relay has looked at its own topic, and at which event: what lies behind it was not announced here.
    "ALTER TABLE relay_lane ADD COLUMN seen_offset bigint NOT NULL DEFAULT 0",
    "ALTER TABLE relay_lane ADD COLUMN seen_event_id uuid",
)
_EVENT = (
    "id, position, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service, correlation_id,"
    " causation_id, payload, recorded_at, written_by"
)


def upgrade() -> None:
    """Begin the first epoch, and say of everything that was announced and taken in that it belongs there."""
    for statement in (
        EPOCH,
        MOVED,
        LOST,
        *LOST_INDEXES,
        *protect("lost_event"),
        FIRST,
        APPEND_ONLY,
        *TRIGGERS,
        REVOKE,
        *COLUMNS,
    ):
        op.execute(statement)
    _outbox_unchanged(f"{_EVENT}, epoch")


def downgrade() -> None:
    """Forget the epochs; where there was a second one, numbers mean two facts again."""
    op.execute("ALTER TABLE relay_lane DROP COLUMN seen_event_id, DROP COLUMN seen_offset")
    op.execute("ALTER TABLE parked_event DROP CONSTRAINT parked_event_pkey")
    op.execute("ALTER TABLE parked_event DROP COLUMN epoch, ADD PRIMARY KEY (publisher, aggregate_id, seq)")
    op.execute("ALTER TABLE dead_letter DROP COLUMN previous_epoch, DROP COLUMN epoch")
    op.execute("ALTER TABLE cursor DROP COLUMN last_recorded_at, DROP COLUMN last_event_id, DROP COLUMN epoch")
    op.execute("ALTER TABLE aggregate DROP COLUMN epoch")
    _outbox_unchanged(_EVENT)
    op.execute("ALTER TABLE outbox DROP COLUMN epoch")
    op.execute("DROP TABLE lost_event, outbox_moved, epoch")
    op.execute("DROP FUNCTION epoch_is_append_only()")


def _outbox_unchanged(columns: str) -> None:
    op.execute("DROP TRIGGER outbox_unchanged ON outbox")
    op.execute(
        f"CREATE TRIGGER outbox_unchanged BEFORE UPDATE OF {columns} ON outbox "
        "FOR EACH STATEMENT EXECUTE FUNCTION outbox_keeps_its_word()"
    )
