"""Who may write the region directory: everybody reads it, each caller enters its own region's towns and villages."""

from alembic import op

revision = "registration_0003"
down_revision = "registration_0001"
branch_labels = None
depends_on = None

_OWN = "code >= canbao_region() AND code < canbao_region() || '~'"


def upgrade() -> None:
    """Put the directory under row-level security."""
    op.execute("ALTER TABLE region_directory ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY region_directory_read ON region_directory FOR SELECT USING (canbao_region() IS NOT NULL)")
    op.execute(f"CREATE POLICY region_directory_add ON region_directory FOR INSERT WITH CHECK ({_OWN})")
    op.execute(
        f"CREATE POLICY region_directory_rename ON region_directory FOR UPDATE USING ({_OWN}) WITH CHECK ({_OWN})"
    )


def downgrade() -> None:
    """Take the policies away again."""
    for policy in ("read", "add", "rename"):
        op.execute(f"DROP POLICY region_directory_{policy} ON region_directory")
    op.execute("ALTER TABLE region_directory DISABLE ROW LEVEL SECURITY")
