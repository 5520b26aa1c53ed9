"""A registered person learns what is due and why, by day of payment."""

import json
from typing import Any

import pytest

from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.services.subsidy.residents import CountyClient, number, roster


def rows(assessment: dict[str, Any]) -> list[tuple[str, str, int, str | None]]:
    return [(row["pay_from"], row["pay_until"], row["due_fen"], row["identity"]) for row in assessment["schedule"]]


class TestFirstAssessment:
    async def test_an_ordinary_resident_owes_380_and_reads_the_clauses(self, client: CountyClient) -> None:
        assessment = await client.assessed(await client.register(1))
        assert (assessment["outcome"], assessment["reason_code"]) == ("PRICED", None)
        assert rows(assessment) == [("2023-10-01", "2023-12-31", 38000, None)]
        quotes = {reason["code"]: reason["clause"] and reason["clause"]["quote"] for reason in assessment["reasons"]}
        assert quotes["STANDARD"] == "个人缴费标准为每人 380 元"
        assert quotes["LOCAL_HUKOU"] == "持有我县户籍的农村居民和城乡非从业居民"
        assert assessment["schedule"][0]["benefit"] == {
            "start": "YEAR_START",
            "starts_on": "2024-01-01",
            "ends_on": "2024-12-31",
        }

    @pytest.mark.parametrize(
        ("identity", "due_fen", "shares"),
        [
            ("TEKUN", 0, {"county_finance": 38000}),
            ("ORPHAN", 0, {"county_finance": 38000}),
            ("DIBAO", 18000, {"county_finance": 20000}),
            ("POVERTY_MONITORED", 15200, {"medical_assistance_fund": 22800}),
            ("SEVERE_DISABLED", 38000, {}),
        ],
    )
    async def test_a_certified_identity_decides_who_pays(
        self, client: CountyClient, identity: str, due_fen: int, shares: dict[str, int]
    ) -> None:
        await client.upload(roster(identity, 1))
        (row,) = (await client.assessed(await client.register(1)))["schedule"]
        assert (row["due_fen"], {share["funder"]: share["amount_fen"] for share in row["shares"]}) == (due_fen, shares)

    async def test_an_identity_without_amount_is_held_never_priced(self, client: CountyClient) -> None:
        await client.upload(roster("DIBAO_MARGIN", 1))
        assessment = await client.assessed(await client.register(1))
        assert (assessment["outcome"], assessment["reason_code"]) == ("HELD", "SUBSIDY_AMOUNT_NOT_CONFIGURED")
        assert assessment["schedule"] == []
        (reason,) = [one for one in assessment["reasons"] if one["code"] == "RELIEF_DIBAO_MARGIN"]
        assert reason["origin"] == "default 10"
        assert "低保边缘家庭成员" in reason["clause"]["quote"]

    async def test_somebody_insured_as_an_employee_is_rejected(self, client: CountyClient) -> None:
        assessment = await client.assessed(await client.register(1, other_insurance="employee"))
        assert (assessment["outcome"], assessment["reason_code"]) == ("REJECTED", "EMPLOYEE_INSURED")

    async def test_another_year_than_the_packs_is_held_never_priced(self, client: CountyClient) -> None:
        assessment = await client.assessed(await client.register(1, benefit_year=2025))
        assert (assessment["outcome"], assessment["reason_code"]) == ("HELD", "CONFIG_MISSING_CONTRIBUTION")
        assert assessment["schedule"] == []

    async def test_the_fact_carries_actor_cause_and_no_name_or_number(
        self, client: CountyClient, county: Installation
    ) -> None:
        await client.upload(roster("DIBAO", 1))
        enrolment = await client.register(1)
        await client.assessed(enrolment)
        (fact,) = await county.sql("subsidy", "SELECT *, payload::text AS text FROM outbox WHERE key = $1", enrolment)
        (cause,) = await county.sql("registration", "SELECT * FROM outbox WHERE event LIKE '%registered.v1'")
        assert fact["event"] == "subsidy.contribution_assessed.v1"
        assert (fact["actor"], fact["correlation_id"], fact["causation_id"]) == (
            "clerk",
            cause["correlation_id"],
            cause["id"],
        )
        assert number(1) not in fact["text"]
        assert "张三" not in fact["text"]
        assert json.loads(fact["text"])["identities"] == ["DIBAO"]

    async def test_registration_shows_the_assessment_and_pays_who_owes_nothing(self, client: CountyClient) -> None:
        await client.upload(roster("TEKUN", 1))
        enrolment = await client.register(1)

        async def settled() -> dict[str, Any]:
            shown: dict[str, Any] = (await client.http.get(f"/registration/v1/enrolments/{enrolment}")).json()
            assert shown["state"] == "PAID"
            return shown

        shown = await eventually(settled)
        assert shown["paid"]["basis"] == "NOTHING_DUE"
        assert shown["assessment"]["schedule"][0]["identity"] == "TEKUN"
        assert any("虚构" in reason["text"] for reason in shown["assessment"]["reasons"])

    async def test_an_enrolment_of_another_region_does_not_exist(
        self, client: CountyClient, county: Installation
    ) -> None:
        enrolment = await client.register(1)
        await client.assessed(enrolment)
        path = f"/subsidy/v1/enrolments/{enrolment}/assessment"
        town = county.caller("subsidy:read", region="411521102")
        assert (await client.http.get(path, headers=town)).status_code == 404
        own = county.caller("subsidy:read", region="411521101")
        assert (await client.http.get(path, headers=own)).status_code == 200


class TestRosterChange:
    async def test_an_unpaid_enrolment_is_priced_again_with_the_department_as_actor(
        self, client: CountyClient, county: Installation
    ) -> None:
        enrolment = await client.register(1)
        await client.assessed(enrolment)
        department = county.caller("subsidy:write", client="civil-affairs")
        await client.upload(roster("DIBAO", 1), headers=department)
        assessment = await client.assessed(enrolment, version=2)
        assert rows(assessment) == [("2023-10-01", "2023-12-31", 18000, "DIBAO")]
        assert [(one["version"], one["cause"]) for one in assessment["versions"]] == [
            (2, "ROSTER_CHANGED"),
            (1, "REGISTERED"),
        ]
        (fact,) = await county.sql(
            "subsidy", "SELECT actor FROM outbox WHERE key = $1 AND aggregate_seq = 2", enrolment
        )
        assert fact["actor"] == "civil-affairs"

    async def test_a_later_certification_leaves_the_earlier_days_as_they_were(self, client: CountyClient) -> None:
        enrolment = await client.register(1)
        await client.assessed(enrolment)
        await client.upload(roster("TEKUN", 1, certified_on="2023-10-09"))
        assert rows(await client.assessed(enrolment, version=2)) == [
            ("2023-10-01", "2023-10-08", 38000, None),
            ("2023-10-09", "2023-12-31", 0, "TEKUN"),
        ]

    async def test_who_owes_nothing_from_today_on_is_paid_by_that(self, client: CountyClient) -> None:
        enrolment = await client.register(1)
        await client.assessed(enrolment)
        await client.upload(roster("TEKUN", 1, certified_on="2023-10-09"))

        async def paid() -> bool:
            shown = await client.http.get(f"/registration/v1/enrolments/{enrolment}")
            return bool(shown.json()["state"] == "PAID")

        await eventually(paid)

    async def test_a_withdrawal_returns_the_standard_from_its_day(self, client: CountyClient) -> None:
        uploaded = await client.upload(roster("DIBAO", 1))
        enrolment = await client.register(1)
        await client.assessed(enrolment)
        body = {"document_number": number(1), "withdrawn_on": "2023-10-09", "reason": "复核不符"}
        answer = await client.http.post(f"/subsidy/v1/rosters/{uploaded['id']}/withdrawals", json=body)
        assert answer.status_code == 200
        assert rows(await client.assessed(enrolment, version=2)) == [
            ("2023-10-01", "2023-10-08", 18000, "DIBAO"),
            ("2023-10-09", "2023-12-31", 38000, None),
        ]

    async def test_a_held_case_is_priced_once_a_full_relief_is_certified(self, client: CountyClient) -> None:
        await client.upload(roster("DIBAO_MARGIN", 1))
        enrolment = await client.register(1)
        assert (await client.assessed(enrolment))["outcome"] == "HELD"
        await client.upload(roster("TEKUN", 1))
        assert (await client.assessed(enrolment, version=2))["outcome"] == "PRICED"

    async def test_an_identity_that_changes_no_price_still_gives_its_reason(self, client: CountyClient) -> None:
        enrolment = await client.register(1)
        await client.assessed(enrolment)
        await client.upload(roster("MILD_DISABLED", 1))
        assessment = await client.assessed(enrolment, version=2)
        assert rows(assessment) == [("2023-10-01", "2023-12-31", 38000, None)]
        assert any(reason["code"] == "RELIEF_MILD_DISABLED" and not reason["won"] for reason in assessment["reasons"])


class TestSummary:
    async def test_people_and_sums_by_identity_and_funder(self, client: CountyClient) -> None:
        await client.upload(roster("TEKUN", 1))
        await client.upload(roster("DIBAO", 2, 3))
        await client.upload(roster("DIBAO_MARGIN", 4))
        for sequence in range(1, 6):
            await client.assessed(await client.register(sequence))
        await client.assessed(await client.register(6, other_insurance="employee"))

        async def whole() -> dict[str, Any]:
            summary = await client.summary()
            # TEKUN owes nothing, so registration has said that the enrolment is paid.
            assert {one["identity"]: one["paid"] for one in summary["identities"]} == {"TEKUN": 1, "DIBAO": 0}
            return summary

        summary = await eventually(whole)
        assert summary["outcomes"] == {"PRICED": 4, "HELD": 1, "REJECTED": 1}
        assert (summary["held"], summary["reasons"]) == (
            1,
            {"SUBSIDY_AMOUNT_NOT_CONFIGURED": 1, "EMPLOYEE_INSURED": 1},
        )
        assert {one["identity"]: (one["people"], one["aided_fen"]) for one in summary["identities"]} == {
            "TEKUN": (1, 38000),
            "DIBAO": (2, 40000),
        }
        assert summary["funders"] == [{"funder": "county_finance", "earned_fen": 38000, "expected_fen": 40000}]
        assert summary["roster_lines"] == {"TEKUN": 1, "DIBAO": 2, "DIBAO_MARGIN": 1}
        assert "虚构" in summary["amounts"]
        assert summary["collection_window"] == {"first": "2023-10-01", "last": "2023-12-31"}
        assert (await client.summary(2025))["collection_window"] is None, "the pack says nothing of another year"


async def test_who_owes_nothing_from_a_later_day_is_enrolled_on_that_day(client: CountyClient) -> None:
    enrolment = await client.register(1)
    await client.assessed(enrolment)
    await client.upload(roster("TEKUN", 1, certified_on="2023-10-20"))
    assert [row[2] for row in rows(await client.assessed(enrolment, version=2))] == [38000, 0]

    assert (await client.http.post("/registration/v1/business-date", json={"date": "2023-10-20"})).is_success

    async def enrolled() -> bool:
        shown = (await client.http.get(f"/registration/v1/enrolments/{enrolment}")).json()
        return bool(shown["paid"] and shown["paid"]["basis"] == "NOTHING_DUE")

    await eventually(enrolled, message="the person is enrolled without asking")
