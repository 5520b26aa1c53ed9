"""What a service provider collects is named to the auditor, and is no success of ours."""

from pathlib import Path
from typing import Any

from services.payment import SERVICE as PAYMENT
from tests.harness.eventually import eventually
from tests.harness.wechat_peer import APPID, MCHID, merchant, paid_notice
from tests.verify.conftest import County


async def test_a_service_providers_success_asks_for_no_payment_even_where_it_names_us(
    county: County, tmp_path: Path
) -> None:
    """W4: a success that nobody booked would be a break."""
    equipped = county.installation.with_settings(wechat_merchants=(merchant(tmp_path),))
    partners: dict[str, Any] = {
        "sp_appid": APPID,
        "sp_mchid": "1900007777",
        "sub_mchid": MCHID,
    }
    async with equipped.http_client(PAYMENT) as http:
        notice = paid_notice("123456", 38_000, mchid=None, appid=None, **partners)
        answer = await http.post(f"/payment/v1/callbacks/wechat/{MCHID}", content=notice.body, headers=notice.headers)
        assert answer.status_code == 204, answer.text

        async def quarantined() -> bool:
            rows = await county.sql("payment", "SELECT reason FROM raw_notice WHERE payee_provider_id IS NOT NULL")
            return [row["reason"] for row in rows] == ["OTHER_MERCHANT"]

        await eventually(quarantined, message="it is named another merchant's")
    assert (await county.check("CHANNEL_SUCCESSES")).verdict == "OK"
