"""Row-level security by region: a caller sees the rows of its region and of what lies in it, and nothing else.

``canbao_region()`` gives the region of the current transaction, or NULL where none is set: PostgreSQL leaves an empty
string behind after a pooled transaction, and an empty prefix would match every row. The policy is a range, because a
prefix function scans the table while a range uses the index.
"""

REGION_FUNCTION = """
CREATE FUNCTION canbao_region() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN length(current_setting('canbao.region', true)) IN (2, 4, 6, 9, 12)
                THEN current_setting('canbao.region', true) END
$$
"""

_IN_REGION = "region >= canbao_region() AND region < canbao_region() || '~'"


def protect(table: str) -> list[str]:
    """The statements that put a table with a ``region`` column under row-level security."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_region ON {table} USING ({_IN_REGION}) WITH CHECK ({_IN_REGION})",
    ]


_IN_REGION_ONCE = "region >= (SELECT canbao_region()) AND region < (SELECT canbao_region() || '~')"


def ask_once(table: str) -> str:
    """The statement that lets a protected table's region be worked out once in a statement, not again for each row.

    Where statements read hundreds of thousands of rows, that was more than half of their time. The planner does not
    know the bounds then, and takes the rows to be few: this is for tables that are read by keys all the same.
    """
    return f"ALTER POLICY {table}_region ON {table} USING ({_IN_REGION_ONCE}) WITH CHECK ({_IN_REGION_ONCE})"


def ask_once_where_written(table: str) -> str:
    """The statement that does so only where rows are written: what is read is planned as before."""
    return f"ALTER POLICY {table}_region ON {table} USING ({_IN_REGION}) WITH CHECK ({_IN_REGION_ONCE})"


def ask_always(table: str) -> str:
    """The statement that takes this back."""
    return f"ALTER POLICY {table}_region ON {table} USING ({_IN_REGION}) WITH CHECK ({_IN_REGION})"
