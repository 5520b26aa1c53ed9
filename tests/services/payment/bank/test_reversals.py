"""What came from the bank has a way back: two people reverse a line entered wrongly, and the right one counts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.installation import Installation
from tests.services.payment.bank.statement_steps import (
    BOOKED_ON,
    DAY,
    NEXT_DAY,
    REASON,
    book,
    breaks,
    day_in,
    decide,
    line,
    lines_of,
    pay,
    proposed,
    reverse,
)
from tests.services.payment.running_payment import RunningPayment, running_payment


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    # The days of these tests lie before the channel's first bill.
    async with running_payment(installation, tmp_path, today=date(2023, 10, 20)) as opened:
        yield opened


async def test_a_settlement_under_the_wrong_day_is_reversed_and_both_days_go_on(payment: RunningPayment) -> None:
    """C1: a settlement typed under the wrong day held both days for ever."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await pay(payment, success_time=f"{NEXT_DAY}T10:00:00+08:00")
    assert (await book(payment, line(1))).status_code == 201
    assert (await day_in(payment, "READY_TO_REMIT", DAY))["amount_fen"] == DUE_FEN
    assert (await book(payment, line(1, day="2023-10-07"), number="B2")).status_code == 201
    held = await day_in(payment, "HELD", "2023-10-07")
    (mistyped,) = await lines_of(payment, "B2")
    assert mistyped["batch_id"] == held["id"]

    await reverse(payment, mistyped["id"])
    assert (await day_in(payment, "CLOSED_EMPTY", "2023-10-07"))["declared_fen"] == 0
    assert (await book(payment, line(1, day=NEXT_DAY), number="B2")).json()["imported"] == 1
    assert (await day_in(payment, "READY_TO_REMIT", NEXT_DAY))["amount_fen"] == DUE_FEN
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}


async def test_a_mistyped_reference_that_nothing_explains_is_reversed(payment: RunningPayment) -> None:
    """C1: a mistyped reference stood among the unexplained lines for ever."""
    assert (await book(payment, line(1, kind="DEPOSIT", reference="J-00O1"))).status_code == 201
    (mistyped,) = (await payment.get("bank-lines/unexplained"))["items"]
    await reverse(payment, mistyped["id"])
    assert (await payment.get("bank-lines/unexplained"))["items"] == []
    (kept,) = await lines_of(payment)
    assert kept["reversed_on"] == "2023-10-20"
    approval = await payment.get(f"approvals/{kept['reversed_by']}")
    assert (approval["proposed_by"], approval["decided_by"], approval["evidence"]) == ("bank", "tax", "银行回单 0917")


async def test_a_reversed_line_sent_again_stays_reversed_and_the_right_one_takes_its_place(
    payment: RunningPayment,
) -> None:
    wrong, right = line(1, kind="DEPOSIT", reference="J1"), line(1, kind="DEPOSIT", reference="J1", amount_fen=76000)
    await book(payment, wrong)
    await reverse(payment, (await lines_of(payment))[0]["id"])
    again = (await book(payment, wrong)).json()
    assert (again["imported"], again["repeated"], again["reversed"]) == (0, 0, 1)
    assert (await book(payment, right)).json()["imported"] == 1
    assert (await book(payment, right)).json()["repeated"] == 1
    assert [one["amount_fen"] for one in (await payment.get("bank-lines/unexplained"))["items"]] == [76000]


async def test_nobody_approves_their_own_proposal_nor_the_reversal_of_their_own_line(payment: RunningPayment) -> None:
    """C1, bad input: a reversal by the office that entered the line."""
    await book(payment, line(1, kind="DEPOSIT", reference="J1"))
    (entered,) = await lines_of(payment)
    approval = await proposed(payment, entered["id"], client="tax")
    for client in ("tax", "bank"):
        refused = await decide(payment, approval, "approval", client)
        assert (refused.status_code, refused.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT")
    assert (await lines_of(payment))[0]["reversed_on"] is None
    # The table holds it as well, whatever the program does.
    with pytest.raises(asyncpg.CheckViolationError, match="approval_by_another"):
        await payment.sql(
            "UPDATE approval SET state = 'APPROVED', decided_by = 'bank', decided_on = proposed_on, decided_at = now()"
        )
    assert (await decide(payment, approval, "approval", "treasury")).status_code == 200
    with pytest.raises(asyncpg.RaiseError, match="neither changed nor removed"):
        await payment.sql("UPDATE approval SET decided_because = 'other'")
    with pytest.raises(asyncpg.RaiseError, match="neither changed nor removed"):
        await payment.sql("DELETE FROM approval")


async def test_a_reversal_has_no_reversal(payment: RunningPayment) -> None:
    await book(payment, line(1, kind="DEPOSIT", reference="J1"))
    (entered,) = await lines_of(payment)
    await reverse(payment, entered["id"])
    again = await payment.post(f"bank-lines/{entered['id']}/reversal", REASON, client="bank")
    assert (again.status_code, again.json()["code"]) == (409, "BANK_LINE_ALREADY_REVERSED")


async def test_a_matched_line_is_reversed_with_all_that_it_booked_and_the_right_one_counts(
    payment: RunningPayment,
) -> None:
    """C1: a mistyped settlement that happened to match stood for ever; what it booked is booked back, on its day."""
    person = await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1, amount_fen=DUE_FEN - 100))
    await day_in(payment, "HELD", DAY)
    await book(payment, line(1, amount_fen=100), number="B2")
    matched = await day_in(payment, "READY_TO_REMIT", DAY)
    (second,) = await lines_of(payment, "B2")
    await reverse(payment, second["id"])

    taken_back = await payment.get(f"remittances/{matched['id']}")
    assert (taken_back["state"], [one["place"] for one in taken_back["lines"]]) == ("REVERSED", ["WITHDRAWN"])
    # What the bank booked besides goes on as a further part of the day, which is short by what was reversed.
    held = await day_in(payment, "HELD", DAY)
    assert (held["part"], held["declared_fen"]) == (2, DUE_FEN - 100)
    assert [(each["kind"], each["ours_fen"]) for each in held["differences"]] == [("SETTLEMENT_SHORT", DUE_FEN)]
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
    days = await payment.sql("SELECT kind, effective_on FROM transfer WHERE kind LIKE 'settled%' ORDER BY kind")
    assert [(one["kind"], str(one["effective_on"])) for one in days] == [
        ("settled", BOOKED_ON),
        ("settled_reversed", BOOKED_ON),
    ]

    await book(payment, line(1, amount_fen=100), number="B3", booked_on="2023-10-11")
    again = await day_in(payment, "READY_TO_REMIT", DAY)
    assert (again["id"], again["amount_fen"], again["line_count"]) == (held["id"], DUE_FEN, 1)
    assert [one["enrolment_id"] for one in (await payment.get(f"remittances/{again['id']}"))["lines"]] == [str(person)]
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}
    assert await breaks(payment) == []


async def test_a_matched_line_that_stood_alone_leaves_its_day_waiting_for_the_right_one(
    payment: RunningPayment,
) -> None:
    """C1: typed under the wrong day, and that day agreed by chance."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await pay(payment, success_time=f"{NEXT_DAY}T10:00:00+08:00")
    await book(payment, line(1, day=NEXT_DAY))
    await day_in(payment, "READY_TO_REMIT", NEXT_DAY)
    (mistyped,) = await lines_of(payment)
    await reverse(payment, mistyped["id"])
    await day_in(payment, "REVERSED", NEXT_DAY)
    await book(payment, line(1), number="B2")
    await day_in(payment, "READY_TO_REMIT", DAY)
    await book(payment, line(1, day=NEXT_DAY), number="B3")
    assert (await day_in(payment, "READY_TO_REMIT", NEXT_DAY))["part"] == 2
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}
    assert await breaks(payment) == []


async def test_a_reversal_of_a_line_whose_money_was_remitted_is_refused(payment: RunningPayment) -> None:
    """C1, bad input: a reversal of a line that is in the treasury, proposed before or after it left."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1))
    ready = await day_in(payment, "READY_TO_REMIT", DAY)
    (booked,) = await lines_of(payment)
    approval = await proposed(payment, booked["id"])
    # As the tax bureau's detail confirms it.
    confirmed = "UPDATE remittance_batch SET state = 'DETAIL_CONFIRMED' WHERE id = $1 RETURNING id"
    await payment.sql(confirmed, UUID(ready["id"]))
    for step, body in (("remit", {"remitted_on": "2023-10-11"}), ("treasury", {"received_on": "2023-10-12"})):
        assert (await payment.post(f"remittances/{ready['id']}/{step}", body)).status_code == 200
        late = await decide(payment, approval, "approval", "tax")
        assert (late.status_code, late.json()["code"]) == (409, "BANK_LINE_ALREADY_REMITTED")
        assert ready["id"] in late.json()["detail"]
    assert (await payment.get(f"approvals/{approval}"))["state"] == "WAITING"
    await decide(payment, approval, "withdrawal", "bank")
    new = await payment.post(f"bank-lines/{booked['id']}/reversal", REASON, client="bank")
    assert (new.status_code, new.json()["code"]) == (409, "BANK_LINE_ALREADY_REMITTED")


async def test_many_approvals_at_once_reverse_once(payment: RunningPayment) -> None:
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1, amount_fen=3 * DUE_FEN))
    await day_in(payment, "HELD", DAY)
    (wrong,) = await lines_of(payment)
    approval = await proposed(payment, wrong["id"])
    assert await proposed(payment, wrong["id"]) == approval
    answers = await asyncio.gather(*(decide(payment, approval, "approval", f"tax{n % 3}") for n in range(9)))
    assert sorted({answer.status_code for answer in answers}) == [200, 409]
    assert (await day_in(payment, "HELD", DAY))["declared_fen"] == 0
    await book(payment, line(1), number="B2")
    await day_in(payment, "READY_TO_REMIT", DAY)


async def test_a_proposal_is_refused_withdrawn_by_its_proposer_only_or_expires(payment: RunningPayment) -> None:
    await book(payment, *(line(number, kind="DEPOSIT", reference=f"J{number}") for number in (1, 2, 3)))
    refused, withdrawn, expired = [await proposed(payment, one["id"]) for one in await lines_of(payment)]
    other = await payment.post(f"bank-lines/{(await lines_of(payment))[0]['id']}/reversal", REASON, client="tax")
    assert (other.json()["code"], other.json()["existing"]) == ("APPROVAL_ANOTHER_WAITS", refused)
    assert (await decide(payment, refused, "refusal", "tax")).json()["state"] == "REFUSED"
    assert (await decide(payment, refused, "approval", "treasury")).json()["code"] == "APPROVAL_ALREADY_DECIDED"
    own = await decide(payment, withdrawn, "refusal", "bank")
    assert own.json()["code"] == "APPROVAL_OF_OWN_ACT"
    stranger = await decide(payment, withdrawn, "withdrawal", "tax")
    assert stranger.json()["code"] == "APPROVAL_WITHDRAWN_BY_PROPOSER_ONLY"
    assert (await decide(payment, withdrawn, "withdrawal", "bank")).json()["state"] == "WITHDRAWN"

    await payment.installation.set_business_date(date(2023, 11, 20), "payment")
    assert [one["id"] for one in (await payment.get("approvals?state=WAITING"))["items"]] == []
    assert [one["id"] for one in (await payment.get("approvals?state=EXPIRED"))["items"]] == [expired]
    assert (await decide(payment, expired, "approval", "tax")).json()["code"] == "APPROVAL_EXPIRED"
    (*_, third) = await lines_of(payment)
    assert await proposed(payment, third["id"]) != expired
    assert {one["reversed_on"] for one in await lines_of(payment)} == {None}


async def test_known_lines_go_in_and_the_rest_is_named(payment: RunningPayment) -> None:
    """C3, C4: one reversal of the bank, interest or a settlement of a stranger refused the whole statement."""
    lines = [
        line(1, kind="DEPOSIT", reference="J1"),
        line(2, kind="REVERSAL", reference="J1", amount_fen=-DUE_FEN),
        line(3, kind="OTHER", reference="利息", amount_fen=0),
        line(4, reference=f"WECHAT:9999999999:{DAY}"),
        line(5, kind="DEPOSIT", reference="J2", amount_fen=0),
        line(6, reference="10 月 8 日结算"),
    ]
    answer = await book(payment, *lines)
    assert answer.status_code == 201, answer.text
    assert answer.json()["imported"] == 3
    assert [(one["line_no"], one["code"]) for one in answer.json()["refused"]] == [
        (4, "SETTLEMENT_OF_UNKNOWN_MERCHANT"),
        (5, "BANK_LINE_AMOUNT_IMPOSSIBLE"),
        (6, "SETTLEMENT_REFERENCE_MALFORMED"),
    ]
    assert [one["line_no"] for one in (await payment.get("bank-lines/unexplained"))["items"]] == [1, 2, 3]
    page = await payment.get("bank-lines/unexplained?limit=2")
    rest = await payment.get(f"bank-lines/unexplained?limit=2&after={page['next']}")
    assert [one["line_no"] for one in page["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next"] is None
    stranger = await book(payment, lines[3], number="B9")
    assert (stranger.status_code, stranger.json()["code"]) == (422, "SETTLEMENT_OF_UNKNOWN_MERCHANT")


async def test_one_number_of_two_banks_or_two_years_is_two_statements(payment: RunningPayment) -> None:
    """C2: a second bank, or next year, with the same statement number was refused wholly."""
    first = line(1, kind="DEPOSIT", reference="J1")
    other = line(1, kind="DEPOSIT", reference="J2", amount_fen=76000)
    assert (await book(payment, first, account="HRB-1")).json()["imported"] == 1
    assert (await book(payment, other, account="CCB-2")).json()["imported"] == 1
    assert (await book(payment, other, account="HRB-1", booked_on="2022-10-10")).json()["imported"] == 1
    changed = await book(payment, other, account="HRB-1")
    assert (changed.status_code, changed.json()["code"]) == (409, "BANK_LINE_CHANGED")


async def test_a_booking_comes_once_under_whatever_statement_and_true_twins_stay_two(payment: RunningPayment) -> None:
    """C1, C2: the week's statement repeated a day under another number; the bank's own reference knows it again."""
    first = line(1, kind="DEPOSIT", reference="J1", bank_reference="20231010-1")
    twin = line(2, kind="DEPOSIT", reference="J1", bank_reference="20231010-2")
    assert (await book(payment, first, twin)).json()["imported"] == 2
    week = await book(payment, first | {"line_no": 7}, twin | {"line_no": 8}, number="W41")
    assert (week.json()["imported"], week.json()["repeated"]) == (0, 2)
    changed = await book(payment, first | {"line_no": 7, "amount_fen": 1}, number="W42")
    assert (changed.status_code, changed.json()["code"]) == (409, "BANK_LINE_CHANGED")
