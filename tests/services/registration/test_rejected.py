"""Who is rejected and who is readmitted is announced once, so that everybody else can count."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registration.enrolments.explanation import explain
from services.registration.enrolments.repository import EnrolmentDetails
from services.registration.enrolments.service import record_assessments
from shared.contracts.event import Received, Trace
from shared.contracts.subsidy import BenefitRule, Clause, ContributionAssessed, Outcome, Reason, ScheduleRow
from shared.database.engine import Database
from shared.domain.ids import new_id
from tests.harness.installation import COUNTY, Installation
from tests.services.registration.test_enrolments import a_person, http

__all__ = ["http"]
_OCTOBER = datetime(2023, 10, 10, tzinfo=UTC)


def assessed(enrolment: UUID, version: int, outcome: Outcome) -> Received[ContributionAssessed]:
    benefit = BenefitRule(start="YEAR_START", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))
    row = ScheduleRow(
        pay_from=date(2023, 10, 1), pay_until=date(2023, 12, 31), standard_fen=38_000, due_fen=38_000, benefit=benefit
    )
    event = ContributionAssessed(
        region="411521101201",
        benefit_year=2024,
        enrolment_id=enrolment,
        person_token="t",
        version=version,
        outcome=outcome,
        reason_code=None if outcome == "PRICED" else "NOT_IN_SCOPE",
        pack="luoshan-2024",
        schedule=(row,) if outcome == "PRICED" else (),
        assessed_on=date(2023, 10, 10),
    )
    return Received(event, new_id(), version, "subsidy", _OCTOBER, Trace.start("subsidy"))


async def test_a_person_who_is_only_late_stays_registered(http: httpx.AsyncClient, installation: Installation) -> None:
    enrolment = UUID((await http.post("/registration/v1/enrolments", json=a_person())).json()["id"])
    late = assessed(enrolment, 1, "REJECTED")
    database = Database(installation.settings.service_url("registration"), pool_size=1)
    async with database.transaction(COUNTY) as session:
        event = late.event.model_copy(update={"reason_code": "WINDOW_CLOSED"})
        await record_assessments(session, [replace(late, event=event)])
    await database.dispose()

    assert len(await installation.sql("registration", "SELECT event FROM outbox")) == 1
    summary = (await http.get("/registration/v1/summary?benefit_year=2024")).json()
    assert (summary["states"], summary["towns"][0]["registered"]) == ({"REJECTED": 1}, 1)


async def test_each_turn_is_announced_once(http: httpx.AsyncClient, installation: Installation) -> None:
    enrolment = UUID((await http.post("/registration/v1/enrolments", json=a_person())).json()["id"])
    database = Database(installation.settings.service_url("registration"), pool_size=1)
    outcomes: tuple[Outcome, ...] = ("PRICED", "REJECTED", "REJECTED", "HELD", "REJECTED", "PRICED")
    for version, outcome in enumerate(outcomes, start=1):
        async with database.transaction(COUNTY) as session:
            await record_assessments(session, [assessed(enrolment, version, outcome)])
    await database.dispose()

    announced = await installation.sql(
        "registration",
        "SELECT event, payload ->> 'assessment_version' AS version FROM outbox ORDER BY aggregate_seq OFFSET 1",
    )
    assert [(row["event"].split(".")[1], row["version"]) for row in announced] == [
        ("enrolment_rejected", "2"),
        ("enrolment_readmitted", "4"),
        ("enrolment_rejected", "5"),
        ("enrolment_readmitted", "6"),
    ]
    summary = (await http.get("/registration/v1/summary?benefit_year=2024")).json()
    assert [town["registered"] for town in summary["towns"]] == [1]


async def test_an_explanation_sets_what_decided_apart_from_what_did_not(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    enrolment = UUID((await http.post("/registration/v1/enrolments", json=a_person())).json()["id"])
    before = (await http.get(f"/registration/v1/enrolments/{enrolment}/explain")).json()
    assert (before["assessed"], before["decided_by"], before["schedule"]) == (False, [], [])
    clause = Clause(document="罗政办〔2023〕52号", section="二（二）", quote="长期在我县居住的非本县户籍居民")
    reasons = (
        Reason(code="LONG_TERM_RESIDENT", won=False, text="不符合", origin="document", clause=clause),
        Reason(code="NOT_IN_SCOPE", won=True, text="不在参保对象之内", origin="document", clause=clause),
    )
    received = assessed(enrolment, 1, "REJECTED")
    database = Database(installation.settings.service_url("registration"), pool_size=1)
    async with database.transaction(COUNTY) as session:
        event = received.event.model_copy(update={"reasons": reasons})
        await record_assessments(session, [replace(received, event=event)])
    await database.dispose()

    answer = (await http.get(f"/registration/v1/enrolments/{enrolment}/explain")).json()
    assert (answer["state"], answer["reason_code"], answer["pack"]) == (
        "REJECTED",
        "NOT_IN_SCOPE",
        "luoshan-2024",
    )
    assert [reason["code"] for reason in answer["decided_by"]] == ["NOT_IN_SCOPE"]
    assert answer["ruled_out"][0]["clause"]["quote"] == "长期在我县居住的非本县户籍居民"


@pytest.mark.parametrize(
    ("today", "paid_on", "due_fen", "codes"),
    [
        (date(2022, 11, 1), None, 380, ["SCOPE", "WINDOW", "IN_TIME"]),
        (date(2023, 2, 1), None, 990, ["SCOPE", "WINDOW", "LATE"]),
        (date(2023, 2, 1), date(2022, 12, 31), 380, ["SCOPE", "WINDOW", "IN_TIME"]),
        (date(2023, 10, 1), None, None, ["SCOPE"]),
    ],
)
def test_an_explanation_is_of_one_day(today: date, paid_on: date | None, due_fen: int | None, codes: list[str]) -> None:
    """Two stretches of days have the same rule for different reasons: never both."""

    def reason(code: str, text: str = "text") -> dict[str, Any]:
        return {"code": code, "won": True, "text": text, "origin": "default 1"}

    def row(pay_from: str, pay_until: str, due: int, *reasons: dict[str, Any]) -> dict[str, Any]:
        benefit = {"start": "YEAR_START", "starts_on": "2023-01-01", "ends_on": "2023-12-31"}
        dues = {"pay_from": pay_from, "pay_until": pay_until, "standard_fen": due, "due_fen": due}
        return dues | {"benefit": benefit, "reasons": reasons}

    first, later = [reason("WINDOW"), reason("IN_TIME")], [reason("WINDOW", "other"), reason("LATE")]
    assessment = {
        "reasons": [reason("SCOPE"), *first, *later],
        "schedule": [
            row("2022-09-01", "2022-12-31", 380, *first),
            row("2023-01-01", "2023-09-30", 990, *later),
        ],
    }
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(EnrolmentDetails))
    stored = {"id": UUID(int=1), "state": "PRICED", "assessment": assessment, "paid_on": paid_on}
    explanation = explain(EnrolmentDetails(**nothing | stored), today)
    assert (explanation.row.due_fen if explanation.row else None) == due_fen
    assert [each.code for each in explanation.decided_by] == codes
