"""Imports by file: how far each is, and whom a rehearsal would find registered already."""

from alembic import op

from shared.database.row_security import protect

revision = "registration_0004"
down_revision = "registration_0003"

_RUN = """
CREATE TABLE import_run (
    id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    benefit_year integer NOT NULL,
    file_digest bytea NOT NULL,
    actor text NOT NULL,
    byte_position bigint NOT NULL,
    line bigint NOT NULL,
    imported bigint NOT NULL,
    unchanged bigint NOT NULL,
    refused bigint NOT NULL,
    reasons jsonb NOT NULL,
    error_bytes bigint NOT NULL,
    finished_at timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT import_run_forward_check
        CHECK (least(byte_position, line, imported, unchanged, refused, error_bytes) >= 0)
)
"""
_ONE_UNFINISHED = """
CREATE UNIQUE INDEX import_run_one_unfinished_per_file ON import_run (region, benefit_year, file_digest)
    WHERE finished_at IS NULL
"""
# Registering somebody who is enrolled in another region is refused by the unique index, which sees every region. A
# rehearsal must foretell that, so it asks as the owner: the answer is the same yes or no, never where or what.
_TAKEN = """
CREATE FUNCTION already_enrolled(tokens text[], years integer[])
RETURNS TABLE (person_token text, benefit_year integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.person_token, e.benefit_year
    FROM unnest(tokens, years) AS n (person_token, benefit_year)
    JOIN public.enrolment AS e USING (person_token, benefit_year)
    WHERE e.state <> 'TERMINATED'
$$
"""


def upgrade() -> None:
    """Create them."""
    op.execute(_RUN)
    op.execute(_ONE_UNFINISHED)
    for statement in protect("import_run"):
        op.execute(statement)
    op.execute(_TAKEN)
    op.execute("REVOKE ALL ON FUNCTION already_enrolled(text[], integer[]) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION already_enrolled(text[], integer[]) TO registration_app")


def downgrade() -> None:
    """Remove them again."""
    op.execute("DROP FUNCTION already_enrolled(text[], integer[])")
    op.execute("DROP TABLE import_run")
