"""The auditor reads what is published to it and nothing else, and never a name, a number or sealed columns."""

import asyncpg
import pytest

from tests.harness.cluster import SERVICES
from tests.verify.conftest import County

PERSONAL = {
    "person_name",
    "name",
    "document_number",
    "masked_number",
    "document_type",
    "birth_date",
    "facts",
    "envelope",
    "secret_hash",
    "value",
    "headers",
    "identity",
    "identities",
    "content_mac",
}
PLACES = {("quota", "town_target", "name"), ("registration", "region", "name")}  # of places, not of people

_READABLE = """
    SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND has_schema_privilege('canbao_auditor', n.oid, 'USAGE')
      AND has_table_privilege('canbao_auditor', c.oid, $1)
"""
_COLUMNS = """
    SELECT c.relname AS view, a.attname AS name, a.atttypid::regtype::text AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'proof' AND a.attnum > 0
"""


@pytest.mark.parametrize("database", SERVICES)
async def test_the_auditor_may_read_the_proof_views_and_nothing_else(county: County, database: str) -> None:
    readable = await county.sql(database, _READABLE, "SELECT")
    assert {row["schema"] for row in readable} == {"proof"}
    assert len(readable) >= 6


@pytest.mark.parametrize("database", SERVICES)
@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
async def test_the_auditor_may_write_nothing(county: County, database: str, privilege: str) -> None:
    assert list(await county.sql(database, _READABLE, privilege)) == []


@pytest.mark.parametrize("database", SERVICES)
async def test_no_view_shows_who_a_person_is(county: County, database: str) -> None:
    columns = [(database, row["view"], row["name"]) for row in await county.sql(database, _COLUMNS)]
    assert [column for column in columns if column[2] in PERSONAL and column not in PLACES] == []


@pytest.mark.parametrize("database", SERVICES)
async def test_no_view_shows_sealed_bytes(county: County, database: str) -> None:
    assert "bytea" not in {row["type"] for row in await county.sql(database, _COLUMNS)}


async def test_announced_facts_are_shown_without_what_points_at_a_person(county: County) -> None:
    rows = await county.sql(
        "registration", "SELECT DISTINCT jsonb_object_keys(payload) AS fact FROM proof.outbox WHERE payload IS NOT NULL"
    )
    assert {row["fact"] for row in rows} <= {"registered_on", "paid_on", "due_fen", "basis", "business_date"}


async def test_the_auditor_cannot_write_even_where_it_can_connect(county: County) -> None:
    connection = await asyncpg.connect(county.installation.settings.auditor_url("payment"))
    try:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("CREATE TABLE mine (x int)")
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM proof.transfer")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT 1 FROM public.raw_notice")
    finally:
        await connection.close()


@pytest.mark.parametrize("database", SERVICES)
async def test_a_service_cannot_use_the_proof_views_to_see_past_its_region(county: County, database: str) -> None:
    query = "SELECT has_schema_privilege($1, 'proof', 'USAGE') AS allowed"
    assert not (await county.sql(database, query, f"{database}_app"))[0]["allowed"]
