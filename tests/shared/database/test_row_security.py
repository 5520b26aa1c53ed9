"""Nobody sees a row outside their region: asked of the database's catalogue, for every table there is."""

import asyncpg
import pytest

from services.composition import WITH_DATABASE
from shared.database.row_security import ask_once, ask_once_where_written, protect
from tests.harness.installation import Installation

_WITH_REGION = """
    SELECT c.relname, c.relrowsecurity,
           array_agg(concat_ws(' | ', p.polpermissive, p.polcmd, p.polroles::text, pg_get_expr(p.polqual, p.polrelid),
                               pg_get_expr(p.polwithcheck, p.polrelid))) AS policies
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'region' AND NOT a.attisdropped
    LEFT JOIN pg_policy p ON p.polrelid = c.oid
    WHERE c.relkind IN ('r', 'p')
    GROUP BY c.relname, c.relrowsecurity ORDER BY c.relname
"""

# Policies that open reading beyond the region: an order over several towns, to callers who see a line of it (ADR 142).
READ_BEYOND = {
    ("payment", "payment_order"): (
        "t | r | {0} | (EXISTS ( SELECT\n   FROM order_line l\n  WHERE (l.order_id = payment_order.id)))",
    ),
}

# Tables of which one statement writes or reads hundreds of thousands of rows: the bounds are worked out once (ADR 199).
ASKED_ONCE = {("payment", "bill_flow_line"): ask_once, ("payment", "bill_trade_line"): ask_once_where_written}


@pytest.mark.parametrize("service", WITH_DATABASE)
async def test_every_table_with_a_region_is_under_row_level_security(installation: Installation, service: str) -> None:
    forms = {"as_it_should_be": None, "asked_once": ask_once, "asked_once_where_written": ask_once_where_written}
    for name, form in forms.items():
        await installation.sql(service, f'CREATE TABLE {name} (region text COLLATE "C" NOT NULL)')
        for statement in (*protect(name), *([form(name)] if form else [])):
            await installation.sql(service, statement)
    tables = {table["relname"]: table for table in await installation.sql(service, _WITH_REGION)}
    patterns = {form: tables.pop(name)["policies"] for name, form in forms.items()}
    assert len({pattern for (pattern,) in patterns.values()}) == len(forms)
    assert tables
    for name, table in tables.items():
        assert table["relrowsecurity"], f"{service}.{name} has a region but no row-level security"
        policies = [one for one in table["policies"] if one not in READ_BEYOND.get((service, name), ())]
        assert policies == patterns[ASKED_ONCE.get((service, name))], (
            f"{service}.{name}: not the one policy that binds reads and writes"
        )


@pytest.mark.parametrize("service", WITH_DATABASE)
async def test_the_service_owns_nothing_and_passes_through_nothing(installation: Installation, service: str) -> None:
    (role,) = await installation.sql(
        service,
        """
        SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
               EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid) AS owns
        FROM pg_roles r WHERE rolname = $1
        """,
        f"{service}_app",
    )
    assert not any(role.values()), dict(role)


@pytest.mark.parametrize("context", [None, "", "4", "41152", "x", "411521101201999"])
async def test_without_a_region_of_proper_length_nothing_is_seen(
    installation: Installation, context: str | None
) -> None:
    await installation.sql(
        "registration",
        "INSERT INTO api_client (name, secret_hash, scopes, region) VALUES ('a', 'x', 's', '411521')",
    )
    connection = await asyncpg.connect(installation.settings.service_url("registration"))
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('canbao.region', '411521', true)")
            assert await connection.fetchval("SELECT count(*) FROM api_client") == 1
        # After that transaction the setting is an empty string, not NULL: the leak that a plain prefix test has.
        async with connection.transaction():
            if context is not None:
                await connection.execute("SELECT set_config('canbao.region', $1, true)", context)
            assert await connection.fetchval("SELECT count(*) FROM api_client") == 0
    finally:
        await connection.close()


async def test_a_region_sees_what_lies_in_it_and_nothing_beside_it(installation: Installation) -> None:
    await installation.sql(
        "registration",
        """
        INSERT INTO api_client (name, secret_hash, scopes, region)
        VALUES ('county', 'x', 's', '411521'), ('town', 'x', 's', '411521101'), ('next town', 'x', 's', '411521102'),
               ('village', 'x', 's', '411521101201'), ('next county', 'x', 's', '411522')
        """,
    )
    connection = await asyncpg.connect(installation.settings.service_url("registration"))
    seen = {}
    try:
        for region in ("41", "411521", "411521101", "411521101201"):
            async with connection.transaction():
                await connection.execute("SELECT set_config('canbao.region', $1, true)", region)
                rows = await connection.fetch("SELECT name FROM api_client ORDER BY region")
                seen[region] = [row["name"] for row in rows]
    finally:
        await connection.close()
    assert seen == {
        "41": ["county", "town", "village", "next town", "next county"],
        "411521": ["county", "town", "village", "next town"],
        "411521101": ["town", "village"],
        "411521101201": ["village"],
    }


async def test_a_region_asked_once_sees_the_same_and_without_one_nothing_is_seen_or_written(
    installation: Installation,
) -> None:
    await installation.sql(
        "payment",
        """
        INSERT INTO bill_flow_line (bill_id, line_no, booked_at, flow_no, business_no, kind, amount_fen, balance_fen,
                                    remark, region)
        SELECT '00000000-0000-7000-8000-000000000199', n, now(), 'F', 'B', 'PAYMENT', 1, n, '', region
        FROM unnest(ARRAY['411521', '411521101', '411521102', '411521101201', '411522']) WITH ORDINALITY r (region, n)
        """,
    )
    counted = "SELECT count(*) FROM bill_flow_line WHERE bill_id = '00000000-0000-7000-8000-000000000199'"
    written = """
        INSERT INTO bill_flow_line (bill_id, line_no, booked_at, flow_no, business_no, kind, amount_fen, balance_fen,
                                    remark, region)
        VALUES ('00000000-0000-7000-8000-000000000199', 9, now(), 'F', 'B', 'PAYMENT', 1, 9, '', '411522')
    """
    connection = await asyncpg.connect(installation.settings.service_url("payment"))
    seen = {}
    try:
        for region in ("41", "411521", "411521101", "", "x", "411521101201999"):
            async with connection.transaction():
                await connection.execute("SELECT set_config('canbao.region', $1, true)", region)
                seen[region] = await connection.fetchval(counted)
        for region in ("411521", ""):
            await connection.execute("SELECT set_config('canbao.region', $1, false)", region)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(written)
    finally:
        await connection.close()
    assert seen == {"41": 5, "411521": 4, "411521101": 2, "": 0, "x": 0, "411521101201999": 0}
