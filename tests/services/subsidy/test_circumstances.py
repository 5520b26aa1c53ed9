"""What only some documents ask for travels with the enrolment: under 山政〔2021〕31号, after its stage is over."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.registration import SERVICE as REGISTRATION
from services.registration.applications.schemas import CircumstancesIn
from services.subsidy import SERVICE as SUBSIDY
from services.subsidy.pricing.pricer import Pricer
from shared.contracts.registration import Circumstances, PersonFacts
from shared.domain.identity_number import check_digit
from shared.policy.facts import Certified
from shared.policy.loader import load_pack
from shared.policy.vocabulary import Identity, InsuranceStatus, Relation, SchoolLevel
from tests.harness.installation import Installation, http_client
from tests.services.subsidy.conftest import SCOPES
from tests.services.subsidy.residents import VILLAGE, CountyClient

EARLY, LATE = date(2022, 1, 10), date(2022, 2, 20)


@pytest.fixture
async def client(installation: Installation) -> AsyncIterator[CountyClient]:
    """Registration and subsidy under the town's document, ten days after New Year."""
    settled = installation.with_settings(policy_pack="shantou-2022")
    await settled.set_business_date(EARLY, "registration", "subsidy")
    async with settled.running(REGISTRATION, SUBSIDY) as runs, http_client(runs) as http:
        http.headers.update(settled.caller(*SCOPES))
        towns = [{"code": "411521101", "name": "山头"}, {"code": "411521102", "name": "别处"}]
        assert (await http.post("/registration/v1/regions", json={"regions": towns})).status_code == 204
        yield CountyClient(http, settled.settings)


def _born(born: date, sequence: int = 1) -> dict[str, Any]:
    body = f"411521{born:%Y%m%d}{sequence:03d}"
    return {"document_number": body + check_digit(body), "birth_date": born.isoformat(), "benefit_year": 2022}


def _left_work(paid_through: str, **stated: Any) -> dict[str, Any]:
    known = {"insurance_status": "ended", "insurance_paid_through": paid_through, "insurance_continuous_months": 30}
    return {"other_insurance": "employee", "circumstances": known | stated}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, ("REJECTED", "WINDOW_CLOSED")),
        ({"circumstances": {"migrant_worker": True}}, ("PRICED", None)),
        ({"circumstances": {"migrant_worker": True}, "hukou_note": "urban"}, ("REJECTED", "WINDOW_CLOSED")),
        (_left_work("2021-12-31"), ("PRICED", None)),
        (_left_work("2021-12-31", insurance_continuous_months=23), ("REJECTED", "WINDOW_CLOSED")),
        (_left_work("2021-12-31", insurance_status="active"), ("REJECTED", "EMPLOYEE_INSURED")),
        ({"other_insurance": "employee"}, ("REJECTED", "EMPLOYEE_INSURED")),
        (
            {
                "other_insurance": "employee",
                "circumstances": {"insurance_status": "ended", "insurance_continuous_months": 30},
            },
            ("HELD", "FACT_MISSING"),
        ),
        ({"circumstances": {"school_level": "college", "school_in_area": False}}, ("REJECTED", "ENROL_AT_SCHOOL")),
    ],
)
async def test_what_a_person_states_decides(
    client: CountyClient, stated: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    enrolment = await client.register(1, **_born(date(1980, 1, 1)) | stated)
    assessment = await client.assessed(enrolment)
    assert (assessment["outcome"], assessment["reason_code"]) == expected


async def test_a_newborn_stays_one_when_priced_again_long_after_the_ninety_days(client: CountyClient) -> None:
    born = _born(date(2021, 10, 12))
    enrolment = await client.register(1, **born, newborn=True)
    (row,) = (await client.assessed(enrolment))["schedule"]
    assert (row["due_fen"], row["benefit"]["starts_on"]) == (32_000, "2021-10-12")

    assert (await client.http.post("/registration/v1/business-date", json={"date": LATE.isoformat()})).is_success
    line = {"document_number": born["document_number"], "name": "张三", "region": VILLAGE}
    body = {"identity": "DIBAO", "department": "民政局", "certified_on": "2022-02-01", "document": "民〔2022〕9号"}
    await client.upload(body | {"lines": [line]})
    rows = (await client.assessed(enrolment, version=2))["schedule"]
    assert [(each["due_fen"], each["benefit"]["starts_on"]) for each in rows if each["pay_until"] >= "2022-02-20"] == [
        (4_000, "2021-10-12")
    ]


@pytest.mark.parametrize(
    "stated",
    [
        {"circumstances": {"migrant_worker": 1}},
        {"circumstances": {"unheard_of": True}},
        {"circumstances": {"school_level": "college"}},
        {"circumstances": {"full_time": True}},
        {"circumstances": {"relation": "UNCLE"}},
        {"circumstances": {"missed_years": [2020], "enrolled_years": [2020]}},
        {"circumstances": {"missed_years": ["2020"]}},
        {"circumstances": {"repair_years": -1}},
        {"circumstances": {"discharge_date": 20220105}},
        {"circumstances": {"insurance_status": "ended"}},
        {"circumstances": {"insurance_status": "asleep"}, "other_insurance": "employee"},
        {"circumstances": {"insurance_paid_through": "2021-12-31"}, "other_insurance": "employee"},
        {"circumstances": {"insurance_suspended_on": "2021-09-01"}, "other_insurance": "employee"},
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_registered(client: CountyClient, stated: dict[str, Any]) -> None:
    body = {"name": "张三", "region": VILLAGE, **_born(date(1980, 1, 1)), **stated}
    answer = await client.http.post("/registration/v1/enrolments", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "MALFORMED_REQUEST")
    pointer = answer.json()["errors"][0]["pointer"]
    assert pointer == "" or pointer.startswith("/circumstances")


def test_the_endpoint_and_the_policy_know_the_same_words() -> None:
    schema = CircumstancesIn.model_json_schema()["properties"]
    for field, words in (("relation", Relation), ("school_level", SchoolLevel), ("insurance_status", InsuranceStatus)):
        (known,) = [option["enum"] for option in schema[field]["anyOf"] if "enum" in option]
        assert set(known) == {word.value for word in words}
    assert CircumstancesIn.model_fields.keys() == Circumstances.model_fields.keys()


def test_every_circumstance_reaches_the_rules() -> None:
    stated: dict[str, Any] = {
        "residence_permit": True,
        "guardian_residence_permit": True,
        "relation": "SPOUSE_OF_CITIZEN",
        "employed": True,
        "retired": True,
        "difficult_enterprise": True,
        "migrant_worker": True,
        "school_level": "college",
        "school_in_area": True,
        "full_time": True,
        "child_birth_date": "2010-01-01",
        "agricultural_before_20150701": True,
        "discharge_date": "2022-01-01",
        "sponsor_discharge_date": "2022-01-02",
        "insured_at_origin": True,
        "insurance_status": "ended",
        "insurance_paid_through": "2021-12-31",
        "insurance_suspended_on": "2021-11-30",
        "insurance_continuous_months": 7,
        "insured_where_living": True,
        "enrolled_years": [2020],
        "missed_years": [2019],
        "employee_years": [2018],
        "repair_years": 1,
    }
    assert stated.keys() == Circumstances.model_fields.keys()
    pricer = Pricer(load_pack("national-2025"))
    seen = set()
    for name in stated:
        # A student is recognised by three facts together: what is left out is the level, and with it the student.
        left_out = {key: value for key, value in stated.items() if key != name}
        facts = PersonFacts(
            birth_date=date(1980, 1, 1),
            other_insurance="employee",
            circumstances=Circumstances.model_validate(left_out),
        )
        seen.add(pricer.facts(facts, EARLY))
    assert len(seen) == len(stated)


def test_a_day_of_registration_is_not_the_day_of_pricing() -> None:
    pricer = Pricer(load_pack("national-2025"))
    newborn = PersonFacts(birth_date=date(2024, 12, 20), newborn=True)
    aided = [Certified(Identity.DIBAO, date(2024, 8, 1))]
    priced = pricer.price(newborn, aided, 2025, date(2025, 1, 10), date(2025, 6, 30))
    assert priced.schedule == pricer.price(newborn, aided, 2025, date(2025, 1, 10)).schedule
