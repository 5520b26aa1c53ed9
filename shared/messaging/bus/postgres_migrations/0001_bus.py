"""The bus on PostgreSQL: an append-only log per topic and partition, and who of a group reads which partition."""

from alembic import op

revision = "bus_0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE bus_head (
        topic text NOT NULL,
        partition integer NOT NULL CHECK (partition >= 0),
        next bigint NOT NULL DEFAULT 0 CHECK (next >= 0),
        PRIMARY KEY (topic, partition)
    )
    """,
    """
    CREATE TABLE bus_log (
        topic text NOT NULL,
        partition integer NOT NULL,
        "offset" bigint NOT NULL CHECK ("offset" >= 0),
        event_id uuid NOT NULL,
        key bytea,
        headers jsonb NOT NULL,
        value bytea CHECK (octet_length(value) <= 8388608),
        appended_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, partition, "offset")
    )
    """,
    """
    CREATE FUNCTION bus_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'bus_log is append-only';
    END $$
    """,
    """
    CREATE TRIGGER bus_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bus_log
        FOR EACH STATEMENT EXECUTE FUNCTION bus_log_is_append_only()
    """,
    """
    CREATE TABLE bus_member (
        group_name text NOT NULL,
        member uuid NOT NULL,
        topics text[] NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (group_name, member)
    )
    """,
    """
    CREATE TABLE bus_lease (
        group_name text NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        member uuid NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (group_name, topic, partition)
    )
    """,
)


def upgrade() -> None:
    """Create the log and the groups' leases."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Remove them, and every event with them."""
    op.execute("DROP TABLE bus_lease, bus_member, bus_log, bus_head")
    op.execute("DROP FUNCTION bus_log_is_append_only()")
