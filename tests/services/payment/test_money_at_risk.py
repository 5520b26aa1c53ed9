"""Money at risk: what was acknowledged and is not credited yet is shown on the page and to monitoring."""

from dataclasses import replace
from pathlib import Path

from prometheus_client import REGISTRY

from services.payment import SERVICE
from shared.metrics_collector import read_gauges
from shared.service import ServiceContext
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation, http_client
from tests.harness.wechat_peer import MCHID, merchant, paid_notice, refund_notice

_CALLBACK = f"/payment/v1/callbacks/wechat/{MCHID}"
_REFUND = {"transaction_id": "t", "out_refund_no": "r12345", "amount": {"total": 7, "refund": 7}}


def gauge(name: str) -> float | None:
    """What monitoring would read."""
    return REGISTRY.get_sample_value(f"canbao_money_at_risk_{name}")


def answered(outcome: str) -> float:
    """How many callbacks were answered so."""
    labels = {"channel": "WECHAT", "outcome": outcome}
    return REGISTRY.get_sample_value("canbao_callback_seconds_count", labels) or 0.0


async def test_what_is_acknowledged_and_not_credited_is_counted_until_it_is(
    installation: Installation, tmp_path: Path
) -> None:
    settled = installation.with_settings(wechat_merchants=(merchant(tmp_path),), wechat_base_url="http://127.0.0.1:9")
    caller = settled.caller("payment:read")
    async with settled.running(SERVICE, role="web") as (running,), http_client([running]) as http:
        for notice in (paid_notice("123456", DUE_FEN), paid_notice("234567", 5), refund_notice(_REFUND)):
            answer = await http.post(_CALLBACK, content=notice.body, headers=notice.headers)
            assert answer.status_code == 204
        await settled.sql("payment", "UPDATE raw_notice SET recorded_at = recorded_at - interval '3 minutes'")

        callbacks = (await http.get("/payment/v1/summary", params={"benefit_year": 2024}, headers=caller)).json()[
            "callbacks"
        ]
        assert (callbacks["received"], callbacks["waiting"], callbacks["waiting_fen"]) == (3, 2, DUE_FEN + 5)
        assert 180 <= callbacks["oldest_waiting_s"] < 240
        await read_gauges(running)
        assert (gauge("notices"), gauge("fen")) == (2, DUE_FEN + 5)
        assert 180 <= (gauge("oldest_seconds") or 0) < 240

    async with settled.running(SERVICE, role="work") as (running,):

        async def nothing_at_risk() -> bool:
            await read_gauges(running)
            return (gauge("notices"), gauge("fen"), gauge("oldest_seconds")) == (0, 0, 0)

        await eventually(nothing_at_risk, every_s=0.1, message="once worked, nothing is at risk")


async def test_callbacks_are_timed_by_what_became_of_them(installation: Installation, tmp_path: Path) -> None:
    settled = installation.with_settings(wechat_merchants=(merchant(tmp_path),))
    async with settled.running(SERVICE, role="web") as runs, http_client(runs) as http:
        stored, forged = answered("stored"), answered("signature")
        notice = paid_notice("123456", DUE_FEN)
        await http.post(_CALLBACK, content=notice.body, headers=notice.headers)
        await http.post(_CALLBACK, content=notice.body + b" ", headers=notice.headers)
    assert (answered("stored"), answered("signature")) == (stored + 1, forged + 1)


async def test_a_gauge_that_cannot_be_read_hides_no_other_and_its_age_shows_it(installation: Installation) -> None:
    async def fails(_: ServiceContext) -> None:
        raise LookupError

    def read_at(part: str) -> float | None:
        labels = {"service": "payment-in-doubt", "part": part}
        return REGISTRY.get_sample_value("canbao_gauges_read_timestamp_seconds", labels)

    async with installation.running(SERVICE, role="web") as (running,):
        service = replace(SERVICE, name="payment-in-doubt", gauges={"doubtful": fails, **SERVICE.gauges})
        await read_gauges(replace(running, service=service))
    assert read_at("doubtful") is None
    assert read_at("events") is not None
    assert read_at("money at risk") is not None
