"""Alipay's notices at the endpoint: what is taken, what is refused, and what becomes of it in the books."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from structlog.testing import capture_logs

from services.payment.callbacks.routes import BODY_LIMIT
from simulator.alipay.signatures import encoded, joined, signature_of
from tests.harness.alipay_peer import APP_ID, KEY, NEWER_KEY
from tests.harness.installation import Installation
from tests.harness.wechat_peer import rsa_key
from tests.services.payment.alipay.running_alipay import RunningAlipay, running_alipay

SUCCESS, FAILURE = (200, b"success"), b"failure"
Fields = dict[str, str]


def form(said: Fields, *, text: str | None = None, kind: str = "RSA2", charset: str = "utf-8") -> bytes:
    """A form that the platform's key signed: over ``text``, or over what is right to be signed."""
    base = joined(said, "sign", "sign_type") if text is None else text
    return encoded({**said, "sign_type": kind, "sign": signature_of(base.encode(charset), rsa_key(KEY))}, charset)


class TestPayments:
    async def test_a_payment_is_credited_once_however_often_it_is_reported(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        for _ in range(7):
            assert await alipay.send(notice) == SUCCESS
        await alipay.worked()
        assert await alipay.notices() == [("CREDITED", None)], "one number is one notice"
        await alipay.taken(notice.saying(notify_id="another", trade_status="TRADE_FINISHED"))
        assert await alipay.notices() == [("CREDITED", None), ("REPEATED", None)]
        assert await alipay.balances() == {"channel:ALIPAY": 38_000, "premium": -38_000}
        await alipay.order(*await alipay.bill())

    async def test_a_trade_that_is_finished_before_its_success_arrives_is_credited_by_the_first(
        self, alipay: RunningAlipay
    ) -> None:
        notice = await alipay.ordered_and_paid()
        await alipay.taken(notice.saying(notify_id="finished", trade_status="TRADE_FINISHED"), notice)
        assert await alipay.notices() == [("CREDITED", None), ("REPEATED", None)]
        assert (await alipay.balances())["channel:ALIPAY"] == 38_000

    async def test_the_orders_sum_is_credited_where_the_seller_gets_less_for_a_coupon(
        self, alipay: RunningAlipay
    ) -> None:
        notice = await alipay.ordered_and_paid()
        await alipay.taken(notice.saying(receipt_amount="379.00", buyer_pay_amount="375.00"))
        assert await alipay.balances() == {"channel:ALIPAY": 38_000, "premium": -38_000}

    async def test_a_sum_is_read_as_it_is_written_or_kept_and_not_credited(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        wrong = (
            "380.001",
            "3.8e2",
            "-380.00",
            "380,00",
            "３８０.00",
            "",
            "0.00",
            " 380.00",
            "380.",
            "+380.00",
            "0x17c",
        )
        for place, written in enumerate(wrong):
            await alipay.taken(notice.saying(notify_id=f"wrong{place}", total_amount=written))
        assert set(await alipay.notices()) == {("QUARANTINED", "UNREADABLE")}
        (quarantined, *_) = await alipay.get("quarantine")
        assert quarantined["order_no"] == notice.fields["out_trade_no"], "whose money waits is known"
        assert await alipay.balances() == {}
        for place, written in enumerate(("380", "380.0", "380.00")):
            await alipay.taken(notice.saying(notify_id=f"right{place}", total_amount=written))
        assert (await alipay.notices())[-3:] == [("CREDITED", None), ("REPEATED", None), ("REPEATED", None)]

    async def test_a_person_may_have_an_unreadable_notice_read_once_more(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        await alipay.taken(notice.saying(total_amount="380.000"))
        (quarantined,) = await alipay.get("quarantine")
        answer = await alipay.post(f"quarantine/{quarantined['id']}/retry")
        assert answer.status_code == 202, answer.text
        await alipay.worked()
        assert await alipay.balances() == {"channel:ALIPAY": 38_000, "premium": -38_000}

    async def test_another_sum_another_order_or_a_second_trade_is_suspended(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        order_no = notice.fields["out_trade_no"]
        for place, changes in enumerate(
            (
                {"total_amount": "379.99", "trade_no": "T1"},
                {"out_trade_no": "UNKNOWN1", "trade_no": "T2"},
                {"trade_no": "T3"},
                {"trade_no": "T4"},
                {"trade_no": "T3", "out_trade_no": "UNKNOWN2"},
                {"trade_no": "T3", "total_amount": "381.00"},
            )
        ):
            await alipay.taken(notice.saying(notify_id=f"N{place}", **changes))
        assert await alipay.notices() == [
            ("SUSPENDED", "WRONG_AMOUNT"),
            ("SUSPENDED", "UNKNOWN_ORDER"),
            ("CREDITED", None),
            ("SUSPENDED", "SECOND_TRANSACTION"),
            ("SUSPENDED", "SAME_TRANSACTION_OTHER_ORDER"),
            ("SUSPENDED", "SAME_TRANSACTION_OTHER_AMOUNT"),
        ]
        assert (await alipay.get(f"orders/{order_no}"))["state"] == "CONFIRMED"

    async def test_money_of_another_app_or_seller_is_acknowledged_and_kept_apart(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        back = {"refund_fee": "380.00", "gmt_refund": "2023-10-09 09:00:00.320", "out_biz_no": "B1"}
        for place, changes in enumerate(
            ({"app_id": "2021000000000002"}, {"seller_id": "2088000000000002"}, {"app_id": "2021000000000002", **back})
        ):
            await alipay.taken(notice.saying(notify_id=f"N{place}", **changes))
        assert [reason for _, reason in await alipay.notices()] == ["OTHER_APP", "OTHER_MERCHANT", "OTHER_MERCHANT"]
        assert await alipay.balances() == {}

    async def test_what_is_no_payment_is_kept_and_ignored(self, alipay: RunningAlipay) -> None:
        order = await alipay.order(*await alipay.bill())
        await alipay.account.scan(order["order_no"])
        waiting = alipay.account.notice(order["order_no"])
        assert waiting.fields["trade_status"] == "WAIT_BUYER_PAY"
        await alipay.taken(waiting, waiting.saying(notify_id="N2", notify_type="dut_user_sign"))
        assert await alipay.notices() == [("IGNORED", None), ("IGNORED", None)]

    async def test_a_form_in_gbk_is_checked_over_its_own_bytes_and_refused_re_encoded(
        self, alipay: RunningAlipay
    ) -> None:
        notice = (await alipay.ordered_and_paid()).saying(subject="罗山县医保 a+b&c=d")
        signed = alipay.alipay.platform.signed_form(notice.fields, "gbk")
        said = {**notice.fields, "charset": "gbk"}
        text = joined(said).encode("gbk")
        again = encoded({**said, "sign_type": "RSA2", "sign": signature_of(text, rsa_key(KEY))}, "utf-8")
        assert await alipay.send_form(again) == (401, FAILURE)
        assert await alipay.send_form(signed) == SUCCESS
        await alipay.worked()
        assert await alipay.notices() == [("CREDITED", None)]
        (envelope,) = await alipay.sql("SELECT envelope, serial FROM raw_notice")
        assert bytes(envelope["envelope"]) == signed, "what was signed is what is kept"


UNSIGNED: dict[str, Callable[[Fields], bytes]] = {
    "sign missing": lambda said: encoded({**said, "sign_type": "RSA2"}, "utf-8"),
    "sign empty": lambda said: encoded({**said, "sign_type": "RSA2", "sign": ""}, "utf-8"),
    "sign no base64": lambda said: encoded({**said, "sign_type": "RSA2", "sign": "%%%"}, "utf-8"),
    "sign_type missing": lambda said: form(said).replace(b"&sign_type=RSA2", b""),
    "a SHA-1 signature that is right": lambda said: encoded(
        {**said, "sign_type": "RSA", "sign": signature_of(joined(said).encode(), rsa_key(KEY), hashes.SHA1())},
        "utf-8",
    ),
    "a SHA-1 signature under RSA2": lambda said: encoded(
        {**said, "sign_type": "RSA2", "sign": signature_of(joined(said).encode(), rsa_key(KEY), hashes.SHA1())},
        "utf-8",
    ),
    "RSA with a signature of RSA2": lambda said: form(said, kind="RSA"),
    "sign_type in the base string": lambda said: form(said, text=joined({**said, "sign_type": "RSA2"})),
    "empty values out of the base string": lambda said: form(said, text=joined({k: v for k, v in said.items() if v})),
    "somebody else's key": lambda said: encoded(
        {**said, "sign_type": "RSA2", "sign": signature_of(joined(said).encode(), rsa_key("forger"))}, "utf-8"
    ),
    "our own key": lambda said: encoded(
        {**said, "sign_type": "RSA2", "sign": signature_of(joined(said).encode(), rsa_key("alipay app"))}, "utf-8"
    ),
    "a value changed": lambda said: form(said).replace(b"380.00", b"380.01"),
    "a value escaped for HTML": lambda said: form({**said, "body": "&lt;a&gt;"}, text=joined({**said, "body": "<a>"})),
    "a plus turned into a blank": lambda said: form({**said, "body": "a b"}, text=joined({**said, "body": "a+b"})),
    "a field added": lambda said: form(said) + b"&passback_params=x",
    "a field taken away": lambda said: form(said).replace(b"&body=", b""),
    "utf-7": lambda said: form({**said, "charset": "utf-7"}),
    "no charset": lambda said: form({k: v for k, v in said.items() if k != "charset"}),
    "latin-1 by name": lambda said: form({**said, "charset": "latin-1"}),
    "a body as JSON": lambda said: json.dumps(said).encode(),
    "a parameter twice": lambda said: form(said) + b"&total_amount=380.00",
    "a parameter twice, otherwise written": lambda said: form(said) + b"&total%5Famount=1.00",
    "the signature twice": lambda said: form(said) + b"&sign=x",
}
UNREADABLE: dict[str, Callable[[Fields], bytes]] = {
    "nothing": lambda _: b"",
    "no form": lambda _: b"\xff\xfe\xfa",
    "a name without a value": lambda said: form(said) + b"&x",
    "a value without a name": lambda said: form(said) + b"&=x",
    "too many fields": lambda said: form(said | {f"x{place}": "1" for place in range(200)}),
    "no notify_id": lambda said: form({k: v for k, v in said.items() if k != "notify_id"}),
    "a notify_id too long": lambda said: form({**said, "notify_id": "n" * 200}),
    "no notify_type": lambda said: form({k: v for k, v in said.items() if k != "notify_type"}),
    "no notify_time": lambda said: form({**said, "notify_time": "yesterday"}),
}


class TestAttacks:
    async def test_what_alipay_did_not_sign_leaves_nothing_behind_and_asks_nobody(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        said = {**notice.fields, "charset": "utf-8"}
        asked = len(alipay.alipay.calls)
        for name, attack in UNSIGNED.items():
            status, content = await alipay.send_form(attack(said))
            assert (status in (400, 401), content) == (True, FAILURE), name
        for name, attack in UNREADABLE.items():
            assert await alipay.send_form(attack(said)) == (400, FAILURE), name
        oversize = form({**said, "body": "x" * (BODY_LIMIT + 1)})
        assert await alipay.send_form(oversize) == (413, FAILURE)
        assert await alipay.send_form(form(said), path="/payment/v1/callbacks/alipay/2021999999999999") == (
            404,
            FAILURE,
        )
        assert await alipay.notices() == []
        assert len(alipay.alipay.calls) == asked
        assert await alipay.send_form(form(said)) == SUCCESS, "the same, rightly signed"

    async def test_no_host_no_header_and_no_address_makes_a_signature_needless(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        forged = encoded({**notice.fields, "charset": "utf-8", "sign_type": "RSA2", "sign": "AAAA"}, "utf-8")
        for headers in ({"Host": "localhost"}, {"Host": "127.0.0.1"}, {"X-Forwarded-For": "127.0.0.1"}):
            answer = await alipay.http.post(
                f"/payment/v1/callbacks/alipay/{APP_ID}?sign_type=NONE&debug=1", content=forged, headers=headers
            )
            assert (answer.status_code, answer.content) == (401, FAILURE)
        assert await alipay.notices() == []

    async def test_logs_say_why_and_nothing_of_the_payer(self, alipay: RunningAlipay) -> None:
        notice = await alipay.ordered_and_paid()
        with capture_logs() as lines:
            assert await alipay.send_form(UNSIGNED["a value changed"]({**notice.fields, "charset": "utf-8"})) == (
                401,
                FAILURE,
            )
            await alipay.taken(notice)
        written = json.dumps(lines, default=str)
        assert "canary" not in written
        assert notice.fields["trade_no"] not in written


async def test_during_a_rotation_notices_and_answers_by_either_key_are_taken(
    installation: Installation, tmp_path: Path
) -> None:
    async with running_alipay(installation, tmp_path, keys=(KEY, NEWER_KEY), rotating=True) as alipay:
        notices = [await alipay.ordered_and_paid() for _ in range(4)]
        await alipay.taken(*notices)
        assert set(await alipay.notices()) == {("CREDITED", None)}
        serials = await alipay.sql("SELECT DISTINCT serial FROM raw_notice")
        assert len(serials) == 2, "each says which key vouches for it"


async def test_a_key_that_is_not_configured_yet_vouches_for_nothing(installation: Installation, tmp_path: Path) -> None:
    async with running_alipay(installation, tmp_path, keys=(NEWER_KEY,)) as alipay:
        people = [str(one) for one in await alipay.bill()]
        answer = await alipay.post("orders", {"enrolment_ids": people, "channel": "ALIPAY"})
        assert answer.status_code == 503, "an answer by the old key is not believed"
        assert await alipay.send_form(form({"charset": "utf-8"})) == (401, FAILURE)
        assert await alipay.notices() == []


@pytest.mark.parametrize("scanned", [False, True])
async def test_an_order_that_ended_unpaid_gives_its_bills_free(alipay: RunningAlipay, scanned: bool) -> None:
    people = await alipay.bill()
    order = await alipay.order(*people)
    if scanned:
        await alipay.account.scan(order["order_no"])
        await alipay.account.close(order["order_no"])
        await alipay.taken(alipay.account.closed_notice(order["order_no"]))
        assert await alipay.notices() == [("IGNORED", None)]
        await alipay.asked()
    else:
        assert (await alipay.post(f"orders/{order['order_no']}/cancel")).status_code == 200
    assert (await alipay.get(f"orders/{order['order_no']}"))["state"] == "CANCELLED"
    assert (await alipay.order(*people))["order_no"] != order["order_no"]
