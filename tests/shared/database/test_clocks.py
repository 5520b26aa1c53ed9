"""What happened on which day is said by the one who acts: no business column is filled from a clock unasked."""

import pytest

from services.composition import WITH_DATABASE
from tests.harness.installation import Installation

# When a row was written: the database's own clock is meant. Nothing of these is business.
_BY_THE_DATABASE = {"recorded_at"}
_OF_MESSAGING = {
    "claimed_topic.claimed_at",
    "epoch.began_at",
    "messaging_installation.settled_at",
    "parked_event.parked_at",
}
_READS_A_CLOCK = r"""
    SELECT c.relname || '.' || a.attname AS "column", pg_get_expr(d.adbin, d.adrelid) AS value
    FROM pg_attrdef d
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    JOIN pg_class c ON c.oid = d.adrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    WHERE pg_get_expr(d.adbin, d.adrelid)
          ~* '(now\(|_timestamp\(|timeofday|current_(date|time)|localtime|''(now|today|tomorrow|yesterday)'')'
    ORDER BY 1
"""


@pytest.mark.parametrize("service", WITH_DATABASE)
async def test_only_the_moment_of_writing_comes_from_a_clock(installation: Installation, service: str) -> None:
    await installation.sql(service, "CREATE TABLE careless (paid_on date NOT NULL DEFAULT CURRENT_DATE)")
    found = {row["column"]: row["value"] for row in await installation.sql(service, _READS_A_CLOCK)}
    assert found.pop("careless.paid_on") == "CURRENT_DATE"
    others = {column for column in found if column.partition(".")[2] not in _BY_THE_DATABASE}
    assert others == _OF_MESSAGING
