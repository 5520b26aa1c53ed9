"""Messaging: what a service has yet to say, how far it has listened, and what it could not take in."""

from alembic import op

from shared.database.row_security import protect

revision = "shared_0002"
down_revision = "shared_0001"

INSTALLATION = """
CREATE TABLE messaging_installation (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    service text NOT NULL,
    installation text NOT NULL,
    partitions integer NOT NULL CHECK (partitions > 0),
    settled_at timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION messaging_installation_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'messaging_installation: what events have relied on is fixed';
END $$;
CREATE TRIGGER messaging_installation_fixed BEFORE UPDATE OR DELETE ON messaging_installation
    FOR EACH STATEMENT EXECUTE FUNCTION messaging_installation_is_fixed();
CREATE TABLE claimed_topic (
    broker text NOT NULL,
    topic text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (broker, topic)
);
"""

# position is drawn while the aggregate's row is locked, so that within an aggregate it rises with the sequence.
# The lane is empty, and the row refused, while nobody has settled the installation.
PUBLISHING = """
CREATE TABLE aggregate (
    id uuid PRIMARY KEY,
    seq bigint NOT NULL CHECK (seq > 0)
);
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
    lane integer NOT NULL,
    topic text NOT NULL,
    key uuid NOT NULL,
    aggregate_seq bigint NOT NULL,
    event text NOT NULL,
    region text COLLATE "C" NOT NULL,
    benefit_year integer,
    actor text NOT NULL,
    service text NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    payload json NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    CONSTRAINT outbox_key_aggregate_seq_key UNIQUE (key, aggregate_seq),
    CONSTRAINT outbox_own_fact_check CHECK (split_part(event, '.', 1) = service AND topic = service)
);
CREATE INDEX outbox_unpublished_idx ON outbox (lane, position) WHERE published_at IS NULL;
CREATE TABLE relay_lane (
    lane integer PRIMARY KEY,
    owner uuid,
    token bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE TABLE relay_member (
    owner uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
"""

# What was announced stays as it was said; only that it was sent may be noted, and only then may it be purged.
OUTBOX_GUARD = """
CREATE FUNCTION outbox_keeps_its_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'outbox: an announced event is neither changed nor removed before it is published';
END $$;
CREATE TRIGGER outbox_unchanged BEFORE UPDATE OF id, position, lane, topic, key, aggregate_seq, event, region,
    benefit_year, actor, service, correlation_id, causation_id, payload, recorded_at ON outbox
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_keeps_its_word();
CREATE TRIGGER outbox_published_first BEFORE DELETE ON outbox
    FOR EACH ROW WHEN (OLD.published_at IS NULL) EXECUTE FUNCTION outbox_keeps_its_word();
"""

CONSUMING = """
CREATE TABLE consumer_offset (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    last_event_id uuid,
    PRIMARY KEY (topic, partition)
);
CREATE TABLE cursor (
    publisher text NOT NULL,
    aggregate_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    PRIMARY KEY (publisher, aggregate_id)
);
CREATE TABLE parked_event (
    publisher text NOT NULL,
    aggregate_id uuid NOT NULL,
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    event text NOT NULL,
    region text COLLATE "C" NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    headers jsonb NOT NULL,
    value bytea,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (publisher, aggregate_id, seq)
);
CREATE TABLE dead_letter (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    publisher text,
    aggregate_id uuid,
    seq bigint,
    event text,
    region text COLLATE "C" NOT NULL,
    actor text,
    correlation_id uuid,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    headers jsonb NOT NULL,
    value bytea,
    reason text NOT NULL,
    error text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'REPLAYED', 'DISCARDED')),
    attempts integer NOT NULL DEFAULT 0,
    last_tried_at timestamptz,
    last_tried_by text,
    settled_at timestamptz,
    settled_by text,
    settled_because text,
    CONSTRAINT dead_letter_settled_check CHECK ((state = 'WAITING') = (settled_at IS NULL)),
    CONSTRAINT dead_letter_settled_by_check CHECK ((settled_at IS NULL) = (settled_by IS NULL))
);
CREATE INDEX dead_letter_waiting_idx ON dead_letter (publisher, aggregate_id, seq) WHERE state = 'WAITING';
"""


def upgrade() -> None:
    """Create the tables of outbox and consumer, and hide other regions' events."""
    for statements in (INSTALLATION, PUBLISHING, OUTBOX_GUARD, CONSUMING):
        for statement in _split(statements):
            op.execute(statement)
    for table in ("outbox", "parked_event", "dead_letter"):
        for statement in protect(table):
            op.execute(statement)


def downgrade() -> None:
    """Remove them; what was not yet published or taken in is lost with them."""
    op.execute(
        "DROP TABLE dead_letter, parked_event, cursor, consumer_offset, relay_member, relay_lane, outbox, aggregate,"
        " claimed_topic, messaging_installation"
    )
    op.execute("DROP FUNCTION outbox_keeps_its_word()")
    op.execute("DROP FUNCTION messaging_installation_is_fixed()")


def _split(statements: str) -> list[str]:
    """One statement at a time, as the driver prepares each; a function's body is not cut."""
    parts, body = [], ""
    for piece in statements.split(";\n"):
        body = f"{body};\n{piece}" if body else piece
        if body.count("$$") % 2 == 0:
            if body.strip():
                parts.append(body)
            body = ""
    return parts
