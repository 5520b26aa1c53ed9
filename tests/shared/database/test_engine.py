"""Transactions of a service's database: they outlive a restart of the server while nothing is under way."""

import socket
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from shared.database.engine import Database
from tests.harness.installation import COUNTY, Installation


async def test_a_connection_that_the_server_closed_while_it_lay_idle_is_replaced(installation: Installation) -> None:
    """First use: the first request after a restart of the database was answered 503."""
    database = Database(installation.settings.service_url("quota"), pool_size=2)
    try:
        async with database.transaction(COUNTY) as one, database.transaction(COUNTY) as two:
            await one.execute(text("SELECT 1"))
            await two.execute(text("SELECT 1"))
        assert await installation.close_connections("quota") == 2
        for _ in range(2):
            async with database.transaction(COUNTY) as session:
                region = (await session.execute(text("SELECT current_setting('canbao.region')"))).scalar_one()
        assert region == COUNTY
    finally:
        await database.dispose()


async def test_a_connection_whose_server_is_gone_is_put_away_without_a_word(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """Closing it to a server that has restarted meanwhile fails: nothing is lost, and nobody needs to look."""
    database = Database(installation.settings.service_url("quota"), pool_size=1)
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    driver._transport.get_extra_info("socket").shutdown(socket.SHUT_WR)
    await database.dispose()
    assert driver.is_closed()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_connection_that_closes_in_the_middle_ends_the_transaction(installation: Installation) -> None:
    database = Database(installation.settings.service_url("quota"), pool_size=1)

    async def cut_off() -> None:
        async with database.transaction(COUNTY) as session:
            await session.execute(text("SELECT 1"))
            await installation.close_connections("quota")
            await session.execute(text("SELECT 1"))

    try:
        with pytest.raises(DBAPIError):
            await cut_off()
    finally:
        await database.dispose()


async def test_a_transaction_is_committed_by_its_end_alone(installation: Installation) -> None:
    """A commit inside would let what follows run without a region, and beside the events of what went before."""
    database = Database(installation.settings.service_url("quota"), pool_size=1)

    async def goes_on_after_a_commit() -> None:
        async with database.transaction(COUNTY) as session:
            await session.commit()
            await session.execute(text("SELECT 1"))

    try:
        with pytest.raises(InvalidRequestError):
            await goes_on_after_a_commit()
    finally:
        await database.dispose()


async def test_every_statement_of_a_snapshot_sees_the_same_moment(installation: Installation) -> None:
    """A2: what is set against each other is read at one moment; what commits meanwhile is in none of it."""
    database = Database(installation.settings.service_url("quota"), pool_size=2)
    count = text("SELECT count(*) FROM business_date")
    try:
        async with database.snapshot(COUNTY) as session:
            assert (await session.execute(count)).scalar_one() == 0
            await installation.set_business_date(date(2023, 10, 8), "quota")
            assert (await session.execute(count)).scalar_one() == 0
            assert (await session.execute(text("SELECT current_setting('canbao.region')"))).scalar_one() == COUNTY
        async with database.transaction(COUNTY) as session:
            assert (await session.execute(count)).scalar_one() == 1
    finally:
        await database.dispose()


async def test_a_snapshot_writes_nothing(installation: Installation) -> None:
    database = Database(installation.settings.service_url("quota"), pool_size=1)

    async def write() -> None:
        async with database.snapshot(COUNTY) as session:
            await session.execute(text("DELETE FROM business_date"))

    try:
        with pytest.raises(DBAPIError, match="read-only"):
            await write()
        async with database.transaction(COUNTY) as session:  # the same connection writes again
            assert (await session.execute(text("SHOW transaction_read_only"))).scalar_one() == "off"
    finally:
        await database.dispose()


async def test_what_arrays_are_made_of_is_asked_once_in_a_process(installation: Installation) -> None:
    """Each new connection asked for each kind of array: more than a tenth of the server's processor under load."""
    database = Database(installation.settings.service_url("quota"), pool_size=2)
    rows = text(
        "SELECT u, d, t FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[]), CAST(:texts AS text[])) AS n (u, d, t)"
    )
    values = {"ids": [UUID(int=1), None], "days": [date(2024, 1, 2), None], "texts": ["a", None]}
    expected = [(UUID(int=1), date(2024, 1, 2), "a"), (None, None, None)]
    asked: list[str] = []
    try:
        async with database.transaction(COUNTY) as one, database.transaction(COUNTY) as two:
            assert [tuple(row) for row in await one.execute(rows, values)] == expected
            driver = (await (await two.connection()).get_raw_connection()).driver_connection
            assert driver is not None
            driver.add_query_logger(lambda query: asked.append(query.query))
            assert [tuple(row) for row in await two.execute(rows, values)] == expected
    finally:
        await database.dispose()
    assert asked
    assert not [query for query in asked if "pg_type" in query]
