"""Requests say who asks and with which key the answer is to be signed; what nobody signed is shown, never believed."""

from importlib.metadata import version
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.payment.channels.wechat.keys import load_merchant
from services.payment.refunds.submission import submit_refunds
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.platform_keys import certificate_file, merchant_with, public_key_file
from tests.harness.wechat_peer import CERTIFICATE_SERIAL, SERIAL
from tests.services.payment.running_payment import RunningPayment, running_payment

OTHER_CERTIFICATE_SERIAL = "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C"


async def ordered(payment: RunningPayment) -> tuple[int, str]:
    """Order what one person owes; the status and the error code of the answer."""
    (person,) = await payment.bill()
    answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
    return answer.status_code, answer.json().get("code", "")


class TestNamingTheKey:
    async def test_every_request_names_the_key_of_its_answer_and_who_asks(self, payment: RunningPayment) -> None:
        """W1: requests carried no Wechatpay-Serial, and called themselves python-httpx."""
        payment.peer.switching = True
        paid, cancelled = await payment.bill(2)
        order = await payment.order(paid)
        await payment.paid(order, transaction_id="4200000001")
        await payment.paid(order, transaction_id="4200000002")
        (refund,) = await payment.get("refunds")
        await payment.post(f"refunds/{refund['id']}/approve")

        async def replied() -> bool:
            return (await payment.get("refunds"))[0]["channel_refund_id"] is not None

        await eventually(replied, message="the refund is asked for, and the reply kept")
        assert await submit_refunds(payment.running, again_after_s=0) == 1
        other = await payment.order(cancelled)
        await payment.asked()
        assert (await payment.post(f"orders/{other['order_no']}/cancel")).status_code == 200
        asked = {call.split("?")[0].rsplit("/", 1)[-1].removeprefix(other["order_no"]) for call in payment.peer.calls}
        assert {"native", "close", "refunds", refund["refund_no"], ""} <= asked, (
            "prepay, close, refund and both queries"
        )
        assert {one["wechatpay-serial"] for one in payment.peer.headers} == {SERIAL}
        assert {one["user-agent"] for one in payment.peer.headers} == {f"canbao/{version('canbao')}"}

    async def test_with_the_public_key_alone_orders_are_opened_while_the_platform_switches(
        self, payment: RunningPayment
    ) -> None:
        """W1: the platform signed with its certificate, and every order ended 503."""
        payment.peer.switching = True
        assert await ordered(payment) == (201, "")

    async def test_with_the_certificate_alone_orders_are_opened_while_the_platform_switches(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """W1, before the public key is there."""
        known = merchant_with(tmp_path, {CERTIFICATE_SERIAL: certificate_file(tmp_path, CERTIFICATE_SERIAL, days=90)})
        async with running_payment(installation, tmp_path, known=known) as payment:
            payment.peer.switching = True
            assert await ordered(payment) == (201, "")
            assert payment.peer.headers[-1]["wechatpay-serial"] == CERTIFICATE_SERIAL

    def test_the_public_key_is_named_before_certificates_and_of_these_the_one_that_lasts_longest(
        self, tmp_path: Path
    ) -> None:
        """W1: a PUB_KEY_ID is preferred."""
        ending = certificate_file(tmp_path, CERTIFICATE_SERIAL, days=30)
        lasting = certificate_file(tmp_path, OTHER_CERTIFICATE_SERIAL, key="successor", days=900)
        certificates = {OTHER_CERTIFICATE_SERIAL: lasting, CERTIFICATE_SERIAL: ending}
        assert load_merchant(merchant_with(tmp_path, certificates)).answers_signed_by == OTHER_CERTIFICATE_SERIAL
        both = certificates | {SERIAL: public_key_file(tmp_path, "platform")}
        assert load_merchant(merchant_with(tmp_path, both)).answers_signed_by == SERIAL

    def test_a_key_in_the_wrong_place_is_never_named(self, tmp_path: Path) -> None:
        """W1 and W2: our own key as the public key would be named, and no answer could be checked."""
        platform_keys = {
            SERIAL: public_key_file(tmp_path, "merchant"),
            CERTIFICATE_SERIAL: certificate_file(tmp_path, CERTIFICATE_SERIAL, days=90),
        }
        assert load_merchant(merchant_with(tmp_path, platform_keys)).answers_signed_by == CERTIFICATE_SERIAL


class TestWhatNobodySigned:
    @pytest.mark.parametrize(
        ("status", "body", "shown"),
        [
            (401, b'{"code": "SIGN_ERROR", "message": "canary"}', "401 SIGN_ERROR"),
            (403, b'{"code": "NO_AUTH"}', "403 NO_AUTH"),
            (400, b'{"code": "ORDERPAID"}', "400 ORDERPAID"),
            (404, b'{"code": "canary <script>"}', "404"),
            (404, b'{"code": ["canary"]}', "404"),
            (404, b'{"code": "' + b"CANARY" * 20 + b'"}', "404"),
            (404, b"<html>canary</html>", "404"),
            (302, b"", "302"),
        ],
    )
    async def test_its_status_and_code_are_shown_and_nothing_follows_from_it(
        self, payment: RunningPayment, status: int, body: bytes, shown: str
    ) -> None:
        """W3: a wrong merchant key read as "not credible: header_missing", and the log said nothing."""
        payment.peer.answers_unsigned = (status, body)
        (person,) = await payment.bill()
        with capture_logs() as captured:
            answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "CHANNEL_UNAVAILABLE")
        assert f"the channel answered {shown}, which is not credible: header_missing" in problem["detail"]
        assert "canary" not in answer.text.lower()
        (line,) = [each for each in captured if each["event"] == "the channel's answer is not credible"]
        assert f"{line['status']} {line['channel_code'] or ''}".strip() == shown
        assert "canary" not in str(captured).lower()
        assert await payment.one("SELECT state FROM payment_order") == "UNKNOWN", "asked about again, never concluded"
        assert len(payment.peer.calls) == 1

    async def test_one_that_comes_too_often_or_breaks_down_is_named_too(self, payment: RunningPayment) -> None:
        """W3, in its other unsigned errors: they are tried again, then named."""
        payment.peer.answers_unsigned = (429, b'{"code": "FREQUENCY_LIMITED"}')
        (person,) = await payment.bill()
        answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
        assert answer.json()["detail"] == "渠道应答 429 FREQUENCY_LIMITED · the channel answered 429 FREQUENCY_LIMITED"
        assert len(payment.peer.calls) == 3

    async def test_a_wrong_key_of_the_merchant_is_named_by_what_the_channel_says(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """W3, as WeChat answers it: 401 SIGN_ERROR without a signature."""
        known = merchant_with(tmp_path, {SERIAL: public_key_file(tmp_path, "platform")})
        wrong = known.model_copy(update={"merchant_serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E2"})
        async with running_payment(installation, tmp_path, known=wrong) as payment:
            (person,) = await payment.bill()
            answer = await payment.post("orders", {"enrolment_ids": [str(person)], "channel": "WECHAT"})
            assert "401 SIGN_ERROR" in answer.json()["detail"]

    async def test_an_unsigned_word_on_a_refund_changes_nothing(self, payment: RunningPayment) -> None:
        """W3: a refund stays asked, whatever an answer says that nobody signed."""
        (person,) = await payment.bill()
        order = await payment.order(person)
        await payment.paid(order, transaction_id="4200000001")
        await payment.paid(order, transaction_id="4200000002")
        (refund,) = await payment.get("refunds")
        payment.peer.answers_unsigned = (403, b'{"code": "NOT_ENOUGH"}')
        await payment.post(f"refunds/{refund['id']}/approve")
        await eventually(lambda: len(payment.peer.calls) >= 2, message="the channel is asked")
        (kept,) = await payment.get("refunds")
        assert (kept["state"], kept["failure"], kept["channel_refund_id"]) == ("ASKED", None, None)
