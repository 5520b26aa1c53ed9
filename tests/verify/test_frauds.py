"""V: each fraud of the finding is found by the check that is named for it; 19 of 26 were overlooked."""

import asyncpg
import pytest

from tests.harness.blocks import seal_all
from tests.verify.conftest import County
from tests.verify.frauds import FRAUDS, Fraud

_UNEXPLAINED = (
    "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, region, actor,"
    " correlation_id) VALUES (gen_random_uuid(), 'W', 1, '2023-10-09', 'DEPOSIT', 'WHOSE', 500, '411521', 'bank',"
    " gen_random_uuid())"
)


async def with_its_login(county: County, database: str, statement: str) -> None:
    """Do it as the service could: under row security, triggers and grants."""
    connection = await asyncpg.connect(county.installation.settings.service_url(database))
    try:
        await connection.execute("SELECT set_config('canbao.region', '411521', false)")
        assert not (await connection.execute(statement)).endswith(" 0")
    finally:
        await connection.close()


def test_the_finding_has_twenty_six() -> None:
    assert len(FRAUDS) == len({fraud.name for fraud in FRAUDS}) == 26
    assert sum(fraud.service for fraud in FRAUDS) == 2


@pytest.mark.parametrize("fraud", FRAUDS, ids=str)
async def test_the_fraud_is_found(county: County, fraud: Fraud) -> None:
    """V."""
    if "WHOSE" in fraud.done[0][1]:
        await county.sql("payment", _UNEXPLAINED)
        await seal_all(county.installation, ("payment",))
        assert (await county.examined()).consistent
    for database, statement in fraud.done:
        if fraud.service:
            await with_its_login(county, database, statement)
        else:
            await county.break_in(database, statement)
    report = await county.examined()
    broken = [check.code for check in report.checks if check.breaks]
    assert fraud.check in broken, broken
