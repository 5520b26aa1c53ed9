"""V: frauds that no list named are found by the check that is named for them, or by the anchor, or by nobody."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.verify.catalogue import Court, sitting
from tests.verify.conftest import County
from tests.verify.inventions import INVENTIONS
from tests.verify.inventions.invention import NOBODY, Invention
from verify.anchor import AnchorLine, anchor_check
from verify.checks.seals import SEALED, hash_of, heads

_BLOCKS = text("SELECT * FROM sealed_block WHERE table_name = :table ORDER BY block")
_CONTENT = """
    SELECT count(*) AS rows,
           sha256(coalesce(string_agg(decode(digest, 'hex'), ''::bytea ORDER BY written_by, id), '')) AS content
    FROM proof.sealed_{table} WHERE form = :form AND (written_by, id) > (CAST(:after_by AS xid8), CAST(:after AS uuid))
      AND (written_by, id) <= (CAST(:last_by AS xid8), CAST(:last AS uuid))
"""
_WRITE = text(
    "UPDATE sealed_block SET rows = :rows, content = :content, previous = :previous, hash = :hash"
    " WHERE table_name = :table AND block = :block"
)


async def seal_again(connection: AsyncConnection, service: str) -> None:
    """Let every block hold what stands there now, as only a superuser can."""
    for table in SEALED[service]:
        after_by, after, previous = 0, "00000000-0000-0000-0000-000000000000", ""
        for block in (await connection.execute(_BLOCKS, {"table": table})).mappings().all():
            last_by, last = block["last_written_by"], block["last_id"]
            places = {"after_by": after_by, "after": after, "last_by": last_by, "last": last, "form": block["form"]}
            found = (await connection.execute(text(_CONTENT.format(table=table)), places)).mappings().one()
            fresh = {**block, "rows": found["rows"], "content": found["content"].hex(), "previous": previous}
            fresh |= {name: str(block[name]) for name in ("first_written_by", "first_id")}
            fresh |= {"last_written_by": str(last_by), "last_id": str(last)}
            digest = hash_of(service, fresh)
            written = {"rows": found["rows"], "content": found["content"], "previous": bytes.fromhex(previous)}
            of = {"table": table, "block": block["block"], "hash": bytes.fromhex(digest)}
            await connection.execute(_WRITE, written | of)
            after_by, after, previous = last_by, last, digest


async def done(court: Court, invention: Invention) -> None:
    """Do it with the login that does it."""
    for database, statement in invention.done:
        connection = court.connections[database]
        if invention.service:
            region = {"region": court.settings.region}
            await connection.execute(text("SELECT set_config('canbao.region', :region, true)"), region)
            await connection.execute(text(f'SET LOCAL ROLE "{database}_app"'))
        else:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
        result = await connection.execute(text(statement.replace(":", "\\:")))
        assert result.rowcount, f"{invention}: changes nothing: {statement}"
        await connection.execute(text("RESET ROLE"))
    if invention.sealed_again:
        for database in {database for database, _ in invention.done}:
            await seal_again(court.connections[database], database)


async def found_by(court: Court, invention: Invention, lines: Sequence[AnchorLine]) -> list[str]:
    """Do it, ask every check and the anchor, undo it."""
    savepoints = [await connection.begin_nested() for connection in court.connections.values()]
    try:
        await done(court, invention)
        anchor = anchor_check(lines)
        # What a transaction writes that is not committed was written later than the server knows of: no proof.
        broken = [code for code in await court.broken() if code != "SEALS_CURRENT" or not invention.service]
        return [*broken, *([anchor.code] if (await anchor.result(court.databases)).breaks else [])]
    finally:
        for savepoint in savepoints:
            await savepoint.rollback()


def test_at_least_thirty_are_tried() -> None:
    assert len({invention.name for invention in INVENTIONS}) == len(INVENTIONS) >= 30


@pytest.mark.long
@pytest.mark.every_fraud
async def test_each_invention_is_found_by_the_check_that_is_named(long_season: County) -> None:
    """V: 30 more than the finding's 26."""
    wrong, seen = [], []
    async with sitting(long_season.superusers_urls(), long_season.installation.settings) as court:
        settings = long_season.installation.settings
        now = {"written_at": await court.now() - timedelta(minutes=1), "installation": settings.installation}
        savepoints = [await connection.begin_nested() for connection in court.connections.values()]
        line = AnchorLine.model_validate(now | {"heads": await heads(court.databases), "epochs": {"payment": 1}})
        for savepoint in savepoints:
            await savepoint.rollback()
        for invention in INVENTIONS:
            try:
                broken = await found_by(court, invention, [line])
            except Exception as error:
                broken = [repr(error)[:600]]
            seen.append(f"{invention}: {', '.join(broken) or NOBODY}")
            if invention.found_by not in (broken or [NOBODY]):
                wrong.append(seen[-1])
    print("\n".join(seen))
    assert wrong == []
