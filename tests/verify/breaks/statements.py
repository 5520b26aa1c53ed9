"""Statements that several groups of breaks share: a row deleted, changed, copied."""

COLUMNS = (
    "idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token, benefit_year, batch_id,"
    " effective_on, caused_by, region, actor, correlation_id"
)


def delete_one(table: str, condition: str) -> str:
    """Delete the first row that fits."""
    return f"DELETE FROM {table} WHERE id = (SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT 1)"


def update_one(table: str, changes: str, condition: str) -> str:
    """Change the first row that fits."""
    return f"UPDATE {table} SET {changes} WHERE id = (SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT 1)"


def copied(kind: str, /, **changes: str) -> str:
    """Insert a copy of the first transfer of a kind, with other values in the columns named."""
    columns = ", ".join(dict.fromkeys((*COLUMNS.split(", "), *changes)))
    values = ", ".join(changes.get(column, column) for column in columns.split(", "))
    return (
        f"INSERT INTO transfer (id, {columns}) SELECT gen_random_uuid(), {values} FROM transfer"
        f" WHERE kind = '{kind}' ORDER BY id LIMIT 1"
    )
