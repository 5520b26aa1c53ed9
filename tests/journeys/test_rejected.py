"""Who cannot be enrolled here does not count as registered, on any page, until an assessment says otherwise."""

from pathlib import Path

from tests.harness.eventually import eventually
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation
from tests.verify.small_season import EAST, Season, at_work, prepare


async def registered(season: Season) -> tuple[int, int]:
    """How many quota and registration call registered."""
    progress = (await season.http.get("/quota/v1/progress?benefit_year=2024")).json()
    summary = (await season.http.get("/registration/v1/summary?benefit_year=2024")).json()
    return progress["county"]["registered"], sum(town["registered"] for town in summary["towns"])


async def test_a_person_insured_by_an_employer_does_not_count_as_registered(
    installation: Installation, tmp_path: Path
) -> None:
    async with at_work(installation, tmp_path) as season:
        await prepare(season)
        await season.register(1)
        body = {
            "document_number": a_number(2),
            "name": "张三",
            "birth_date": "1990-01-01",
            "other_insurance": "employee",
        }
        rejected = await season.post("/registration/v1/enrolments", body | {"region": EAST, "benefit_year": 2024})

        async def is_rejected() -> bool:
            shown = (await season.http.get(f"/registration/v1/enrolments/{rejected['id']}")).json()
            return bool(shown["state"] == "REJECTED")

        await eventually(is_rejected, within_s=20)
        report = await season.settled()

        assert report.overall.registered == 1
        assert await registered(season) == (1, 1)
        announced = await season.installation.sql(
            "registration", "SELECT event FROM outbox WHERE key = $1::uuid ORDER BY aggregate_seq", rejected["id"]
        )
        assert [row["event"] for row in announced][-1] == "registration.enrolment_rejected.v1"
