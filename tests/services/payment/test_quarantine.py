"""Authentic notices in quarantine: named, worked again where that can help, and counted as long as they wait."""

import json
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from services.payment.channels.accounts import Accounts, ServedAccount
from services.payment.channels.wechat.adapter import WECHAT
from services.payment.channels.wechat.keys import load_merchant
from services.payment.channels.wechat.notice import NoticeHeader, parse
from services.payment.channels.wechat.unread_messages import read_again
from services.payment.crediting.decision import Quarantine
from services.payment.notices.notice import (
    ChannelNotice,
    Evidence,
    NoticeKind,
    NoticeSource,
    PaymentNotice,
    RefundNotice,
    VerifiedNotice,
)
from shared.domain.clock import SystemClock
from shared.metrics_collector import read_gauges
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import COUNTY, Installation
from tests.harness.wechat_peer import APPID, MCHID, merchant, paid_notice, paid_plaintext
from tests.services.payment.running_payment import RunningPayment, running_payment

UNREADABLE: Sequence[dict[str, Any]] = (
    {"amount": {"total": str(DUE_FEN), "currency": "CNY"}},
    {"amount": {"total": float(DUE_FEN), "currency": "CNY"}},
    {"success_time": "2023-10-08T10:34:56"},
)


async def quarantined(payment: RunningPayment) -> dict[str, Any]:
    """The one notice in quarantine."""
    (found,) = await payment.get("quarantine")
    kept: dict[str, Any] = found
    return kept


async def at_risk(payment: RunningPayment) -> tuple[int, int]:
    """How many payments are acknowledged and credited to nobody, and what they are worth."""
    callbacks = (await payment.get("summary?benefit_year=2024"))["callbacks"]
    return callbacks["waiting"], callbacks["waiting_fen"]


def gauge(name: str, reason: str) -> float | None:
    """What monitoring would read of one reason."""
    return REGISTRY.get_sample_value(f"canbao_quarantined_{name}", {"reason": reason})


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("changes", UNREADABLE, ids=["text", "decimal point", "no zone"])
    async def test_it_is_worked_again_from_the_message_as_it_came(
        self, payment: RunningPayment, changes: dict[str, Any]
    ) -> None:
        """B4: it was acknowledged, and could never be worked again."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        await payment.paid(order, **changes)
        assert await payment.notices() == [("QUARANTINED", "UNREADABLE")]
        assert await payment.balances() == {}
        retried = await payment.post(f"quarantine/{(await quarantined(payment))['id']}/retry")
        assert retried.status_code == 202
        await payment.worked()
        assert await payment.notices() == [("IGNORED", "READ_AGAIN"), ("CREDITED", None)]
        bill = await payment.get(f"bills/{person}")
        assert (bill["state"], bill["paid_on"]) == ("PAID", "2023-10-08")
        assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
        kept = await payment.sql("SELECT id, kind, envelope FROM raw_notice ORDER BY id")
        assert [each["kind"] for each in kept] == ["UNREADABLE", "PAYMENT"], "the first reading stays as it was"
        assert kept[0]["envelope"] == kept[1]["envelope"]
        assert str(kept[1]["id"]) == retried.json()["id"]
        assert await payment.get("quarantine") == []

    async def test_working_it_again_twice_credits_once(self, payment: RunningPayment) -> None:
        """B4: a retry is no second payment, nor is the notice when the channel sends it once more."""
        order = await payment.order(*await payment.bill())
        notice = paid_notice(order["order_no"], DUE_FEN, success_time="2023-10-08T10:34:56")
        await payment.notify(notice)
        await payment.worked()
        kept = await quarantined(payment)
        answers = [await payment.post(f"quarantine/{kept['id']}/retry") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 409]
        assert (await payment.notify(notice)).status_code == 204
        await payment.worked()
        assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}

    async def test_the_list_shows_what_the_channel_called_it_and_whose_order_it_names(
        self, payment: RunningPayment
    ) -> None:
        """B4: the list showed neither notify id nor event type."""
        order = await payment.order(*await payment.bill())
        notice = paid_notice(order["order_no"], DUE_FEN, notify_id="EV-2018022511223320873", amount={"total": "1"})
        await payment.notify(notice)
        await payment.worked()
        kept = await quarantined(payment)
        assert (kept["notify_id"], kept["event_type"]) == ("EV-2018022511223320873", "TRANSACTION.SUCCESS")
        assert (kept["reason"], kept["order_no"], kept["amount_fen"]) == ("UNREADABLE", order["order_no"], None)
        assert kept["recorded_at"]

    async def test_what_still_cannot_be_read_stays_where_it_is(self, payment: RunningPayment) -> None:
        """B4: a retry never guesses."""
        order = await payment.order(*await payment.bill())
        await payment.paid(order, amount={"total": 380.5, "currency": "CNY"})
        refused = await payment.post(f"quarantine/{(await quarantined(payment))['id']}/retry")
        assert (refused.status_code, refused.json()["code"]) == (409, "NOTICE_NOT_RETRIABLE")
        assert "still cannot be read" in refused.json()["detail"]
        assert await payment.notices() == [("QUARANTINED", "UNREADABLE")]

    async def test_a_message_under_a_key_that_is_gone_says_so(self, installation: Installation, tmp_path: Path) -> None:
        """B4: the APIv3 key was changed meanwhile."""
        async with running_payment(installation, tmp_path) as payment:
            order = await payment.order(*await payment.bill())
            await payment.paid(order, amount={"total": "38000"})
        changed = merchant(tmp_path).model_copy(update={"api_v3_key": type(merchant(tmp_path).api_v3_key)("x" * 32)})
        async with running_payment(installation, tmp_path, known=changed) as payment:
            refused = await payment.post(f"quarantine/{(await quarantined(payment))['id']}/retry")
            assert "do not open the message" in refused.json()["detail"]

    async def test_a_stored_notice_that_lacks_what_its_kind_says_is_read_again_too(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """B4, of its kind: a row that another version left incomplete."""
        async with running_payment(installation, tmp_path, role="web") as payment:
            order = await payment.order(*await payment.bill())
            await payment.notify(paid_notice(order["order_no"], DUE_FEN))
            await payment.sql("UPDATE raw_notice SET transaction_id = NULL, amount_fen = NULL RETURNING id")
        async with running_payment(installation, tmp_path) as payment:
            await payment.worked()
            assert await payment.notices() == [("QUARANTINED", "UNREADABLE")]
            await payment.post(f"quarantine/{(await quarantined(payment))['id']}/retry")
            await payment.worked()
            assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}

    @pytest.mark.parametrize(
        ("amount", "fen"),
        [("38000", 38000), (38000.0, 38000), ("٣٨", None), ("380.5", None), (380.5, None), ("-1", None), ("", None),
         (True, None), ("0", None), (1e300, None), ("9" * 70, None), ("9" * 30, None), (None, None), ([1], None)],
    )  # fmt: skip
    def test_a_second_reading_takes_only_what_has_one_meaning(
        self, tmp_path: Path, amount: object, fen: int | None
    ) -> None:
        """B4: whole numbers, however they are written."""
        said = paid_plaintext("123456", 1) | {"amount": {"total": amount, "currency": "CNY"}}
        read = _read_again(tmp_path, "TRANSACTION.SUCCESS", said)
        assert (read.amount_fen if isinstance(read, PaymentNotice) else None) == fen
        refund = {"mchid": MCHID, "out_trade_no": "123456", "transaction_id": "42", "out_refund_no": "R00001",
                  "refund_status": "CLOSED", "amount": {"refund": amount}}  # fmt: skip
        read = _read_again(tmp_path, "REFUND.CLOSED", refund)
        assert (read.amount_fen if isinstance(read, RefundNotice) else None) == fen

    @pytest.mark.parametrize(
        ("moment", "utc"),
        [("2023-10-08T10:34:56", "2023-10-08 02:34:56"), ("2023-10-08 10:34:56", "2023-10-08 02:34:56"),
         ("2023-10-08T10:34:56+08:00", "2023-10-08 02:34:56"), ("2023-10-08", None), ("yesterday", None), ([], None)],
    )  # fmt: skip
    def test_a_time_without_a_zone_is_chinese_time_and_a_day_is_no_time(
        self, tmp_path: Path, moment: object, utc: str | None
    ) -> None:
        """B4: WeChat is in China, and names its zone elsewhere."""
        read = _read_again(tmp_path, "TRANSACTION.SUCCESS", paid_plaintext("123456", 1) | {"success_time": moment})
        found = f"{read.succeeded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if isinstance(read, PaymentNotice) else None
        assert found == utc


class TestAnsweredAndUnreadable:
    async def test_a_query_whose_answer_cannot_be_read_is_asked_again_until_it_can(
        self, payment: RunningPayment
    ) -> None:
        """B4, of its kind: one odd answer to a query took the number under which every later one was kept."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.pay(order["order_no"], success_time="2023-10-08T10:34:56")
        for _ in range(2):
            await payment.asked()
        await payment.worked()
        assert await payment.notices() == [("QUARANTINED", "UNREADABLE")]
        assert "canary" not in str(await payment.one("SELECT encode(envelope, 'escape') FROM raw_notice"))
        payment.peer.pay(order["order_no"])
        await payment.asked()
        await payment.worked()
        assert await payment.states(person) == ["PAID"]
        assert await payment.one("SELECT count(*) FROM payment_order WHERE next_ask_at IS NOT NULL") == 0

    async def test_it_is_read_again_when_a_person_asks(self, payment: RunningPayment) -> None:
        """B4: of such an answer nothing at all was kept."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        payment.peer.pay(order["order_no"], success_time="2023-10-08T10:34:56")
        await payment.asked()
        await payment.worked()
        assert (await payment.post(f"quarantine/{(await quarantined(payment))['id']}/retry")).status_code == 202
        await payment.worked()
        assert await payment.states(person) == ["PAID"]


class TestMoneyAtRisk:
    @pytest.mark.parametrize(
        ("changes", "reason", "fen"),
        [
            ({"appid": "wx0000000000000000"}, "OTHER_APP", DUE_FEN),
            ({"amount": {"total": 9_900, "currency": "HKD"}}, "OTHER_CURRENCY", DUE_FEN),
            ({"amount": {"total": "38000"}}, "UNREADABLE", DUE_FEN),
        ],
    )
    async def test_a_success_of_our_own_order_in_quarantine_is_money_at_risk(
        self, payment: RunningPayment, changes: dict[str, Any], reason: str, fen: int
    ) -> None:
        """B4: it was quarantined for ever, no money at risk, and no alarm was given."""
        order = await payment.order(*await payment.bill())
        await payment.paid(order, **changes)
        assert await payment.notices() == [("QUARANTINED", reason)]
        assert await at_risk(payment) == (1, fen)
        await payment.paid(order, transaction_id="4200000001")
        assert await at_risk(payment) == ((0, 0) if reason == "UNREADABLE" else (1, fen))

    async def test_the_money_of_others_is_not_ours_to_lose(self, payment: RunningPayment) -> None:
        """B4: another merchant's money, and an order that nobody here made."""
        order = await payment.order(*await payment.bill())
        await payment.paid(order, mchid="1900009999")
        await payment.paid(order, mchid=None, sp_mchid=MCHID, sp_appid=APPID, sub_mchid=MCHID)
        await payment.paid({"order_no": "nobody-ordered-this", "amount_fen": 7}, appid="wx0000000000000000")
        assert {reason for _, reason in await payment.notices()} == {"OTHER_MERCHANT", "OTHER_APP"}
        assert await at_risk(payment) == (0, 0)

    async def test_what_is_in_quarantine_is_measured_by_reason(self, payment: RunningPayment) -> None:
        """W2: no measure said that money was in quarantine."""
        await read_gauges(payment.running)
        assert {gauge("notices", reason) for reason in Quarantine} == {0}, "there before anything was quarantined"
        order = await payment.order(*await payment.bill())
        await payment.paid(order, appid="wx0000000000000000")
        await payment.paid(order, amount={"total": 9_900, "currency": "HKD"})
        await payment.paid(order, amount={"total": "38000"})
        await read_gauges(payment.running)
        measured = {reason.value: (gauge("notices", reason), gauge("fen", reason)) for reason in Quarantine}
        assert {reason: found for reason, found in measured.items() if any(found)} == {
            "OTHER_APP": (1, DUE_FEN),
            "OTHER_CURRENCY": (1, 0),
            "UNREADABLE": (1, 0),
        }


class TestWhatWasOrderedUnderOtherSettings:
    """B1: an order was opened under one application, the setting changed, and its payment was quarantined for ever."""

    async def test_a_payment_is_judged_by_the_application_of_its_order(
        self, payment: RunningPayment, tmp_path: Path
    ) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        other = load_merchant(merchant(tmp_path, appid="wx0000000000000000"))
        payment.running.resources.use(Accounts([ServedAccount(WECHAT, other)]))
        await payment.paid(order)
        assert await payment.notices() == [("CREDITED", None)]
        await payment.paid({"order_no": "nobody-ordered-this", "amount_fen": 7})
        assert (await payment.notices())[-1] == ("QUARANTINED", "OTHER_APP")

    async def test_a_payment_of_a_merchant_that_the_settings_no_longer_name_is_credited(
        self, payment: RunningPayment
    ) -> None:
        (person,) = await payment.bill()
        order = await payment.order(person)
        async with payment.running.database.transaction(COUNTY) as session:
            await session.execute(text("SELECT FROM payment_order FOR UPDATE"))
            assert (await payment.notify(paid_notice(order["order_no"], DUE_FEN))).status_code == 204
            payment.running.resources.use(Accounts([]))
        await payment.worked()
        assert await payment.notices() == [("CREDITED", None)]

    async def test_one_that_was_quarantined_by_todays_setting_is_worked_again(self, payment: RunningPayment) -> None:
        order = await payment.order(*await payment.bill())
        await payment.paid(order)
        await payment.sql("UPDATE raw_notice SET state = 'QUARANTINED', reason = 'OTHER_APP'")
        kept = await quarantined(payment)
        assert (await payment.post(f"quarantine/{kept['id']}/retry")).is_success
        await payment.worked()
        assert await payment.notices() == [("REPEATED", None)]


class TestPartnerMode:
    async def test_a_service_providers_notice_is_another_merchants_with_its_ids(self, payment: RunningPayment) -> None:
        """W4: partner mode (sp_mchid, sub_mchid) was unreadable."""
        order = await payment.order(*await payment.bill())
        partners: dict[str, Any] = {
            "mchid": None,
            "appid": None,
            "sp_appid": APPID,
            "sp_mchid": MCHID,
            "sub_mchid": "1900007777",
        }
        await payment.paid(order, **partners)
        assert await payment.notices() == [("QUARANTINED", "OTHER_MERCHANT")]
        kept = await quarantined(payment)
        assert (kept["payee_provider_id"], kept["payee_merchant_id"]) == (MCHID, "1900007777")
        assert (kept["order_no"], kept["amount_fen"]) == (order["order_no"], DUE_FEN)
        assert await payment.balances() == {}

    async def test_it_is_never_credited_even_where_it_names_us_as_the_payee(self, payment: RunningPayment) -> None:
        """W4: what a provider collects is settled with the provider's account, not with ours."""
        order = await payment.order(*await payment.bill())
        await payment.paid(order, mchid=None, appid=None, sp_appid="wx1", sp_mchid="1900007777", sub_mchid=MCHID)
        assert await payment.notices() == [("QUARANTINED", "OTHER_MERCHANT")]

    async def test_half_of_the_ids_is_not_partner_mode(self, payment: RunningPayment) -> None:
        """W4: what names no payee stays unreadable."""
        order = await payment.order(*await payment.bill())
        await payment.paid(order, mchid=None, sp_mchid=MCHID)
        assert await payment.notices() == [("QUARANTINED", "UNREADABLE")]


def _read_again(folder: Path, event_type: str, said: dict[str, Any]) -> ChannelNotice:
    """Read a query's answer that could not be read once more."""
    first = parse(NoticeHeader("WECHAT", MCHID, COUNTY, "n", event_type), json.dumps(said).encode())
    evidence = Evidence(NoticeSource.QUERY, json.dumps(said).encode(), "s", SystemClock().now())
    unread = ChannelNotice(
        kind=NoticeKind.UNREADABLE,
        channel="WECHAT",
        merchant_id=MCHID,
        region=COUNTY,
        notify_id="n",
        event_type=event_type,
    )
    read = read_again(load_merchant(merchant(folder)), VerifiedNotice(unread, evidence))
    assert read is not None
    assert read.notify_id != first.notify_id, "another reading is another notice"
    return read
