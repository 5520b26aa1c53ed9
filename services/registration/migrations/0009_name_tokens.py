"""The token of a person's name beside it: what others compare a name by.

Names that stand already are encrypted, and no migration holds the key: the job `names` gives them their token.
"""

from alembic import op

revision = "registration_0009"
down_revision = "registration_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the token, and find those that have none."""
    op.execute("ALTER TABLE enrolment ADD COLUMN name_token text CHECK (length(name_token) = 64)")
    op.execute("CREATE INDEX enrolment_untokened_name ON enrolment (id) WHERE name_token IS NULL")


def downgrade() -> None:
    """Take it away again."""
    op.execute("ALTER TABLE enrolment DROP COLUMN name_token")
