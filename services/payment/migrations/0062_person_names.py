"""Whose name an enrolment is in, by token: by which a bank's or the tax bureau's line is compared with its person.

Whoever was billed before is known to be registered; the token of the name follows from registration, which alone can
read the name.
"""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0062"
down_revision = "payment_0035"
branch_labels = None
depends_on = None

PERSON_NAME = """
CREATE TABLE person_name (
    enrolment_id uuid PRIMARY KEY,
    region text COLLATE "C" NOT NULL,
    person_token text NOT NULL,
    name_token text CHECK (length(name_token) = 64),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
# Billed or found to owe nothing: either was registered.
REGISTERED = """
    INSERT INTO person_name (enrolment_id, region, person_token)
    SELECT enrolment_id, region, person_token FROM bill
    UNION
    SELECT enrolment_id, region, person_token FROM unpriced_enrolment
    ON CONFLICT (enrolment_id) DO NOTHING
"""


def upgrade() -> None:
    """Create the table under row-level security, with everybody who was billed."""
    op.execute(PERSON_NAME)
    op.execute("CREATE INDEX person_name_newest ON person_name (person_token, enrolment_id DESC)")
    for statement in protect("person_name"):
        op.execute(statement)
    op.execute("REVOKE DELETE, TRUNCATE ON person_name FROM payment_app")
    op.execute(REGISTERED)


def downgrade() -> None:
    """Know no names any more."""
    op.execute("DROP TABLE person_name")
