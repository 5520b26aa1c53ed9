"""Acts that need two people: proposed by one, approved by another, or neither happens."""

from alembic import op

from shared.database.row_security import protect

revision = "shared_0004"
down_revision = "shared_0003"

APPROVAL = """
CREATE TABLE approval (
    id uuid PRIMARY KEY,
    act text NOT NULL,
    subject text NOT NULL,
    region text COLLATE "C" NOT NULL,
    body json NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    evidence text,
    proposed_by text NOT NULL,
    not_by text[] NOT NULL DEFAULT '{}',
    proposed_on date NOT NULL,
    expires_on date NOT NULL CHECK (expires_on >= proposed_on),
    state text NOT NULL DEFAULT 'WAITING'
        CHECK (state IN ('WAITING', 'APPROVED', 'REFUSED', 'WITHDRAWN', 'EXPIRED')),
    decided_by text,
    decided_on date CHECK (decided_on >= proposed_on),
    decided_because text,
    correlation_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    CONSTRAINT approval_decided_once CHECK ((state = 'WAITING') = (decided_at IS NULL)
                                            AND (state = 'WAITING') = (decided_on IS NULL)),
    CONSTRAINT approval_decided_by_somebody CHECK ((decided_by IS NULL) = (state IN ('WAITING', 'EXPIRED'))),
    CONSTRAINT approval_by_another CHECK (
        state NOT IN ('APPROVED', 'REFUSED')
        OR (decided_by <> proposed_by AND (state = 'REFUSED' OR decided_by <> ALL (not_by)))),
    CONSTRAINT approval_withdrawn_by_proposer CHECK (state <> 'WITHDRAWN' OR decided_by = proposed_by)
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX approval_waiting ON approval (act, subject) WHERE state = 'WAITING'",
    "CREATE INDEX approval_region ON approval (region)",
)
GUARD = """
CREATE FUNCTION approval_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'approval: what was proposed and decided is neither changed nor removed';
END $$
"""
TRIGGERS = (
    """
    CREATE TRIGGER approval_proposal_stays BEFORE UPDATE OF id, act, subject, region, body, reason, evidence,
        proposed_by, not_by, proposed_on, expires_on, correlation_id, recorded_at ON approval
        FOR EACH STATEMENT EXECUTE FUNCTION approval_stays()
    """,
    """
    CREATE TRIGGER approval_decision_stays BEFORE UPDATE ON approval
        FOR EACH ROW WHEN (OLD.state <> 'WAITING') EXECUTE FUNCTION approval_stays()
    """,
    """
    CREATE TRIGGER approval_is_kept BEFORE DELETE OR TRUNCATE ON approval
        FOR EACH STATEMENT EXECUTE FUNCTION approval_stays()
    """,
)


def upgrade() -> None:
    """Create the table, under row-level security."""
    op.execute(APPROVAL)
    for statement in (*protect("approval"), *INDEXES, GUARD, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    """Drop it again."""
    op.execute("DROP TABLE approval")
    op.execute("DROP FUNCTION approval_stays()")
