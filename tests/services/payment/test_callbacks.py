"""The endpoint that WeChat calls: durable before the answer, one commit for many, else 4xx in WeChat's form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.payment.callbacks.routes import BODY_LIMIT
from services.payment.channels.wechat.signature import Refusal
from services.payment.notices.group_commit import GroupCommit, IntakeUnavailable, NoticeUnstorable
from services.payment.notices.notice import ChannelNotice, Evidence, NoticeKind, NoticeSource
from tests.harness.assessments import DUE_FEN
from tests.harness.cluster import Cluster
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY
from tests.harness.wechat_peer import SignedNotice, envelope, paid_notice, sign
from tests.services.payment.running_payment import RunningPayment

FAILED = {"code": "FAIL", "message": "失败"}


def raw(notify_id: str) -> tuple[ChannelNotice, Evidence]:
    """A notice that nothing is done with, as the intake takes it."""
    now = datetime(2023, 10, 8, tzinfo=UTC)
    notice = ChannelNotice(
        kind=NoticeKind.OTHER,
        channel="WECHAT",
        merchant_id="m",
        region=COUNTY,
        notify_id=notify_id,
        event_type="SECURITY_ECHO.SUCCESS",
    )
    return notice, Evidence(NoticeSource.NOTICE, b"{}", "s", now)


async def stored(payment: RunningPayment) -> int:
    """How many notices are durable."""
    return int(await payment.one("SELECT count(*) FROM raw_notice"))


async def refused(payment: RunningPayment, notice: SignedNotice, status: int) -> None:
    """A notice is refused in WeChat's form, and nothing of it is kept."""
    answer = await payment.notify(notice)
    assert (answer.status_code, answer.json()) == (status, FAILED)
    assert await stored(payment) == 0


UNSIGNED: tuple[dict[str, str | None], ...] = (
    {"signature": "AAAA"},
    {"signature": ""},
    {"signature": None},
    {"signature": "WECHATPAY/SIGNTEST/0a1b2c"},
    {"serial": "A-SERIAL-NOBODY-KNOWS"},
    {"timestamp": "1"},
    {"timestamp": "99999999999"},
    {"signature_type": "WECHATPAY2-SM2-WITH-SM3"},
)


@pytest.mark.guard("SIGNATURE_MISSING", mechanism="WECHAT")
@pytest.mark.guard("ALGORITHM_CHOSEN_BY_MESSAGE", mechanism="WECHAT")
async def test_what_wechat_did_not_sign_leaves_nothing_behind(payment: RunningPayment) -> None:
    for changes in UNSIGNED:
        await refused(payment, paid_notice("123456", DUE_FEN).with_headers(**changes), 401)
    assert payment.peer.calls == []  # an unknown serial fetches no certificate that an attacker chose


async def test_a_signed_body_that_is_no_notice_is_refused(payment: RunningPayment) -> None:
    for body in (b"", b"not json", b"\xff\xfe\xfa", b"[]", b"{}", envelope("X", b"{}", api_v3_key="x" * 32)):
        await refused(payment, sign(body), 400)


async def test_an_unknown_merchant_is_refused(payment: RunningPayment) -> None:
    answer = await payment.notify(paid_notice("123456", DUE_FEN), mchid="1234567890")
    assert (answer.status_code, answer.json()) == (404, FAILED)


@pytest.mark.guard("SECRETS_IN_LOGS", mechanism="WECHAT")
async def test_a_refused_notice_writes_a_line_with_its_reason_and_a_kept_one_writes_none(
    payment: RunningPayment,
) -> None:
    """First use: every refusal was `FAIL`, with nothing in any log."""
    with capture_logs() as captured:
        await refused(payment, paid_notice("123456", DUE_FEN).with_headers(signature="AAAA"), 401)
        await payment.notify(paid_notice("123456", DUE_FEN), mchid="1234567890")
        assert (await payment.notify(paid_notice("123456", DUE_FEN))).status_code == 204
    lines = [line for line in captured if line["event"] == "request"]
    assert [(line["status"], line["reason"]) for line in lines] == [
        (401, Refusal.SIGNATURE.value),
        (404, Refusal.UNKNOWN_MERCHANT.value),
    ]
    assert {line["path"] for line in lines} == {"/payment/v1/callbacks/wechat/{mchid}"}
    assert all(line["trace_id"] for line in lines)


@pytest.mark.guard("OVERSIZE", mechanism="WECHAT")
async def test_a_body_over_the_limit_is_not_read_to_its_end(payment: RunningPayment) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 100 * BODY_LIMIT:
            read += 8192
            yield b"x" * 8192

    headers = sign(b"").headers
    answer = await payment.http.post("/payment/v1/callbacks/wechat/1900000109", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()) == (413, FAILED)
    await refused(payment, sign(b"x" * (BODY_LIMIT + 1)), 413)


async def test_a_notice_keeps_no_payer_in_the_clear(payment: RunningPayment) -> None:
    notice = paid_notice("123456", DUE_FEN)
    assert (await payment.notify(notice)).status_code == 204
    row = (await payment.sql("SELECT raw_notice::text AS all, envelope FROM raw_notice"))[0]
    assert row["envelope"] == notice.body
    assert "canary" not in row["all"]
    assert b"canary" not in row["envelope"]


async def test_many_notices_at_once_need_fewer_commits(payment: RunningPayment) -> None:
    notices = [paid_notice(f"order-{number:03d}", DUE_FEN) for number in range(200)]
    answers = await asyncio.gather(*(payment.notify(notice) for notice in notices))
    assert {answer.status_code for answer in answers} == {204}
    assert await stored(payment) == 200
    assert payment.running.resources.notices.commits < 100
    transactions = await payment.one("SELECT count(DISTINCT xmin::text) FROM raw_notice")
    assert transactions < 200


async def test_a_row_that_the_database_refuses_fails_alone(payment: RunningPayment) -> None:
    intake: GroupCommit = payment.running.resources.notices
    await intake.store(*raw("warm"))
    notices = [raw(f"n{number}") for number in range(20)]
    notices[7] = raw("a NUL\0inside")
    answers = await asyncio.gather(*(intake.store(*notice) for notice in notices), return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [NoticeUnstorable]
    assert isinstance(answers[7], NoticeUnstorable)
    assert await stored(payment) == 20


async def test_a_client_that_hangs_up_gives_up_only_its_own_wait(payment: RunningPayment) -> None:
    intake: GroupCommit = payment.running.resources.notices
    waits = [asyncio.create_task(intake.store(*raw(f"n{number}"))) for number in range(10)]
    await asyncio.sleep(0)
    waits[3].cancel()
    answers = await asyncio.gather(*waits, return_exceptions=True)
    assert [answer for answer in answers if answer is not None] == [answers[3]]

    async def all_there() -> bool:
        return await stored(payment) == 10

    await eventually(all_there, message="the notice itself is stored all the same")


async def test_beyond_its_bound_the_queue_says_come_again(payment: RunningPayment) -> None:
    payment.running.resources.notices = GroupCommit(payment.running.database, COUNTY, on_stored=lambda: None, limit=0)
    answer = await payment.notify(paid_notice("123456", DUE_FEN))
    assert (answer.status_code, answer.json()) == (503, FAILED)
    with pytest.raises(IntakeUnavailable):
        await payment.running.resources.notices.store(*raw("n"))


@asynccontextmanager
async def database_gone(cluster: Cluster, name: str) -> AsyncIterator[None]:
    """Nobody connects to a database, and open connections are closed, for the length of a block."""
    admin = await asyncpg.connect(cluster.admin_url)
    try:
        await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        yield
    finally:
        await admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
        await admin.close()


async def test_without_its_database_the_channel_is_asked_to_come_again(
    payment: RunningPayment, cluster: Cluster
) -> None:
    assert (await payment.notify(paid_notice("123456", DUE_FEN))).status_code == 204
    notice = paid_notice("234567", DUE_FEN)
    async with database_gone(cluster, await payment.one("SELECT current_database()")):
        answer = await payment.notify(notice)
        assert (answer.status_code, answer.json()) == (503, FAILED)

    async def taken() -> bool:
        return (await payment.notify(notice)).status_code == 204

    await eventually(taken, message="once it is back, the retry is taken without a hand")
    await payment.worked()
    assert await payment.notices() == [("SUSPENDED", "UNKNOWN_ORDER")] * 2


async def test_the_intake_writes_what_waits_before_it_closes(payment: RunningPayment) -> None:
    intake = GroupCommit(payment.running.database, COUNTY, on_stored=lambda: None)
    waits = [asyncio.create_task(intake.store(*raw(f"n{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    await intake.aclose()
    await asyncio.gather(*waits)
    assert await stored(payment) == 5


async def test_the_first_notice_after_a_restart_of_the_database_is_answered(payment: RunningPayment) -> None:
    """First use: the first callback after a restart of the database was answered 503."""
    (first,) = [await payment.order(one) for one in await payment.bill(1)]
    assert (await payment.notify(paid_notice(first["order_no"], DUE_FEN))).status_code == 204
    await payment.worked()
    (second,) = [await payment.order(one) for one in await payment.bill(1)]
    assert await payment.installation.close_connections("payment")
    assert (await payment.notify(paid_notice(second["order_no"], DUE_FEN))).status_code == 204
    assert await stored(payment) == 2
