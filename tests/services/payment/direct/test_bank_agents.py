"""Banks that collect: what they ask, what they say twice or out of order, and what is not theirs to say."""

import asyncio
from datetime import timedelta

import orjson
import pytest

from tests.harness.assessments import DUE_FEN, row
from tests.harness.identity_numbers import a_number
from tests.harness.institutions import check_answer
from tests.services.payment.direct.collected_money import AT, collected, credit, said
from tests.services.payment.direct.institutions import Bank
from tests.services.payment.running_payment import TODAY

Banks = tuple[Bank, Bank, Bank]


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_bill_is_asked_paid_once_and_known_afterwards(banks: Banks) -> None:
    bank, other, _ = banks
    person = await bank.register(1, rows=(row(aid_fen=1_000),))
    due = {"benefit_year": 2024, "state": "DUE", "due_fen": DUE_FEN, "pay_until": "2023-12-30"}
    assert await bank.query(person) == {"registration": "REGISTERED", "name": "MATCHES", "bills": [due]}
    assert await bank.outcome() == "NOT_KNOWN"
    assert await bank.pay(person) == ("CREDITED", None)
    assert await bank.pay(person) == ("CREDITED", None, "repeated")
    assert await bank.outcome() == "CREDITED"
    assert await other.outcome() == "NOT_KNOWN"
    assert (await bank.query(person))["bills"] == [due | {"state": "PAID", "due_fen": None, "pay_until": None}]
    assert await bank.pay(person, "2") == ("REFUSED", "BILL_ALREADY_PAID")
    assert await bank.pay(person, "1", DUE_FEN + 1) == ("REFUSED", "SAME_TRANSACTION_OTHER_AMOUNT")
    assert await bank.outcome("2") == "NOT_KNOWN"
    books = await bank.payment.balances()
    assert books["channel:BANK_COUNTER"] == DUE_FEN
    assert "suspense" not in books


async def test_one_number_of_two_banks_is_two_payments(banks: Banks) -> None:
    bank, other, _ = banks
    first, second = await bank.register(1), await bank.register(2)
    assert await bank.pay(first) == ("CREDITED", None)
    assert await other.pay(second) == ("CREDITED", None)
    assert await bank.payment.one("SELECT count(*) FROM payment") == 2


async def test_what_is_due_is_asked_again_where_it_changed(banks: Banks) -> None:
    bank, *_ = banks
    person = await bank.register(1)
    assert await bank.pay(person, "1", 1_000) == ("REFUSED", "AMOUNT_NOT_DUE_THAT_DAY")
    stranger = person | {"document_number": a_number(9)}
    assert await bank.query(stranger) == {"registration": "REGISTER_FIRST", "name": None, "bills": []}
    assert await bank.pay(stranger) == ("REFUSED", "NOT_REGISTERED")
    misnamed = person | {"name": "李四"}
    assert await bank.query(misnamed) == {"registration": "REGISTERED", "name": "NAME_DIFFERS", "bills": []}
    assert await bank.pay(misnamed) == ("REFUSED", "NAME_DIFFERS")
    assert await bank.payment.one("SELECT count(*) FROM direct_payment") == 0


async def test_a_reversal_counts_once_whether_it_comes_before_or_after(banks: Banks) -> None:
    bank, *_ = banks
    person = await bank.register(1)
    await bank.pay(person)
    assert await bank.reverse("1", 1) == ("REFUSED", "OTHER_AMOUNT")
    assert await bank.reverse() == ("REVERSED", None)
    assert await bank.reverse() == ("REVERSED", None, "repeated")
    assert (await bank.query(person))["bills"][0]["state"] == "DUE"
    assert await bank.reverse("2") == ("AWAITED", None)
    assert await bank.outcome("2") == "AWAITED"
    assert await bank.pay(person, "2") == ("REVERSED", None)
    assert await bank.payment.balances() == {}
    assert await bank.pay(person, "3") == ("CREDITED", None)


async def test_both_keys_count_while_a_bank_changes_them(banks: Banks) -> None:
    bank, *_ = banks
    person = await bank.register(1)
    for serial in ("2023", "2024", "2023"):
        bank.serial = serial
        assert (await bank.query(person))["name"] == "MATCHES"
    bank.serial = "2025"
    answer = await bank.send("bills/query", b"{}", bank.signed("bills/query", b"{}"))
    assert answer.status_code == 401


async def test_what_a_bank_did_not_sign_is_refused_and_nothing_of_it_is_kept(banks: Banks) -> None:
    bank, other, _ = banks
    person = await bank.register(1)
    body = orjson.dumps(bank.paying(person))
    headers = bank.signed("payments", body)
    now = int(bank.payment.running.clock.now().timestamp())
    spaced = body.replace(b'":', b'": ')
    forged = {
        "re-serialised": (spaced, headers),
        "another amount": (body.replace(b"38000", b"38001"), headers),
        "another address": (body, bank.signed("reversals", body)),
        "another bank's": (body, other.signed("payments", body)),
        "stale": (body, bank.signed("payments", body, timestamp=str(now - 301))),
        "to come": (body, bank.signed("payments", body, timestamp=str(now + 301))),
        "no time": (body, bank.signed("payments", body, timestamp="soon")),
        "unsigned": (body, {"content-type": "application/json"}),
        "empty": (body, headers | {"canbao-signature": ""}),
        "no base64": (body, headers | {"canbao-signature": "*"}),
    }
    for what, (content, signed) in forged.items():
        answer = await bank.send("payments", content, signed)
        assert (answer.status_code, answer.json()["code"]) == (401, "AGENT_SIGNATURE_INVALID"), what
    doubled = [*headers.items(), ("canbao-nonce", headers["canbao-nonce"])]
    answer = await bank.payment.http.post(f"/payment/v1/agents/{bank.code}/payments", content=body, headers=doubled)
    assert answer.status_code == 401
    unknown = await bank.payment.http.post("/payment/v1/agents/NOBODY/payments", content=body, headers=headers)
    assert unknown.status_code == 404
    large = b" " * 17_000 + body
    assert (await bank.send("payments", large, bank.signed("payments", large))).status_code == 413
    assert await bank.payment.one("SELECT count(*) FROM direct_payment") == 0
    assert (await bank.send("payments", body, headers)).json()["state"] == "CREDITED"
    replayed = await bank.send("payments", body, headers)
    assert (replayed.status_code, replayed.json()["code"]) == (409, "AGENT_MESSAGE_REPLAYED")


async def test_what_can_be_read_in_two_ways_is_refused_in_a_signed_answer(banks: Banks) -> None:
    bank, *_ = banks
    person = await bank.register(1)
    paying = bank.paying(person)
    content = orjson.dumps(paying)
    twice = content[:-1] + b',"amount_fen":1}'
    for body in (twice, b"[]", b"{", content.replace(b"38000", b"380.0"), content.replace(b"38000", b"-1")):
        headers = bank.signed("payments", body)
        answer = await bank.send("payments", body, headers)
        check_answer(answer, headers["canbao-nonce"])
        assert (answer.status_code, answer.json()["code"]) == (422, "MALFORMED_REQUEST"), body
    number = person["document_number"]
    wrong = {
        "INVALID_IDENTITY_NUMBER": {"document_number": number[:-1] + ("1" if number[-1] != "1" else "2")},
        "AGENT_CHANNEL_NOT_ITS_OWN": {"channel": "WECHAT"},
        "AGENT_DATE_IMPLAUSIBLE": {"paid_at": (AT + timedelta(days=1)).isoformat()},
    }
    for code, change in wrong.items():
        answer = await bank.say("payments", **(paying | change))
        assert answer.json()["code"] == code
        assert number[6:] not in answer.text
    late = (TODAY + timedelta(days=16)).isoformat()
    assert (await bank.say("payments", **(paying | {"business_date": late}))).status_code == 422
    assert await bank.payment.one("SELECT count(*) FROM direct_payment") == 0


async def test_a_bank_of_another_town_sees_nobody(banks: Banks) -> None:
    bank, _, town = banks
    person = await bank.register(1)
    assert (await town.query(person))["registration"] == "REGISTER_FIRST"
    assert await town.pay(person) == ("REFUSED", "NOT_REGISTERED")
    neighbour = await bank.register(2, region="411521102201")
    assert await town.pay(neighbour) == ("CREDITED", None)


async def test_two_words_of_one_payment_at_once_are_one(banks: Banks) -> None:
    bank, other, _ = banks
    person = await bank.register(1)
    twice = await asyncio.gather(bank.pay(person), bank.pay(person), other.pay(person), other.pay(person))
    assert sorted(len(each) for each in twice if each[0] == "CREDITED") == [2, 3]
    assert [each for each in twice if each[0] == "REFUSED"] == [("REFUSED", "BILL_ALREADY_PAID")] * 2
    paid, taken_back = await asyncio.gather(bank.pay(await bank.register(2), "9"), bank.reverse("9"))
    assert (paid[0], taken_back[0]) in {("CREDITED", "REVERSED"), ("REVERSED", "AWAITED")}
    assert await bank.payment.one("SELECT count(*) FROM bill WHERE state = 'PAID'") == 1


async def test_a_file_s_line_of_a_misnamed_person_belongs_to_a_place_only(banks: Banks) -> None:
    bank, *_ = banks
    await bank.register(1)
    token = await bank.payment.one("SELECT person_token FROM bill")
    assert said(await credit(bank.payment, collected(token, name_token="another"))) == [
        ("1", "SUSPENDED", "NAME_DIFFERS")
    ]
    assert await bank.payment.one("SELECT enrolment_id FROM suspense") is None
