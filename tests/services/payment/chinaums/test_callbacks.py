"""ChinaUMS's notices through the endpoint: what is credited once, what is kept, what is refused."""

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from simulator.chinaums.notices import ChinaumsNotice
from simulator.chinaums.signatures import signature_of, signed_form
from tests.harness.assessments import DUE_FEN
from tests.harness.chinaums_peer import MID, NEW, OLD, platform, shared_key
from tests.harness.installation import Installation
from tests.services.payment.chinaums.conftest import FORM, MOMENT, PATH, RunningChinaums, running_chinaums


async def test_a_notice_pays_once_however_often_it_comes(ums: RunningChinaums) -> None:
    person, notice = await ums.pay_new()
    bodies = [notice.body(ums.channel.platform) for _ in range(7)]
    assert len(set(bodies)) == 7, "each has another meaningless field, and so another signature"
    answers = await asyncio.gather(*(ums.send(body) for body in bodies))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"SUCCESS")}
    await ums.payment.worked()
    assert await ums.payment.notices() == [("CREDITED", None)]
    assert await ums.payment.states(person) == ["PAID"]
    assert await ums.payment.balances() == {"channel:UNIONPAY_QR": DUE_FEN, "premium": -DUE_FEN}


async def test_a_status_that_is_no_payment_credits_nothing_and_does_not_hide_the_payment(ums: RunningChinaums) -> None:
    person, notice = await ums.pay_new()
    bare = {name: value for name, value in notice.fields.items() if name not in ("billStatus", "billPayment")}
    statuses = {
        "billStatus": ("UNPAID", "CLOSED", "UNKNOWN"),
        "status": ("NEW_ORDER", "TRADE_CLOSED", "WAIT_BUYER_PAY"),
    }
    for name, words in statuses.items():
        for word in words:
            await ums.notify(ChinaumsNotice({**bare, name: word}, notice.notify_url))
    assert await ums.payment.notices() == [("IGNORED", None)] * 6
    assert await ums.payment.states(person) == ["OPEN"]
    await ums.notify(notice)
    assert await ums.payment.states(person) == ["PAID"]
    # An order that is paid by the notice of a page.
    (other,) = await ums.payment.bill()
    account = ums.channel.account
    payment = await account.pay(ums.bill(await ums.order(other)), moment=MOMENT)
    await ums.notify(account.notice(payment, of_a_page=True))
    assert await ums.payment.states(other) == ["PAID"]


async def test_while_a_key_is_replaced_notices_of_both_are_taken(installation: Installation, tmp_path: Any) -> None:
    both = platform({OLD: shared_key(OLD), NEW: shared_key(NEW)})
    async with running_chinaums(installation, tmp_path, known=both) as ums:
        for name in (OLD, NEW, OLD):
            _, notice = await ums.pay_new()
            await ums.notify(notice, name)
        assert await ums.payment.notices() == [("CREDITED", None)] * 3
        serials = await ums.payment.sql("SELECT serial FROM raw_notice ORDER BY id")
        assert [row["serial"] for row in serials] == [OLD, NEW, OLD]


def _md5(notice: ChinaumsNotice, key: str) -> bytes:
    fields = {**notice.fields, "signType": "MD5"}
    said = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value)
    return urlencode({**fields, "sign": hashlib.md5(f"{said}{key}".encode()).hexdigest().upper()}).encode()


def _md5_unasked(notice: ChinaumsNotice, key: str) -> bytes:
    fields = {name: value for name, value in notice.fields.items() if name != "signType"}
    said = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value)
    return urlencode({**fields, "sign": hashlib.md5(f"{said}{key}".encode()).hexdigest().upper()}).encode()


def _asks_for_md5(notice: ChinaumsNotice, key: str) -> bytes:
    """Signed with SHA-256, and asking for MD5: what a message asks for is not what it gets."""
    return signed_form({**notice.fields, "signType": "MD5"}, key)


def _key_after_an_ampersand(notice: ChinaumsNotice, key: str) -> bytes:
    return signed_form(notice.fields, f"&{key}")


def _key_as_a_field(notice: ChinaumsNotice, key: str) -> bytes:
    return signed_form(notice.fields, f"&key={key}")


def _with_empty_values(notice: ChinaumsNotice, key: str) -> bytes:
    said = "&".join(f"{name}={value}" for name, value in sorted(notice.fields.items()))
    assert "memo=&" in said
    return urlencode({**notice.fields, "sign": hashlib.sha256(f"{said}{key}".encode()).hexdigest().upper()}).encode()


def _lower_case(notice: ChinaumsNotice, key: str) -> bytes:
    return urlencode({**notice.fields, "sign": signature_of(notice.fields, key).lower()}).encode()


def _unsigned(notice: ChinaumsNotice, _: str) -> bytes:
    return urlencode(notice.fields).encode()


def _empty_signature(notice: ChinaumsNotice, _: str) -> bytes:
    return urlencode({**notice.fields, "sign": ""}).encode()


def _another_amount(notice: ChinaumsNotice, key: str) -> bytes:
    return signed_form(notice.fields, key).replace(b"&totalAmount=", b"&totalAmount=9")


def _blank_for_a_plus(notice: ChinaumsNotice, key: str) -> bytes:
    """A value with a plus, which another server wrote as it is: it was signed as a plus, and comes as a blank."""
    signed = signed_form({**notice.fields, "memo": "1+1"}, key)
    return signed.replace(b"1%2B1", b"1+1")


def _decoded_twice(notice: ChinaumsNotice, key: str) -> bytes:
    return signed_form({**notice.fields, "memo": "50%25"}, key).replace(b"50%2525", b"50%25")


def _of_a_retired_key(notice: ChinaumsNotice, _: str) -> bytes:
    return signed_form(notice.fields, shared_key("of another year"))


def _of_no_key(notice: ChinaumsNotice, _: str) -> bytes:
    return signed_form(notice.fields, "")


_NOT_SIGNED_AS_AGREED = (
    _md5,
    _md5_unasked,
    _asks_for_md5,
    _key_after_an_ampersand,
    _key_as_a_field,
    _with_empty_values,
    _lower_case,
    _unsigned,
    _empty_signature,
    _another_amount,
    _blank_for_a_plus,
    _decoded_twice,
    _of_a_retired_key,
    _of_no_key,
)


async def test_a_notice_that_is_not_signed_as_agreed_or_has_two_meanings_is_refused(ums: RunningChinaums) -> None:
    person, notice = await ums.pay_new()
    for forge in _NOT_SIGNED_AS_AGREED:
        answer = await ums.send(forge(notice, shared_key(OLD)))
        assert (answer.status_code, answer.content) == (401, b"FAILED"), forge.__name__
    # A public library once let requests from this host pass: here the host's name changes nothing.
    local = {"Host": "localhost", "X-Forwarded-For": "127.0.0.1"}
    answer = await ums.payment.http.post(PATH, content=_unsigned(notice, ""), headers=FORM | local)
    assert answer.status_code == 401
    await _refuses_a_form_with_two_meanings(ums, notice)
    assert await ums.payment.notices() == []
    assert await ums.payment.states(person) == ["OPEN"]


async def _refuses_a_form_with_two_meanings(ums: RunningChinaums, notice: ChinaumsNotice) -> None:
    """Though a key signed it."""
    right = notice.body(ums.channel.platform)
    refused = {
        right + b"&totalAmount=1": 401,  # said twice
        right + b"&sign=" + b"0" * 64: 401,
        right + b"&": 400,
        right + b"&alone": 400,
        right + b"&x=%": 400,
        right + b"&x=%zz": 400,
        right + b"&x=%ff%fe": 400,
        right.replace(b"billNo", "单".encode()): 400,
        right + b"".join(b"&f%d=" % number for number in range(300)): 400,
        json.dumps(dict(notice.fields)).encode(): 400,
        b"<xml><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]></xml>": 400,
        b"": 400,
        right + b"&x=" + b"a" * (1 << 16): 413,
    }
    for body, status in refused.items():
        answer = await ums.send(body)
        assert (answer.status_code, answer.content) == (status, b"FAILED"), body[-40:]
    for path in (PATH.replace(MID, "898200000000000"), PATH + "0"):
        assert (await ums.send(right, path)).status_code == 404


_NO_SUMS = ("380.00", "-38000", "3.8e4", "38,000", "038000", "３８０００", "0", "")


async def test_money_that_is_not_ours_or_cannot_be_read_is_acknowledged_and_kept_in_quarantine(
    ums: RunningChinaums, capsys: pytest.CaptureFixture[str]
) -> None:
    person, notice = await ums.pay_new()
    paid = json.loads(notice.fields["billPayment"])
    kept = [
        ({"mid": "898299999999999"}, "OTHER_MERCHANT"),
        ({"tid": "99999999"}, "OTHER_APP"),
        ({"currencyCode": "840"}, "OTHER_CURRENCY"),
        *(
            ({"totalAmount": sum_}, "UNREADABLE")
            for sum_ in ("380.00", "-38000", "3.8e4", "38,000", "038000", "３８０００", "0", "")
        ),
        ({"totalAmount": "39000"}, "UNREADABLE"),  # not what is inside billPayment
        ({"billStatus": "PAID_IN_PART"}, "UNREADABLE"),
        ({"status": "TRADE_SUCCESS"}, "UNREADABLE"),  # a bill and a page at once
        *(
            ({"billPayment": said}, "UNREADABLE")
            for said in (
                "[]",
                "[" * 20_000,
                '{"status":"TRADE_SUCCESS","status":"TRADE_CLOSED"}',
                json.dumps(paid | {"status": "WAIT_BUYER_PAY"}),
                json.dumps(paid | {"totalAmount": True}),
                json.dumps(paid | {"totalAmount": 38000.5}),
                json.dumps(paid | {"totalAmount": 10**30}),
                json.dumps(paid | {"payTime": "2023-02-30 10:00:00"}),
                json.dumps(paid | {"payTime": 1696732496}),
                json.dumps(paid | {"merOrderId": "a b"}),
                json.dumps({name: value for name, value in paid.items() if name != "payTime"}),
            )
        ),
    ]
    for number, (fields, _) in enumerate(kept):
        await ums.notify(ums.changed(notice, notifyId=f"n{number}", **fields))
    assert await ums.payment.notices() == [("QUARANTINED", reason) for _, reason in kept]
    assert await ums.payment.states(person) == ["OPEN"]
    assert await ums.payment.balances() == {}
    said = capsys.readouterr().out
    assert paid["buyerId"] not in said
    assert shared_key(OLD) not in said
    # A person has the one read again whose sum has a nought before it: that has one meaning, and it pays.
    padded = await ums.payment.one("SELECT id FROM raw_notice WHERE notify_id LIKE '%:n7:%'")
    answer = await ums.payment.post(f"quarantine/{padded}/retry")
    assert answer.status_code == 202, answer.text
    await ums.payment.worked()
    assert await ums.payment.states(person) == ["PAID"]


async def test_what_contradicts_an_order_is_held_in_suspense(ums: RunningChinaums) -> None:
    (first, second, third) = await ums.payment.bill(3)
    orders = [await ums.order(person) for person in (first, second, third)]
    short = await ums.pay(orders[0], amount_fen=DUE_FEN - 1)
    await ums.notify(short)
    paid = await ums.pay(orders[1])
    await ums.notify(paid)
    await ums.notify(await ums.pay(orders[1]))  # another payment of the same order
    other = ums.bill(orders[2])
    await ums.notify(ums.changed(paid, notifyId="m1", billNo=other))  # the same payment on another order
    await ums.notify(ums.changed(paid, notifyId="m2", billNo="1017ZZZ"))
    assert await ums.payment.notices() == [
        ("SUSPENDED", "WRONG_AMOUNT"),
        ("CREDITED", None),
        ("SUSPENDED", "SECOND_TRANSACTION"),
        ("SUSPENDED", "SAME_TRANSACTION_OTHER_ORDER"),
        ("SUSPENDED", "SAME_TRANSACTION_OTHER_ORDER"),
    ]
    assert await ums.payment.states(first, second, third) == ["OPEN", "PAID", "OPEN"]
