"""What passes by itself is answered as such, so that callers try again; only a bug of ours is a 500."""

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database.engine import open_engine
from shared.web import problems
from tests.harness.installation import Installation

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{}'; END $$"


async def answer(raised: Exception) -> httpx.Response:
    """What a caller reads when an endpoint raises this."""
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    async def endpoint() -> None:
        raise raised

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.get("/")


@pytest.mark.parametrize(
    ("state", "status"),
    [("55P03", 503), ("40P01", 503), ("40001", 503), ("53100", 503), ("57014", 503), ("23505", 500), ("22003", 500)],
    ids=["lock timeout", "deadlock", "serialisation", "disk full", "statement timeout", "unique key", "out of range"],
)
@pytest.mark.expects_errors
async def test_what_passes_is_503_and_what_never_will_is_500(
    installation: Installation, state: str, status: int
) -> None:
    engine = open_engine(installation.settings.service_url("payment"), pool_size=1, application_name="test")
    try:
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError) as raised:
                await connection.execute(text(RAISE.format(state)))
    finally:
        await engine.dispose()
    answered = await answer(raised.value)
    assert answered.status_code == status
    assert ("retry-after" in answered.headers) == (status == 503)
    assert answered.headers["content-type"] == "application/problem+json"


@pytest.mark.expects_errors
async def test_a_lost_connection_passes_and_a_value_that_no_column_takes_does_not() -> None:
    lost = await answer(asyncpg.InterfaceError("connection is closed"))
    value = await answer(asyncpg.DataError("value out of int64 range"))
    assert (lost.status_code, value.status_code) == (503, 500)
