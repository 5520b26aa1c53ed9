"""Payment's endpoints for a module's tests, with banks that collect for it; each test begins with empty tables.

No job runs there: what a test leaves is taken away between two of them.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.harness.cluster import Cluster
from tests.harness.copied import CopiedSettings, Copies
from tests.harness.installation import Installation, database_settings
from tests.harness.kept_connections import KeptConnections
from tests.services.payment.direct.institutions import Bank, collecting
from tests.services.payment.running_payment import TODAY, RunningPayment

# What a test leaves behind. The books refuse it, so their guard is put aside by the tables' owner.
_EMPTY = """
    DO $$ BEGIN
        ALTER TABLE transfer DISABLE TRIGGER USER;
        TRUNCATE direct_payment, direct_reversal, payment, payment_line, suspense, refund, bill, unpriced_enrolment,
            payment_order, order_line, raw_notice, transfer, transfer_sum, remittance_batch, remittance_line,
            remittance_step, bank_line, person_name, outbox CASCADE;
        ALTER TABLE transfer ENABLE TRIGGER USER;
    END $$
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at_work(
    cluster: Cluster, migrated: CopiedSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Bank, Bank, Bank]]:
    """Payment's endpoints with two banks of the county and one of a town in it."""
    copies, kept = Copies(cluster), KeptConnections()
    installation = Installation(migrated.on(copies, **database_settings(cluster, suffix=copies.suffix)), kept)
    try:
        async with collecting(installation, tmp_path_factory.mktemp("banks"), role="web") as banks:
            yield banks
    finally:
        await kept.close()
        await copies.drop()


@pytest_asyncio.fixture(loop_scope="module")
async def banks(at_work: tuple[Bank, Bank, Bank]) -> AsyncIterator[tuple[Bank, Bank, Bank]]:
    """The banks, on the eighth of October, before anybody is billed."""
    bank, other, town = (replace(each) for each in at_work)
    await bank.payment.installation.sql("payment", "DELETE FROM business_date RETURNING singleton")
    await bank.payment.installation.set_business_date(TODAY, "payment")
    yield bank, other, town
    await bank.payment.installation.sql("payment", _EMPTY)


@pytest_asyncio.fixture(loop_scope="module")
async def payment(banks: tuple[Bank, Bank, Bank]) -> RunningPayment:
    """Their payment."""
    return banks[0].payment
