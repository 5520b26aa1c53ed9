"""Bills: what an assessment makes of them, and what a newer one does to those before."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.payment.bills import service
from shared.contracts.event import Received, Trace
from shared.contracts.registration import EnrolmentTerminated
from shared.contracts.subsidy import Clause, Reason
from shared.domain.ids import new_id
from tests.harness.assessments import DUE_FEN, VILLAGE, assessed, row
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY
from tests.services.payment.running_payment import RunningPayment


async def test_a_bill_says_what_is_due_today_and_why(payment: RunningPayment) -> None:
    clause = Clause(document="罗政办〔2023〕52号", section="二(一)", quote="个人缴费标准为每人每年 380 元")
    why = Reason(code="STANDARD", won=True, text="individual contribution", origin="document", clause=clause)
    (person,) = await payment.bill(
        1, row(reasons=(why,)), row(99_000, pay_from=date(2024, 1, 1), until=date(2024, 6, 30))
    )
    bill = await payment.get(f"bills/{person}")
    assert (bill["state"], bill["due_fen"], bill["today"]) == ("OPEN", DUE_FEN, "2023-10-08")
    assert bill["row"]["reasons"][0]["clause"]["quote"] == clause.quote
    assert [one["due_fen"] for one in bill["rows"]] == [DUE_FEN, 99_000]
    assert len(await payment.events("payment.bill_issued.v1")) == 1


async def test_outside_every_row_nothing_can_be_paid_today(payment: RunningPayment) -> None:
    (person,) = await payment.bill(1, row(until=date(2023, 10, 7)))
    bill = await payment.get(f"bills/{person}")
    assert (bill["due_fen"], bill["row"]) == (None, None)


async def test_where_nothing_is_due_the_aid_is_booked_and_no_bill_is_announced(payment: RunningPayment) -> None:
    (person,) = await payment.bill(1, row(0, aid_fen=38_000))
    assert await payment.balances() == {"funder:medical_assistance_fund": 38_000, "aided": -38_000}
    assert await payment.events("payment.bill_issued.v1") == []
    bill = await payment.get(f"bills/{person}")
    assert (bill["state"], bill["due_fen"]) == ("NOTHING_DUE", 0)


async def test_a_newer_assessment_supersedes_an_unpaid_bill(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    await payment.assess(assessed(person, row(28_000, aid_fen=10_000), version=2))
    bill = await payment.get(f"bills/{person}")
    assert (bill["version"], bill["state"], bill["due_fen"]) == (2, "OPEN", 28_000)
    assert len(await payment.events("payment.bill_superseded.v1")) == 1
    await payment.assess(assessed(person, version=1))  # an older one that comes late changes nothing
    assert (await payment.get(f"bills/{person}"))["version"] == 2


async def test_the_same_terms_under_a_newer_version_leave_the_bill_its_order_and_its_payment_alone(
    payment: RunningPayment,
) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    why = Reason(code="IDENTITY_NOT_AIDED", won=False, text="not aided here", origin="default")
    await payment.assess(assessed(person, row(identity="SEVERE_DISABLED", reasons=(why,)), version=2))
    bill = await payment.get(f"bills/{person}")
    assert (bill["version"], bill["state"]) == (2, "OPEN")
    assert bill["row"]["reasons"][0]["code"] == why.code
    assert await payment.events("payment.bill_superseded.v1") == []
    assert len(await payment.events("payment.bill_issued.v1")) == 2
    await payment.paid(order)
    assert await payment.states(person) == ["PAID"]
    (paid,) = await payment.events("payment.contribution_paid.v1")
    assert '"bill_version":2' in paid["payload"]


async def test_a_paid_bill_stays_as_it_was_and_is_marked_for_review(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    await payment.paid(await payment.order(person))
    await payment.assess(assessed(person, row(28_000, aid_fen=10_000), version=2))
    bill = await payment.get(f"bills/{person}")
    assert (bill["version"], bill["state"], bill["due_fen"], bill["review"]) == (1, "PAID", DUE_FEN, "PRICED:2")
    (listed,) = await payment.get("reviews")
    assert (listed["enrolment_id"], listed["review"], listed["due_fen"]) == (str(person), "PRICED:2", DUE_FEN)
    assert (listed["review_due_fen"], listed["decide_until"]) == (28_000, "2023-12-31")
    await payment.assess(assessed(person, version=3))
    assert await payment.get("reviews") == [], "the newest assessment says again what was paid"


async def test_reviews_are_listed_page_by_page(payment: RunningPayment) -> None:
    people = await payment.bill(3)
    for person in people:
        await payment.paid(await payment.order(person))
    await payment.assess(*(assessed(person, version=2, outcome="HELD") for person in people))
    first = await payment.get("reviews?limit=2")
    rest = await payment.get(f"reviews?after={first[-1]['id']}")
    assert [one["review"] for one in first + rest] == ["HELD:2"] * 3
    assert {one["enrolment_id"] for one in first + rest} == {str(person) for person in people}


async def test_the_day_that_settled_is_the_one_that_is_looked_at_again(payment: RunningPayment) -> None:
    """Aided until mid-October, again from November: enrolled by the second time, whose certificate then ends."""
    first = row(0, until=date(2023, 10, 5), aid_fen=DUE_FEN)
    between = row(until=date(2023, 10, 7), pay_from=date(2023, 10, 6))
    second = row(0, pay_from=date(2023, 10, 8), aid_fen=DUE_FEN)
    (person,) = await payment.bill(1, first, between, second)
    await payment.assess(assessed(person, first, row(pay_from=date(2023, 10, 6)), version=2))
    (listed,) = await payment.get("reviews")
    assert (listed["enrolment_id"], listed["review_due_fen"]) == (str(person), DUE_FEN)


async def test_aid_that_ended_after_nothing_was_due_is_reviewed(payment: RunningPayment) -> None:
    aided, same = await payment.bill(2, row(0, aid_fen=DUE_FEN))
    await payment.assess(assessed(aided, version=2), assessed(same, row(0, aid_fen=DUE_FEN), version=2))
    (listed,) = await payment.get("reviews")
    assert (listed["enrolment_id"], listed["state"], listed["review"]) == (str(aided), "NOTHING_DUE", "PRICED:2")
    assert (listed["due_fen"], listed["review_due_fen"]) == (0, DUE_FEN)
    await payment.installation.set_business_date(date(2023, 12, 31), "payment")
    assert len(await payment.get("reviews")) == 1
    await payment.installation.set_business_date(date(2024, 1, 1), "payment")
    assert await payment.get("reviews") == [], "once cover has begun the price stands"


async def test_held_and_rejected_assessments_leave_no_bill_to_pay(payment: RunningPayment) -> None:
    held, rejected = await payment.bill(2)
    await payment.assess(
        assessed(held, version=2, outcome="HELD"), assessed(rejected, version=2, outcome="REJECTED"),
        assessed(new_id(), outcome="HELD"),
    )  # fmt: skip
    assert await payment.states(held, rejected) == ["SUPERSEDED", "SUPERSEDED"]
    assert await payment.one("SELECT count(*) FROM bill") == 2


async def ended(payment: RunningPayment, person: UUID) -> None:
    """An enrolment ended, as registration announces it."""
    fact = EnrolmentTerminated(
        region=VILLAGE, benefit_year=2024, enrolment_id=person, person_token="t", terminated_on=date(2023, 10, 9),
        reason="DEATH", was_paid=False,
    )  # fmt: skip
    received = Received(fact, new_id(), 2, "registration", datetime(2023, 10, 9, tzinfo=UTC), Trace.start("clerk"))
    async with payment.running.database.transaction(COUNTY) as session:
        await service.terminate(session, [received])


async def test_an_ended_enrolment_gets_no_bill_from_an_assessment_that_arrives_later(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    stranger = new_id()
    await ended(payment, person)
    await ended(payment, stranger)
    await payment.assess(assessed(person, row(28_000), version=2), assessed(stranger))
    assert await payment.states(person) == ["SUPERSEDED"]
    assert await payment.one("SELECT count(*) FROM bill") == 1


async def test_an_end_waits_for_the_assessments_under_way(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    async with payment.running.database.transaction(COUNTY) as session:
        await service.assess(session, [assessed(person, row(28_000), version=2)])
        ending = asyncio.create_task(ended(payment, person))

        async def waits() -> bool:
            query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ended_enrolment'::regclass"
            return bool(await payment.one(query))

        await eventually(waits, message="the end waits")
    await ending
    assert await payment.states(person) == ["SUPERSEDED"]


async def test_an_ended_enrolment_owes_nothing_more(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    await ended(payment, person)
    assert (await payment.get(f"bills/{person}"))["superseded_because"] == "TERMINATED"


async def test_another_regions_caller_finds_no_bill(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    path, headers = f"/payment/v1/bills/{person}", payment.installation.caller("payment:read", region="411521102")
    answer = await payment.http.get(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_PRICED_YET"), "as for any identifier of today"


async def test_not_priced_yet_held_and_unknown_are_distinguished(payment: RunningPayment) -> None:
    """First use: the same 404 for half a second, for held and for rejected."""
    held, rejected, young = (new_id() for _ in range(3))
    await payment.assess(assessed(held, outcome="HELD"), assessed(rejected, outcome="REJECTED"))
    caller = payment.installation.caller("payment:read")
    for person, code in ((held, "ENROLMENT_HELD"), (rejected, "ENROLMENT_REJECTED")):
        answer = await payment.http.get(f"/payment/v1/bills/{person}", headers=caller)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert "retry-after" not in answer.headers
    answer = await payment.http.get(f"/payment/v1/bills/{young}", headers=caller)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, "NOT_PRICED_YET", "1")
    for unknown in (UUID("0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024"), UUID("6f1f3c0e-1f0a-4c55-9a57-6b3a4d1c2024")):
        assert (await payment.http.get(f"/payment/v1/bills/{unknown}", headers=caller)).status_code == 404
    await payment.assess(assessed(held, version=2))
    assert (await payment.get(f"bills/{held}"))["state"] == "OPEN"


def identifier_of(made_ms: int) -> UUID:
    """An identifier as it is made at that moment."""
    return UUID(int=made_ms << 80 | 7 << 76 | 2 << 62)


@pytest.mark.parametrize(
    ("age_s", "wait_s"), [(-30, (1, 1)), (0, (1, 1)), (600, (600, 630)), (1_800, (1_770, 1_800)), (3_500, (70, 100))]
)
async def test_who_has_waited_long_need_not_ask_every_second(
    payment: RunningPayment, age_s: int, wait_s: tuple[int, int]
) -> None:
    """First use: one second, for an answer that changed after an hour."""
    caller = payment.installation.caller("payment:read")
    made_ms = int(payment.running.clock.now().timestamp() * 1000) - age_s * 1000
    answer = await payment.http.get(f"/payment/v1/bills/{identifier_of(made_ms)}", headers=caller)
    assert answer.json()["code"] == "NOT_PRICED_YET"
    assert wait_s[0] <= int(answer.headers["retry-after"]) <= wait_s[1]


async def test_an_identifier_of_another_time_is_unknown(payment: RunningPayment) -> None:
    caller = payment.installation.caller("payment:read")
    now_ms = int(payment.running.clock.now().timestamp() * 1000)

    async def status(made_ms: int) -> int:
        identifier = identifier_of(made_ms)
        return (await payment.http.get(f"/payment/v1/bills/{identifier}", headers=caller)).status_code

    hour_ms = 3_600_000
    assert await status(now_ms - hour_ms // 2) == 409
    assert await status(now_ms - 2 * hour_ms) == 404
    assert await status(now_ms + hour_ms) == 404, "a day to come is not waited for"
    assert await status(2**48 - 1) == 404, "a year beyond the calendar is no fault of ours"


@pytest.mark.parametrize("first", ["ended", "held"])
async def test_an_ended_enrolment_is_not_said_to_be_held(payment: RunningPayment, first: str) -> None:
    person = new_id()
    caller = payment.installation.caller("payment:read")
    if first == "held":
        await payment.assess(assessed(person, outcome="HELD"))
    await ended(payment, person)
    if first == "ended":
        await payment.assess(assessed(person, outcome="HELD"))
    answer = await payment.http.get(f"/payment/v1/bills/{person}", headers=caller)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_the_newest_assessment_says_why_there_is_no_bill(payment: RunningPayment) -> None:
    person = new_id()
    caller = payment.installation.caller("payment:read")

    async def code() -> str:
        answer = await payment.http.get(f"/payment/v1/bills/{person}", headers=caller)
        return str(answer.json()["code"])

    together = (assessed(person, outcome="REJECTED", version=3), assessed(person, outcome="HELD", version=2))
    await payment.assess(*together)
    assert await code() == "ENROLMENT_REJECTED"
    await payment.assess(assessed(person, outcome="HELD", version=1))  # an older one that comes late changes nothing
    assert await code() == "ENROLMENT_REJECTED"
    await payment.assess(assessed(person, outcome="HELD", version=4))
    assert await code() == "ENROLMENT_HELD"


async def test_an_enrolment_noted_before_outcomes_were_kept_has_the_code_of_then(
    payment: RunningPayment,
) -> None:
    person = new_id()
    await payment.assess(assessed(person, outcome="HELD"))
    await payment.one("UPDATE unpriced_enrolment SET outcome = NULL, version = NULL RETURNING 1")
    caller = payment.installation.caller("payment:read")
    answer = await payment.http.get(f"/payment/v1/bills/{person}", headers=caller)
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_PRICED")
    await payment.assess(assessed(person, outcome="REJECTED", version=2))
    answer = await payment.http.get(f"/payment/v1/bills/{person}", headers=caller)
    assert answer.json()["code"] == "ENROLMENT_REJECTED"


async def test_another_regions_caller_does_not_learn_that_an_enrolment_is_held(payment: RunningPayment) -> None:
    held = new_id()
    await payment.assess(assessed(held, outcome="HELD"))
    headers = payment.installation.caller("payment:read", region="411521102")
    answer = await payment.http.get(f"/payment/v1/bills/{held}", headers=headers)
    assert answer.json()["code"] == "NOT_PRICED_YET"
