"""Suspended money as casework: whose it is, how old, and what two people decide about it."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from prometheus_client import REGISTRY

from services.payment.suspense.offices import OFFICE_SQL, office_for
from services.payment.suspense.reasons import SuspenseReason
from shared.domain.ids import new_id
from shared.metrics_collector import read_gauges
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed, row
from tests.harness.installation import COUNTY
from tests.services.payment.bank.statement_steps import breaks
from tests.services.payment.casework import GROUNDS, approve, matched, orphan, propose
from tests.services.payment.running_payment import OTHER_VILLAGE, RunningPayment
from tests.services.payment.test_refunds import paid_twice, state

PREMIUM = {"channel:WECHAT": DUE_FEN, "premium": -DUE_FEN}
SUSPENDED = {"channel:WECHAT": DUE_FEN, "suspense": -DUE_FEN}


def codes(*answers: httpx.Response) -> list[str]:
    """What became of several requests, those that went well first."""
    return sorted("" if answer.is_success else answer.json()["code"] for answer in answers)


async def test_two_people_match_suspended_money_to_a_bill_and_it_is_paid_like_any(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    suspense = await orphan(payment)
    proposed = await propose(payment, suspense, "match", enrolment_id=str(person))
    for spelling in ("clerk", "Clerk", "ｃｌｅｒｋ"):
        own = await approve(payment, proposed, client=spelling)
        assert (own.status_code, own.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT"), spelling
    assert await payment.balances() == SUSPENDED, "nothing moves before another person says so"
    assert (await approve(payment, proposed)).json()["state"] == "APPROVED"
    assert await payment.balances() == PREMIUM
    assert await payment.states(person) == ["PAID"]
    (event,) = await payment.events("payment.contribution_paid.v1")
    assert (event["region"], '"paid_on":"2023-10-08"' in event["payload"]) == (VILLAGE, True)
    (decision,) = (await payment.get(f"suspense/{suspense}/decisions"))["items"]
    assert (decision["kind"], decision["proposed_by"], decision["decided_by"]) == ("MATCH", "clerk", "checker")
    assert (decision["evidence"], decision["applied_on"]) == (GROUNDS["evidence"], "2023-10-08")
    by_region = await payment.sql(
        "SELECT region, sum(CASE WHEN debit LIKE 'channel:%' THEN amount_fen ELSE 0 END"
        " - CASE WHEN credit LIKE 'channel:%' THEN amount_fen ELSE 0 END)::bigint AS fen FROM transfer GROUP BY region"
    )
    assert {row["region"]: row["fen"] for row in by_region} == {COUNTY: 0, VILLAGE: DUE_FEN}, "the money lies there"
    again = await propose(payment, suspense, "match", enrolment_id=str(person))
    assert (again.status_code, again.json()["code"]) == (409, "SUSPENSE_NOT_HELD")
    for statement in ("UPDATE suspense_decision SET decided_on = decided_on + 1", "DELETE FROM suspense_decision"):
        assert "decided about suspended money stays" in await refusal(payment, statement)
    for change in ("region = '411521102201'", "state = 'SUSPENDED'", "bill_id = NULL, state = 'SUSPENDED'"):
        assert "by the decision of two people" in await refusal(payment, f"UPDATE payment_line SET {change}")
    assert await breaks(payment) == []


async def test_of_two_approvals_at_once_one_pays(payment: RunningPayment) -> None:
    people = await payment.bill(2)
    suspense = await orphan(payment)
    to_first = await propose(payment, suspense, "match", enrolment_id=str(people[0]))
    other = await propose(payment, suspense, "match", enrolment_id=str(people[1]))
    assert (other.status_code, other.json()["code"]) == (409, "APPROVAL_ANOTHER_WAITS")
    back = await propose(payment, suspense, "return")
    assert codes(*await asyncio.gather(approve(payment, to_first), approve(payment, back))) == ["", "SUSPENSE_NOT_HELD"]
    paid = await payment.balances() == PREMIUM
    assert await payment.states(*people) == ["PAID" if paid else "OPEN", "OPEN"]
    assert await payment.one("SELECT count(*) FROM suspense_decision") == 1
    assert await payment.one("SELECT count(*) FROM refund WHERE state <> 'REQUESTED'") == (0 if paid else 1)


async def test_a_match_and_a_payment_of_the_same_bill_at_once_pay_it_once(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    proposed = await propose(payment, await orphan(payment), "match", enrolment_id=str(person))
    answer, _ = await asyncio.gather(approve(payment, proposed), payment.paid(order, transaction_id="4200000002"))
    assert codes(answer) in ([""], ["SUSPENSE_BILL_NOT_PAYABLE"])
    assert await payment.states(person) == ["PAID"]
    assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}
    assert len(await payment.events("payment.contribution_paid.v1")) == 1


async def test_a_decision_and_the_refund_that_was_put_forward_by_itself_exclude_each_other(
    payment: RunningPayment,
) -> None:
    refund = await paid_twice(payment)
    (friend,) = await payment.bill()
    proposed = await propose(payment, refund["suspense_id"], "match", enrolment_id=str(friend))
    decided, approved = await asyncio.gather(
        approve(payment, proposed), payment.post(f"refunds/{refund['id']}/approve", client="desk")
    )
    assert codes(decided, approved) == ["", "SUSPENSE_NOT_HELD"]
    expected = "WITHDRAWN" if decided.is_success else ("APPROVED", "ASKED")
    assert await state(payment, refund) in expected
    assert await payment.states(friend) == ["PAID" if decided.is_success else "OPEN"]


async def test_money_is_carried_over_to_its_persons_next_year_and_pays_that_bill_from_its_first_day(
    payment: RunningPayment,
) -> None:
    refund = await paid_twice(payment)
    suspense = refund["suspense_id"]
    token = await payment.one("SELECT person_token FROM suspense")
    early = await propose(payment, suspense, "carry-over", benefit_year=2024)
    assert (early.status_code, early.json()["code"]) == (409, "SUSPENSE_NO_CARRY_OVER")
    proposed = await propose(payment, suspense, "carry-over", benefit_year=2025)
    assert (await approve(payment, proposed)).is_success
    assert await state(payment, refund) == "WITHDRAWN"
    gone = await payment.post(f"refunds/{refund['id']}/approve", client="desk")
    assert codes(gone) == ["SUSPENSE_NOT_HELD"], "one person does not undo what two decided"
    (case,) = (await payment.get("suspense-cases"))["items"]
    assert (case["carried_to"], case["office"]) == (2025, "REFUND_DESK")
    (friend,) = await payment.bill()
    other = await propose(payment, suspense, "match", enrolment_id=str(friend))
    assert codes(other) == ["SUSPENSE_BILL_NOT_PAYABLE"], "it is this person's, for that year"

    next_year = assessed(new_id(), row(pay_from=date(2023, 10, 15)))
    event = next_year.event.model_copy(update={"benefit_year": 2025, "person_token": token})
    await payment.assess(replace(next_year, event=event))
    assert (await payment.get(f"suspense/{suspense}/offered-bills"))["items"] == [], "not before the time to pay"
    await payment.installation.set_business_date(date(2023, 10, 20), "payment")
    (offered,) = (await payment.get(f"suspense/{suspense}/offered-bills"))["items"]
    assert (offered["enrolment_id"], offered["applied_on"]) == (str(event.enrolment_id), "2023-10-15")
    await matched(payment, suspense, event.enrolment_id)
    (said,) = [one for one in await payment.events("payment.contribution_paid.v1") if one["benefit_year"] == 2025]
    assert '"paid_on":"2023-10-15"' in said["payload"]
    kinds = [one["kind"] for one in (await payment.get(f"suspense/{suspense}/decisions"))["items"]]
    assert kinds == ["CARRY_OVER", "MATCH"]
    assert await breaks(payment) == []


async def test_what_two_people_send_back_goes_by_its_channel(payment: RunningPayment) -> None:
    suspense = await orphan(payment, fen=DUE_FEN - 1)
    (person,) = await payment.bill()
    wrong = await propose(payment, suspense, "match", enrolment_id=str(person))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "SUSPENSE_BILL_NOT_PAYABLE")
    nowhere = await propose(payment, suspense, "carry-over", benefit_year=2025)
    assert codes(nowhere) == ["SUSPENSE_NO_CARRY_OVER"], "the money names no person"
    bare = await payment.post(f"suspense/{suspense}/return", {"reason": "查无此单"})
    assert bare.status_code == 422, "no decision without its paper"
    assert (await approve(payment, await propose(payment, suspense, "return"))).is_success
    assert await payment.balances() == {"channel:WECHAT": DUE_FEN - 1, "refund_payable": 1 - DUE_FEN}
    (refund,) = await payment.get("refunds")
    assert (refund["state"], refund["approved_by"]) in (("APPROVED", "checker"), ("ASKED", "checker"))
    await payment.sql("UPDATE suspense SET state = 'HELD', reason = 'NEEDS_TREASURY_REFUND'")
    bodies: dict[str, dict[str, Any]] = {
        "return": {},
        "match": {"enrolment_id": str(person)},
        "carry-over": {"benefit_year": 2025},
    }
    for what, body in bodies.items():
        assert codes(await propose(payment, suspense, what, **body)) == ["SUSPENSE_NEEDS_TREASURY_REFUND"], what


async def test_cases_are_listed_by_age_with_the_office_that_has_to_act(payment: RunningPayment) -> None:
    days = {f"420000000{day}": f"2023-10-0{day}T09:00:00+08:00" for day in (6, 3, 5)}
    ids = {said: await orphan(payment, number, success_time=said) for number, said in days.items()}
    oldest, middle, youngest = (ids[said] for said in sorted(ids))
    listed: list[tuple[str, int]] = []
    place = ""
    while True:
        page = await payment.get(f"suspense-cases?limit=1{place}")
        listed += [(one["id"], one["age_days"]) for one in page["items"]]
        if page["next"] is None:
            break
        place = f"&after={page['next']}&after_day={page['next_day']}"
    assert listed == [(oldest, 5), (middle, 3), (youngest, 2)]
    as_of = (await payment.get("suspense-cases?as_of=2023-10-05"))["items"]
    assert [(one["id"], one["age_days"]) for one in as_of] == [(oldest, 2), (middle, 0)]
    assert [one["id"] for one in (await payment.get("suspense-cases?older_than_days=5"))["items"]] == [oldest]

    moved = {"office": "TAX_BUREAU", "because": "税务核对银行回单"}
    assert (await payment.post(f"suspense/{middle}/office", moved)).status_code == 204
    unknown = UUID(int=1)
    assert codes(await payment.post(f"suspense/{unknown}/office", moved)) == ["NOT_FOUND"]
    (taxed,) = (await payment.get("suspense-cases?office=TAX_BUREAU&reason=UNKNOWN_ORDER"))["items"]
    assert (taxed["id"], taxed["assigned_because"]) == (middle, moved["because"])
    assert len((await payment.get("suspense-cases?office=COUNTY_AGENCY"))["items"]) == 2
    await read_gauges(payment.running)
    ages = {
        office: REGISTRY.get_sample_value("canbao_suspense_oldest_days", {"office": office})
        for office in ("COUNTY_AGENCY", "TAX_BUREAU", "TOWNSHIP")
    }
    assert ages == {"COUNTY_AGENCY": 5, "TAX_BUREAU": 3, "TOWNSHIP": 0}
    for reason in SuspenseReason:  # a list is narrowed by the office that it shows
        for region in (COUNTY, VILLAGE, OTHER_VILLAGE[:9]):
            said = await payment.one(
                f"SELECT {OFFICE_SQL} FROM (VALUES ('{reason}', '{region}')) AS s (reason, region)"
            )
            assert said == office_for(reason, region), (reason, region)


async def refusal(payment: RunningPayment, statement: str) -> str:
    """What the database says to a statement of the tables' owner."""
    try:
        await payment.sql(statement)
    except Exception as error:
        return str(error)
    return ""
