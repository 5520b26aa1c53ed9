"""Residents, rosters and a client as the subsidy tests use them."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from shared.contracts.event import Event, Received, Trace
from shared.contracts.registration import EnrolmentPaid, EnrolmentRegistered, PersonFacts
from shared.domain.clock import SystemClock
from shared.domain.identity_number import check_digit, normalise
from shared.domain.ids import new_id
from shared.protection import person_token, person_token_key
from shared.settings import Settings
from tests.harness.eventually import eventually

VILLAGE, OTHER_VILLAGE = "411521101201", "411521102201"
OCTOBER_9 = date(2023, 10, 9)


def number(sequence: int) -> str:
    """A valid number of somebody born on 1990-01-01."""
    first_seventeen = f"41152119900101{sequence:03d}"
    return first_seventeen + check_digit(first_seventeen)


def resident(sequence: int, **changes: Any) -> dict[str, Any]:
    """An application for enrolment."""
    return {
        "document_number": number(sequence),
        "name": "张三",
        "birth_date": "1990-01-01",
        "region": VILLAGE,
        "benefit_year": 2024,
    } | changes


def roster(identity: str, *sequences: int, **changes: Any) -> dict[str, Any]:
    """A department's roster of people from one village."""
    lines = [{"document_number": number(sequence), "name": "张三", "region": VILLAGE} for sequence in sequences]
    return {
        "identity": identity,
        "department": "民政局",
        "certified_on": "2023-09-28",
        "document": "罗民〔2023〕88号",
        "lines": lines,
    } | changes


def token(settings: Settings, sequence: int) -> str:
    """The token of a person, as registration would make it."""
    return person_token(person_token_key(settings), "RESIDENT_ID", normalise("RESIDENT_ID", number(sequence)))


def registered(settings: Settings, sequence: int, on: date = OCTOBER_9, **facts: Any) -> EnrolmentRegistered:
    """The fact that a person was registered."""
    return EnrolmentRegistered(
        region=VILLAGE,
        benefit_year=2024,
        enrolment_id=new_id(),
        person_token=token(settings, sequence),
        registered_on=on,
        facts=PersonFacts(birth_date=date(1990, 1, 1), **facts),
    )


def paid(event: EnrolmentRegistered, on: date, due_fen: int, version: int = 1) -> EnrolmentPaid:
    """The fact that the enrolment of such a person is paid under a version of its assessment."""
    return EnrolmentPaid(
        region=event.region,
        benefit_year=event.benefit_year,
        enrolment_id=event.enrolment_id,
        person_token=event.person_token,
        paid_on=on,
        due_fen=due_fen,
        basis="CONTRIBUTION" if due_fen else "NOTHING_DUE",
        assessment_version=version,
    )


def received(*events: Event) -> list[Received[Any]]:
    """Events as the consumer hands them over."""
    now = SystemClock().now()
    return [Received(event, new_id(), 1, "registration", now, Trace.start("clerk")) for event in events]


@dataclass(frozen=True)
class CountyClient:
    """A client of registration and subsidy, as a caller of the county."""

    http: httpx.AsyncClient
    settings: Settings

    async def register(self, sequence: int, **changes: Any) -> UUID:
        """Register a person; gives the enrolment."""
        answer = await self.http.post("/registration/v1/enrolments", json=resident(sequence, **changes))
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def upload(self, body: dict[str, Any], status: int = 201, **options: Any) -> dict[str, Any]:
        """Upload a roster."""
        answer = await self.http.post("/subsidy/v1/rosters", json=body, **options)
        assert answer.status_code == status, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def assessed(self, enrolment: UUID, version: int = 1) -> dict[str, Any]:
        """The assessment of an enrolment, once it has reached a version."""

        async def reached() -> dict[str, Any]:
            answer = await self.http.get(f"/subsidy/v1/enrolments/{enrolment}/assessment")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            assert found["version"] == version, found["versions"]
            return found

        return await eventually(reached)

    async def summary(self, benefit_year: int = 2024) -> dict[str, Any]:
        """Subsidy in figures."""
        answer = await self.http.get("/subsidy/v1/summary", params={"benefit_year": benefit_year})
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result
