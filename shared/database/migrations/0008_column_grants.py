"""A service may change the columns that its code changes, and no others; grants.sql names them after each migration."""

from alembic import op

revision = "shared_0008"
down_revision = "shared_0006"

# Default privileges gave whoever works in this database every right to every table.
EACH_WORKER = """
DO $$
DECLARE
    worker regrole;
BEGIN
    FOR worker IN
        SELECT DISTINCT privilege.grantee::regrole
        FROM pg_class, aclexplode(relacl) AS privilege
        WHERE pg_class.oid = 'outbox'::regclass AND privilege.grantee NOT IN (0, relowner)
    LOOP
        EXECUTE format('{statement}', worker);
    END LOOP;
END
$$
"""
NEVER_CHANGED = "parked_event, claimed_topic, messaging_installation"


def upgrade() -> None:
    """Take back the right to change rows that nobody changes; grants.sql does the same for every other column."""
    op.execute(EACH_WORKER.replace("{statement}", f"REVOKE UPDATE ON {NEVER_CHANGED} FROM %s"))


def downgrade() -> None:
    """Give it again."""
    op.execute(EACH_WORKER.replace("{statement}", f"GRANT UPDATE ON {NEVER_CHANGED} TO %s"))
