"""What came from the bank has a way back: two people reverse a line entered wrongly, and the right one counts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.wechat_peer import MCHID
from tests.services.payment.running_payment import RunningPayment, running_payment

DAY, NEXT_DAY, BOOKED_ON = "2023-10-08", "2023-10-09", "2023-10-10"
REASON = {"reason": "金额录错一位", "evidence": "银行回单 0917"}


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    async with running_payment(installation, tmp_path) as opened:
        await installation.set_business_date(date(2023, 10, 20), "payment")
        yield opened


def line(number: int = 1, amount_fen: int = DUE_FEN, day: str = DAY, **changed: Any) -> dict[str, Any]:
    reference = f"WECHAT:{MCHID}:{day}"
    return {"line_no": number, "kind": "SETTLEMENT", "reference": reference, "amount_fen": amount_fen} | changed


async def book(
    payment: RunningPayment, *lines: dict[str, Any], number: str = "B1", booked_on: str = BOOKED_ON, **changed: Any
) -> httpx.Response:
    body = {"statement_no": number, "booked_on": booked_on, "lines": list(lines)} | changed
    return await payment.post("bank-statements", body, client="bank")


async def lines_of(payment: RunningPayment, number: str = "B1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await payment.get(f"bank-lines?statement_no={number}"))["items"]
    return found


async def proposed(payment: RunningPayment, line_id: str, *, client: str = "bank") -> str:
    answer = await payment.post(f"bank-lines/{line_id}/reversal", REASON, client=client)
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["id"]
    return found


async def decide(payment: RunningPayment, approval: str, what: str, client: str) -> httpx.Response:
    return await payment.post(f"approvals/{approval}/{what}", {"because": "已与银行回单核对"}, client=client)


async def reverse(payment: RunningPayment, line_id: str) -> None:
    answer = await decide(payment, await proposed(payment, line_id), "approval", "tax")
    assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED"), answer.text


async def day_in(payment: RunningPayment, state: str, day: str) -> dict[str, Any]:
    async def there() -> dict[str, Any]:
        batches = (await payment.get(f"remittances?kind=ONLINE&state={state}"))["items"]
        found: list[dict[str, Any]] = [batch for batch in batches if batch["settlement_day"] == day]
        assert len(found) == 1, await payment.get("remittances?kind=ONLINE")
        return found[0]

    return await eventually(there)


async def pay(payment: RunningPayment, *, success_time: str) -> UUID:
    (person,) = await payment.bill()
    await payment.paid(await payment.order(person), success_time=success_time)
    return person


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


async def test_a_line_whose_money_was_matched_is_not_reversed(payment: RunningPayment) -> None:
    """C1, bad input: a reversal of a line on whose money contributions rest, proposed before or after the match."""
    await pay(payment, success_time=f"{DAY}T10:00:00+08:00")
    await book(payment, line(1, amount_fen=DUE_FEN - 100))
    held = await day_in(payment, "HELD", DAY)
    (short,) = await lines_of(payment)
    approval = await proposed(payment, short["id"])
    await book(payment, line(1, amount_fen=100), number="B2")
    await day_in(payment, "READY_TO_REMIT", DAY)
    late = await decide(payment, approval, "approval", "tax")
    assert (late.status_code, late.json()["code"]) == (409, "BANK_LINE_ALREADY_MATCHED")
    assert str(held["id"]) in late.json()["detail"]
    assert (await payment.get(f"approvals/{approval}"))["state"] == "WAITING"
    new = await payment.post(f"bank-lines/{short['id']}/reversal", REASON, client="bank")
    assert (new.status_code, new.json()["code"]) == (409, "BANK_LINE_ALREADY_MATCHED")


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
