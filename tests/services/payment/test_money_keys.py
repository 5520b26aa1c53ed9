"""The unique keys that stop money from being booked twice: they hold over every year, in tables that are whole."""

import pytest

from tests.harness.installation import Installation

_KEYS = """
SELECT c.relname AS name, c.relkind AS kind, array_agg(a.attname ORDER BY k.place) AS columns
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid
CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
-- A bank line that was reversed gives its key to the right one (ADR 149), and numbers of before that look alike wait
-- for two people (ADR 156); every other key holds without exception.
WHERE i.indisunique AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') IN (
    '', '((bank_reference IS NOT NULL) AND (reversed_on IS NULL)'
        ' AND (NOT (''bank_reference''::text = ANY (look_alike))))')
GROUP BY c.relname, c.relkind, i.indexrelid
"""

MONEY_KEYS = {
    ("payment", ("channel", "merchant_id", "transaction_id")),
    ("transfer", ("idempotency_key",)),
    ("payment_order", ("order_no",)),
    ("suspense", ("payment_line_id",)),
    ("refund", ("suspense_id",)),
    ("refund", ("refund_no",)),
    ("cash_receipt", ("receipt_no",)),
    ("deposit_slip", ("slip_no",)),
    ("bank_line", ("account_form", "booked_on", "bank_reference_form")),
    ("cash_refund", ("receipt_id",)),
}


@pytest.mark.parametrize("key", sorted(MONEY_KEYS), ids=lambda key: ".".join([key[0], *key[1]]))
async def test_a_key_that_guards_money_spans_all_years_in_a_table_that_is_not_partitioned(
    installation: Installation, key: tuple[str, tuple[str, ...]]
) -> None:
    """With the year in the key, one transaction would be credited once per year (ADR 131)."""
    found = {(row["name"], tuple(row["columns"])): row["kind"] for row in await installation.sql("payment", _KEYS)}
    assert found.get(key) == b"r", f"{key} is missing, or its table is partitioned: {sorted(found)}"
