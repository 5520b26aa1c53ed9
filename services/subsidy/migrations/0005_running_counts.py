"""Running counts of people by price and of roster lines in force, so that a look at a county counts nobody."""

from alembic import op

from shared.database.row_security import protect

revision = "subsidy_0005"
down_revision = "subsidy_0004"
branch_labels = None
depends_on = None

# Each table has a second one for what changes add and take away until it is folded. A portion may hold what was taken
# before what was added: no check on the sign.
COLUMNS = {
    "enrolment_count": """
        region text COLLATE "C" NOT NULL,
        benefit_year integer NOT NULL,
        pricing_id text NOT NULL,
        row_no integer,
        paid boolean NOT NULL,
        people bigint NOT NULL
    """,
    "roster_line_count": """
        region text COLLATE "C" NOT NULL,
        identity text NOT NULL,
        people bigint NOT NULL
    """,
}
KEYS = {
    "enrolment_count": "region, benefit_year, pricing_id, row_no, paid",
    "roster_line_count": "region, identity",
}
STANDING = (
    """
    INSERT INTO enrolment_count (region, benefit_year, pricing_id, row_no, paid, people)
    SELECT region, benefit_year, pricing_id, row_no, paid_on IS NOT NULL, count(*)
    FROM enrolment WHERE terminated_on IS NULL GROUP BY 1, 2, 3, 4, 5
    """,
    """
    INSERT INTO roster_line_count (region, identity, people)
    SELECT region, identity, count(*) FROM roster_line WHERE withdrawn_on IS NULL GROUP BY 1, 2
    """,
)


def upgrade() -> None:
    """Count once what stands; from here on every change says what it adds."""
    for table, columns in COLUMNS.items():
        op.execute(f"CREATE TABLE {table} ({columns}, UNIQUE NULLS NOT DISTINCT ({KEYS[table]}))")
        op.execute(f"CREATE TABLE {table}_delta ({columns} CHECK (people <> 0))")
        for name in (table, f"{table}_delta"):
            for statement in protect(name):
                op.execute(statement)
            op.execute(f"REVOKE TRUNCATE ON {name} FROM subsidy_app")
    for statement in STANDING:
        op.execute(statement)


def downgrade() -> None:
    """Count people at every look again."""
    for table in COLUMNS:
        op.execute(f"DROP TABLE {table}_delta")
        op.execute(f"DROP TABLE {table}")
