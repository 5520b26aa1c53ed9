"""Money on its way to the treasury while the process that moves it is killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from shared.settings import Settings
from tests.faults.conftest import begun
from tests.faults.harmed_county import County
from tests.harness.cluster import Cluster
from tests.harness.eventually import eventually
from tests.harness.kafka_broker import KafkaBroker, NamedBroker
from tests.harness.payable import SCOPES
from tests.harness.processes import ServiceProcess
from tests.harness.tax_peer import TOKEN, TaxPeer, tax_peer
from tests.harness.timeouts import stretched
from tests.harness.wechat_peer import MCHID, WechatPeer
from tests.verify.small_season import Season

pytestmark = pytest.mark.slow_fault
PAYERS = 30
DAY = "2023-10-08"


@pytest.fixture
async def tax() -> AsyncIterator[TaxPeer]:
    async with tax_peer() as peer:
        yield peer


@pytest.fixture
async def county(
    cluster: Cluster, migrated: Settings, kafka: KafkaBroker | NamedBroker, tax: TaxPeer, tmp_path: Path
) -> AsyncIterator[County]:
    """A county of its own: its day of collection is settled once."""
    peers = {"tax_base_url": tax.url, "tax_token": SecretStr(TOKEN)}
    season = await begun(cluster, migrated, kafka.bootstrap_servers, tmp_path, **peers)
    try:
        async with season.goes_on() as county:
            yield county
    finally:
        season.fleet.stop()


async def test_killed_at_every_step_to_the_treasury_the_money_takes_each_step_once(
    county: County, tax: TaxPeer
) -> None:
    work, web = county.fleet.one("payment", "work"), county.fleet.one("payment", "web")
    await county.channel.pay_and_notify(PAYERS)
    await county.judged()
    headers = county.installation.caller(*SCOPES)
    async with httpx.AsyncClient(
        base_url=web.base_url, headers=headers, trust_env=False, timeout=stretched(30)
    ) as http:
        hall = Season(county.installation, http, WechatPeer(), tax)
        await hall.days_go_by()
        # The day of collection lies before the channel's first bill: it is settled by its sum.
        await county.sql("payment", "UPDATE billed_merchant SET first_day = first_day + 1 RETURNING channel")
        async with county.wire("payment", "remittance_line", "INSERT") as wire:
            await hall.bank("SETTLEMENT", f"WECHAT:{MCHID}:{DAY}", county.channel.paid_fen)
            caught = await wire.caught()
            work.kill()
            await wire.cut(caught)
        assert await county.one("payment", "SELECT count(*) FROM remittance_line") == 0
        work.start()
        batch_id = str(await eventually(lambda: _batch(county), within_s=30, message="the settlement opens a batch"))
        await hall.reaches(batch_id, "READY_TO_REMIT")

        lines = await county.sql("payment", "SELECT enrolment_id, amount_fen FROM remittance_line")
        tax.receive(f"WECHAT/{MCHID}/{DAY}", [(line["enrolment_id"], line["amount_fen"]) for line in lines])
        path = f"/payment/v1/remittances/{batch_id}"
        await hall.post(f"{path}/fetch-detail", None)
        for step, body, before, after in (
            ("remit", {"remitted_on": "2023-10-10"}, "DETAIL_CONFIRMED", "REMITTED"),
            ("treasury", {"received_on": "2023-10-11"}, "REMITTED", "TREASURY_CONFIRMED"),
        ):
            for at_commit in (False, True):
                await _killed_in(county, web, http, f"{path}/{step}", body, at_commit=at_commit)
                await hall.reaches(batch_id, before)
            for _ in range(2):  # the clerk asks again, and once more to be sure
                assert (await hall.post(f"{path}/{step}", body))["state"] == after
        await hall.post(f"{path}/certificate", {"certificate_no": "WS-1", "issued_on": "2023-10-11"})
    report = await county.judged()
    assert report.overall.treasury_fen == county.channel.paid_fen
    assert (report.overall.in_transit_fen, report.overall.pending_fen) == (0, 0)


async def _batch(county: County) -> str | None:
    rows = await county.sql("payment", "SELECT id::text FROM remittance_batch WHERE kind = 'ONLINE'")
    return rows[0]["id"] if rows else None


async def _killed_in(
    county: County, web: ServiceProcess, http: httpx.AsyncClient, path: str, body: dict[str, str], *, at_commit: bool
) -> None:
    """Ask for a step, and kill the process that takes it, with its transfers being written or all but committed."""
    transfers = await county.one("payment", "SELECT count(*) FROM transfer")
    async with county.wire("payment", "transfer", "INSERT", at_commit=at_commit) as wire, _asking(http, path, body):
        caught = await wire.caught()
        web.kill()
        await wire.cut(caught)
    assert await county.one("payment", "SELECT count(*) FROM transfer") == transfers
    web.start()
    await eventually(web.is_ready, within_s=60, every_s=0.2, message="the service answers again")


@asynccontextmanager
async def _asking(http: httpx.AsyncClient, path: str, body: dict[str, str]) -> AsyncIterator[None]:
    """A request that will never be answered."""
    asking = asyncio.create_task(http.post(path, json=body))
    yield
    with pytest.raises(httpx.TransportError):
        await asking
