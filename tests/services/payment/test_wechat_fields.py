"""Every field of every message of WeChat is what it has to be, to the letter; the fields are taken from the models."""

import asyncio
import gzip
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import AwareDatetime, BaseModel

from services.payment.channels.bills import FaultyBill
from services.payment.channels.channel import ChannelUnavailable, OrderAnswer, RefundAnswer
from services.payment.channels.wechat.bill_file import BillFile
from services.payment.channels.wechat.bill_values import AMOUNT, MOMENT, NUMBER
from services.payment.channels.wechat.fund_flow_bill import FundFlowBill
from services.payment.channels.wechat.messages import (
    PartnersPaymentMessage,
    PartnersRefundMessage,
    PaymentMessage,
    RefundMessage,
)
from services.payment.channels.wechat.trade_bill import TradeBill
from services.payment.channels.wechat.unread_messages import what_is_needed
from services.payment.notices.notice import NoticeKind
from tests.harness.assessments import DUE_FEN
from tests.harness.wechat_peer import APPID, MCHID, SignedNotice, envelope, paid_plaintext, sign
from tests.services.payment.channel_bills.bill_rows import DAY, flow_file, moved, paid, refunded, trade_file
from tests.services.payment.channel_bills.test_reading import trades
from tests.services.payment.running_payment import RunningPayment

# What pydantic makes a text, a number or a moment of where it may, and what else is none.
WRONG: Mapping[Any, Sequence[object]] = {
    str: (7, 7.5, True, [], {}, "", "有"),
    int: (str(DUE_FEN), float(DUE_FEN), True, False, [], {}, "1e3", 1e99, 0, -DUE_FEN),
    AwareDatetime: (1696732496, 1696732496.5, 1696732496000, "1696732496", "1696732496000", 1e99, "1e99", True, {}, "",
               "2023-10-08", "2023-10-08T10:34:56", "2023-10-08 10:34:56+08:00", "20231008T103456+0800",
               "10000-01-01T00:00:00+08:00", "9999-12-31T23:59:59+08:00", "2023-10-08T10:34:56+25:00"),
    dict: (7, True, "CNY", []),
}  # fmt: skip
Said = dict[str, Any]
PARTNERS: Said = {"sp_appid": APPID, "sp_mchid": MCHID, "sub_appid": "wx1", "sub_mchid": "1900007777"}
REFUND: Said = {"out_trade_no": "123456", "transaction_id": "42", "out_refund_no": "R00001", "refund_id": "50",
                "refund_status": "SUCCESS", "success_time": "2023-10-09T09:00:00+08:00",
                "amount": {"total": DUE_FEN, "refund": DUE_FEN}}  # fmt: skip


def said_wrongly(model: type[BaseModel], right: Said) -> Iterator[Said]:
    """A message with one field wrong, for each field and each thing that it is not."""
    for name, field in model.model_fields.items():
        kind, optional = _kind(field.annotation)
        nested = issubclass(kind, BaseModel)
        if nested:
            yield from (right | {name: inner} for inner in said_wrongly(kind, right[name]))
        wrong = WRONG[dict if nested else kind]
        yield from (right | {name: value} for value in (*wrong, *(() if optional else (None,))))


def _kind(annotation: Any) -> tuple[type, bool]:
    kinds = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _kind(kinds[0])
    if NoneType in kinds:
        return _kind(kinds[0])[0], True
    return annotation, False


def payment_message(order_no: str) -> Said:
    return paid_plaintext(order_no, DUE_FEN)


def partners_message(order_no: str) -> Said:
    return {name: value for name, value in payment_message(order_no).items() if name not in ("appid", "mchid")} | (
        PARTNERS
    )


async def sent(payment: RunningPayment, event_type: str, messages: Sequence[Said]) -> None:
    """Messages go through the callback endpoint, each acknowledged, and are worked."""
    notices = [sign(envelope(event_type, json.dumps(each).encode())) for each in messages]
    answers = await asyncio.gather(*map(payment.notify, notices))
    assert {answer.status_code for answer in answers} == {204}
    await payment.worked()


class TestNotices:
    async def test_a_payment_with_any_field_in_another_form_is_kept_and_pays_nothing(
        self, payment: RunningPayment
    ) -> None:
        """B4: a success time that was a number was read as seconds since 1970, and credited."""
        (person,) = await payment.bill()
        order_no = (await payment.order(person))["order_no"]
        wrong = [*said_wrongly(PaymentMessage, payment_message(order_no))]
        wrong += said_wrongly(PartnersPaymentMessage, partners_message(order_no))
        assert len(wrong) > 100
        await sent(payment, "TRANSACTION.SUCCESS", wrong)
        assert set(await payment.notices()) == {("QUARANTINED", "UNREADABLE")}
        assert await payment.one("SELECT count(*) FROM raw_notice") == len(wrong)
        assert await payment.balances() == {}
        await sent(payment, "TRANSACTION.SUCCESS", [payment_message(order_no)])
        assert await payment.states(person) == ["PAID"], "the same message in its form"

    async def test_a_refund_with_any_field_in_another_form_is_kept_and_gives_nothing_back(
        self, payment: RunningPayment
    ) -> None:
        """B4, of its kind: a refund's own number that was none was overlooked."""
        wrong = [*said_wrongly(RefundMessage, REFUND | {"mchid": MCHID})]
        wrong += said_wrongly(PartnersRefundMessage, REFUND | {"sp_mchid": MCHID, "sub_mchid": "1900007777"})
        await sent(payment, "REFUND.SUCCESS", wrong)
        assert set(await payment.notices()) == {("QUARANTINED", "UNREADABLE")}
        await sent(payment, "REFUND.SUCCESS", [REFUND | {"sp_mchid": MCHID, "sub_mchid": "1900007777"}])
        assert (await payment.notices())[-1] == ("QUARANTINED", "OTHER_MERCHANT"), "it can be read"

    async def test_a_time_that_is_a_number_is_no_time_to_a_person_either(self, payment: RunningPayment) -> None:
        """B4: seconds, or milliseconds? A retry never guesses; two people close it with its evidence."""
        order = await payment.order(*await payment.bill())
        await payment.paid(order, success_time=1696732496)
        (kept,) = await payment.get("quarantine")
        refused = await payment.post(f"quarantine/{kept['id']}/retry")
        assert (refused.status_code, refused.json()["code"]) == (409, "NOTICE_NOT_RETRIABLE")
        assert (kept["reason"], kept["order_no"]) == ("UNREADABLE", order["order_no"])

    async def test_an_envelope_with_any_field_in_another_form_is_refused(self, payment: RunningPayment) -> None:
        """B4, of its kind: it is sent again, and nothing of it is kept."""
        right = json.loads(envelope("TRANSACTION.SUCCESS", json.dumps(payment_message("123456")).encode()))
        nothing: Sequence[object] = (7, True, [], {}, "")
        wrong = [right | {name: value} for name in ("id", "event_type", "resource") for value in nothing]
        none: Sequence[object] = (7, False, 0, [], {})
        sealed = ("algorithm", "ciphertext", "nonce", "associated_data")
        wrong += [
            right | {"resource": right["resource"] | {name: value}} for name, value in itertools.product(sealed, none)
        ]
        for each in wrong:
            answer = await payment.notify(_signed(each))
            assert (answer.status_code, answer.json()["code"]) == (400, "FAIL"), each
        assert await payment.notices() == []
        assert (await payment.notify(_signed(right))).status_code == 204


class TestAnswers:
    async def test_an_order_that_is_paid_in_another_form_is_asked_about_again(self, payment: RunningPayment) -> None:
        """B4, of its kind: of an answer, too, nothing is made into something else."""
        order_no = (await payment.order(*await payment.bill()))["order_no"]
        right = payment.peer.pay(order_no)
        for each in said_wrongly(PaymentMessage, right):
            payment.peer.paid[order_no] = each
            if each["trade_state"] == right["trade_state"]:
                answer = await answered(payment, order_no)
                assert answer.paid is not None
                assert (answer.paid[0].kind, answer.is_final) == (NoticeKind.UNREADABLE, False), each
        payment.peer.paid[order_no] = right
        assert (await answered(payment, order_no)).is_final

    @pytest.mark.parametrize("state", [None, 7, True, [], {}, ""])
    async def test_a_state_that_is_no_word_ends_no_order(self, payment: RunningPayment, state: object) -> None:
        """B4, of its kind: an answer without a word ended the order, and nobody asked again."""
        order_no = (await payment.order(*await payment.bill()))["order_no"]
        payment.peer.pay(order_no)
        payment.peer.paid[order_no]["trade_state"] = state
        with pytest.raises(ChannelUnavailable):
            await answered(payment, order_no)
        await payment.asked()
        assert (await payment.get(f"orders/{order_no}"))["state"] == "AWAITING"

    async def test_a_refund_that_is_reported_in_another_form_is_asked_for_again(self, payment: RunningPayment) -> None:
        """B4, of its kind: a status that was none counted as an answer."""
        channel = payment.running.resources.channels["WECHAT", MCHID]
        for each in said_wrongly(RefundMessage, REFUND | {"mchid": MCHID}):
            # An answer says ``status``, and leaves the merchant out.
            said = {"status" if name == "refund_status" else name: value for name, value in each.items()}
            payment.peer.refund_answers["R00001"] = said
            if not (isinstance(said["status"], str) and said["status"]):
                with pytest.raises(ChannelUnavailable):
                    await channel.query_refund("R00001", transaction_id="4200000001")
            elif said["status"] == REFUND["refund_status"] and said.pop("mchid") == MCHID:
                answer: RefundAnswer = await channel.query_refund("R00001", transaction_id="4200000001")
                assert answer.concluded is not None
                assert answer.concluded[0].kind is NoticeKind.UNREADABLE, each

    def test_what_was_too_long_or_too_deep_to_keep_is_not_read_as_left_out(self) -> None:
        """B4, of its kind: a currency that could not be kept was yuan when a person had it read again."""
        kept = what_is_needed({"out_refund_no": "R" * 200, "success_time": {}, "amount": {"total": 1, "currency": []}})
        assert kept == {"out_refund_no": False, "success_time": False, "amount": {"total": 1, "currency": False}}
        assert what_is_needed({"amount": {"currency": None}}) == {"amount": {"currency": None}}
        assert what_is_needed({"amount": "1"}) == {"amount": False}


WRITTEN: Mapping[str, Sequence[str]] = {
    AMOUNT: ("", "3.8e2", "380.000", "３８０.00", "+380.00", " 380.00", "0x17c", "True", "None", "380,00", "380."),
    MOMENT: ("", "1696732496", "2023-W40-7 10:34:56", f"{DAY}T10:34:56", "20231008 10:34:56", f"{DAY} 103456.7", DAY,
             f"{DAY} 24:00:00", "10000-01-01 10:34:56", f"{DAY} 10:34:56Z", f"２{DAY[1:]} 10:34:56"),
    NUMBER: ("", " ", "4 2", "４２", "4" * 65),
}  # fmt: skip


def flows(content: bytes) -> int:
    reader = FundFlowBill(BytesIO(gzip.compress(content)), MCHID, date.fromisoformat(DAY))
    return sum(len(portion) for portion in reader.portions())


class TestBills:
    @pytest.mark.parametrize(
        ("kind", "content", "read"),
        [
            (TradeBill, trade_file(paid(1), refunded(2)), trades),
            (FundFlowBill, flow_file(moved(38000, "1"), moved(-38000, "2")), flows),
        ],
    )
    def test_a_bill_with_any_value_in_another_form_is_faulty(
        self, kind: type[BillFile], content: bytes, read: Callable[[bytes], object]
    ) -> None:
        """B4, of its kind: whatever column, in a payment's line and in a refund's."""
        assert read(content)
        head, *details = content.decode("utf-8-sig").split("\r\n")
        names = [kind.also_named.get(name, name) for name in head.split(",")]
        for column, looks in kind.needed.items():
            for line, wrong in itertools.product((0, 1), WRITTEN.get(looks, ())):
                values = details[line][1:].split(",`")
                values[names.index(column)] = wrong
                lines = [*details[:line], "`" + ",`".join(values), *details[line + 1 :]]
                with pytest.raises(FaultyBill):
                    read("\r\n".join([head, *lines]).encode())


async def answered(payment: RunningPayment, order_no: str) -> OrderAnswer:
    """What the channel answers about an order."""
    answer: OrderAnswer = await payment.running.resources.channels["WECHAT", MCHID].query(order_no)
    return answer


def _signed(said: Said) -> SignedNotice:
    return sign(json.dumps(said).encode())
