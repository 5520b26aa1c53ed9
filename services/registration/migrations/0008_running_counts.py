"""Running counts of enrolments, so that a look at a county does not count its people."""

from alembic import op

from shared.database.row_security import protect

revision = "registration_0008"
down_revision = "registration_0007"
branch_labels = None
depends_on = None

COLUMNS = """
    region text COLLATE "C" NOT NULL,
    benefit_year integer NOT NULL,
    state text NOT NULL,
    reason_code text,
    paid_on date,
    people bigint NOT NULL
"""
COUNT = f"""
CREATE TABLE enrolment_count (
    {COLUMNS},
    UNIQUE NULLS NOT DISTINCT (region, benefit_year, state, reason_code, paid_on)
)
"""
# What changes add and take away until it is folded. A portion may hold what was taken before what was added: no check
# on the sign.
DELTA = f"CREATE TABLE enrolment_count_delta ({COLUMNS} CHECK (people <> 0))"
STANDING = """
    INSERT INTO enrolment_count (region, benefit_year, state, reason_code, paid_on, people)
    SELECT region, benefit_year, state, CASE WHEN state = 'REJECTED' THEN reason_code END, paid_on, count(*)
    FROM enrolment GROUP BY 1, 2, 3, 4, 5
"""


def upgrade() -> None:
    """Count once what stands; from here on every change says what it adds."""
    for definition, table in ((COUNT, "enrolment_count"), (DELTA, "enrolment_count_delta")):
        for statement in (definition, *protect(table)):
            op.execute(statement)
    op.execute(STANDING)
    op.execute("REVOKE TRUNCATE ON enrolment_count, enrolment_count_delta FROM registration_app")


def downgrade() -> None:
    """Count people at every look again."""
    op.execute("DROP TABLE enrolment_count_delta")
    op.execute("DROP TABLE enrolment_count")
