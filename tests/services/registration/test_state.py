"""An enrolment's state follows from its facts, in whatever order they come."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import permutations
from uuid import UUID

from services.registration.enrolments.state import EnrolmentRecord, Payment, State
from services.registration.periods.decision import Period
from shared.contracts.event import Trace

YEAR = Period(date(2024, 1, 1), date(2024, 12, 31))
PAID = Payment("CONTRIBUTION", date(2023, 10, 9), 38000, 38000, 0, "WECHAT")
NOTHING_DUE = Payment("NOTHING_DUE", date(2023, 10, 8), 0, 0, 38000, None)


def a_standing() -> EnrolmentRecord:
    return EnrolmentRecord(
        id=UUID(int=1),
        region="411521101201",
        benefit_year=2024,
        person_token="t",
        state=State.REGISTERED,
        trace=Trace(actor="clerk", correlation_id=UUID(int=2)),
    )


def test_the_same_facts_give_the_same_state_in_any_order() -> None:
    facts: list[Callable[[EnrolmentRecord], EnrolmentRecord]] = [
        lambda standing: standing.assessed(1, "PRICED", {}),
        lambda standing: standing.assessed(2, "PRICED", {}),
        lambda standing: standing.billed(1),
        lambda standing: standing.billed(2),
        lambda standing: standing.paid(PAID, YEAR),
    ]
    ends = set()
    for order in permutations(facts):
        standing = a_standing()
        for fact in order:
            standing = fact(standing)
        ends.add((standing.state, standing.assessment_version, standing.payment))
    assert ends == {(State.PAID, 2, PAID)}


def test_an_unpaid_enrolment_waits_for_payment_once_its_newest_assessment_is_billed() -> None:
    standing = a_standing().assessed(1, "PRICED", {})
    assert standing.state == State.PRICED
    assert standing.billed(1).state == State.PENDING_PAYMENT
    assert standing.billed(1).assessed(2, "HELD", {}).state == State.HELD
    assert standing.billed(1).assessed(2, "PRICED", {}).state == State.PRICED


def test_a_person_who_paid_is_shown_what_they_paid_under() -> None:
    first: dict[str, list[str]] = {"identities": []}
    second = {"identities": ["DIBAO"]}
    paid = a_standing().assessed(1, "PRICED", first).paid(replace(PAID, version=1), YEAR)
    reviewed = paid.assessed(2, "PRICED", second)
    assert (reviewed.state, reviewed.assessment_version, reviewed.assessment) == (State.PAID, 2, first)
    overtaken = a_standing().paid(replace(PAID, version=1), YEAR).assessed(1, "PRICED", first)
    assert (overtaken.assessment, overtaken.assessed(2, "PRICED", second).assessment) == (first, first)
    early = a_standing().assessed(1, "PRICED", first).paid(replace(PAID, version=2), YEAR)
    assert early.assessed(2, "PRICED", second).assessment == second, "the money came before its assessment"


def test_an_older_assessment_changes_nothing() -> None:
    standing = a_standing().assessed(2, "HELD", {})
    assert standing.assessed(1, "PRICED", {}) is standing


def test_credited_money_outweighs_nothing_due_and_a_second_credit_changes_nothing() -> None:
    nothing_due = a_standing().assessed(1, "PRICED", {}).paid(NOTHING_DUE, YEAR)
    assert nothing_due.paid(PAID, YEAR).payment == PAID
    assert nothing_due.paid(PAID, YEAR).paid(NOTHING_DUE, YEAR).payment == PAID
    paid = a_standing().paid(PAID, YEAR)
    assert paid.paid(Payment("CONTRIBUTION", date(2023, 11, 1), 38000, 38000, 0, "VILLAGE_CASH"), YEAR) is paid


def test_who_got_the_cash_back_is_not_enrolled_until_they_pay_otherwise() -> None:
    refunded = a_standing().assessed(1, "PRICED", {}).billed(1).cash_returned(date(2023, 10, 20))
    assert refunded.state == State.IMPORT_FAILED_REFUNDED
    assert refunded.paid(PAID, YEAR).state == State.PAID
    assert a_standing().paid(PAID, YEAR).cash_returned(date(2023, 10, 20)).state == State.PAID
    assert refunded.cash_returned(date(2023, 10, 19)).cash_returned_on == date(2023, 10, 20)


def test_a_wait_shows_until_cover_begins() -> None:
    waiting = Period(date(2024, 4, 1), date(2024, 12, 31), wait="LATE_PAYMENT")
    assert a_standing().paid(PAID, waiting).state == State.WAITING


def test_what_happens_on_a_day_is_not_undone_by_a_late_fact() -> None:
    active = EnrolmentRecord(
        **{name: getattr(a_standing(), name) for name in ("id", "region", "benefit_year")},
        person_token="t",
        state=State.ACTIVE,
        trace=a_standing().trace,
        payment=PAID,
        period=YEAR,
    )
    assert active.assessed(3, "HELD", {}).state == State.ACTIVE
