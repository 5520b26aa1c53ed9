"""Sealed blocks: which transaction announced an event, the chain of blocks, and which blocks were purged."""

from alembic import op

revision = "shared_0005"
down_revision = "shared_0004"

# What stands already is written by this migration, as far as the order of blocks is concerned; no row is rewritten.
WRITTEN_BY = "ALTER TABLE outbox ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()"
SEALED_BLOCK = """
CREATE TABLE sealed_block (
    table_name text COLLATE "C" NOT NULL,
    block bigint NOT NULL CHECK (block > 0),
    form smallint NOT NULL CHECK (form > 0),
    first_written_by xid8 NOT NULL,
    first_id uuid NOT NULL,
    last_written_by xid8 NOT NULL,
    last_id uuid NOT NULL,
    rows integer NOT NULL CHECK (rows > 0),
    content bytea NOT NULL CHECK (length(content) = 32),
    previous bytea NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (table_name, block),
    CONSTRAINT sealed_block_one_successor UNIQUE (table_name, previous),
    CONSTRAINT sealed_block_first_has_none_before CHECK (length(previous) = CASE WHEN block = 1 THEN 0 ELSE 32 END)
)
"""
PURGED_BLOCK = """
CREATE TABLE purged_block (
    table_name text COLLATE "C" NOT NULL,
    block bigint NOT NULL,
    purged_at timestamptz NOT NULL,
    PRIMARY KEY (table_name, block),
    FOREIGN KEY (table_name, block) REFERENCES sealed_block
)
"""
APPEND_ONLY = """
CREATE FUNCTION sealed_block_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: what was sealed stays as it is', TG_TABLE_NAME;
END
$$
"""
# Default privileges gave whoever works in this database every right to new tables.
REVOKE = """
DO $$
DECLARE
    worker regrole;
BEGIN
    FOR worker IN
        SELECT DISTINCT privilege.grantee::regrole
        FROM pg_class, aclexplode(relacl) AS privilege
        WHERE pg_class.oid = 'sealed_block'::regclass AND privilege.grantee NOT IN (0, relowner)
    LOOP
        EXECUTE format('REVOKE ALL ON sealed_block, purged_block FROM %s', worker);
        EXECUTE format('GRANT SELECT, INSERT ON sealed_block, purged_block TO %s', worker);
    END LOOP;
END
$$
"""
_EVENT = (
    "id, position, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service, correlation_id,"
    " causation_id, payload, recorded_at"
)


def upgrade() -> None:
    """Create the tables, empty: the work that seals begins at the first row of each table."""
    op.execute(WRITTEN_BY)
    op.execute("CREATE INDEX outbox_in_order ON outbox (written_by, id)")
    _outbox_unchanged(f"{_EVENT}, written_by")
    op.execute(SEALED_BLOCK)
    op.execute(PURGED_BLOCK)
    op.execute(REVOKE)
    op.execute(APPEND_ONLY)
    for table in ("sealed_block", "purged_block"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION sealed_block_is_append_only()"
        )


def downgrade() -> None:
    """Drop them again; the chain is lost with them."""
    op.execute("DROP TABLE purged_block")
    op.execute("DROP TABLE sealed_block")
    op.execute("DROP FUNCTION sealed_block_is_append_only()")
    _outbox_unchanged(_EVENT)
    op.execute("ALTER TABLE outbox DROP COLUMN written_by")


def _outbox_unchanged(columns: str) -> None:
    op.execute("DROP TRIGGER outbox_unchanged ON outbox")
    op.execute(
        f"CREATE TRIGGER outbox_unchanged BEFORE UPDATE OF {columns} ON outbox "
        "FOR EACH STATEMENT EXECUTE FUNCTION outbox_keeps_its_word()"
    )
