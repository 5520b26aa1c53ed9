"""Readiness says what is missing, by name."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from services.console import SERVICE as CONSOLE
from services.payment import SERVICE as PAYMENT
from services.quota import SERVICE as QUOTA
from services.registration import SERVICE as REGISTRATION
from services.subsidy import SERVICE as SUBSIDY
from shared.database.logins import NOT_RUNNING
from shared.pack_in_force import fit_of
from shared.policy.loader import load_pack
from shared.settings import Settings
from simulator.localities import LOCALITIES
from simulator.localities.locality import Locality
from tests.harness.eventually import eventually
from tests.harness.identity_numbers import a_number
from tests.harness.installation import COUNTY, Installation, http_client, new_key
from tests.harness.sealed import sealed_person

_PARKED = """
    INSERT INTO parked_event (publisher, aggregate_id, seq, event_id, event, region, topic, partition, "offset",
                              key, headers, value, parked_at)
    VALUES ('registration', uuidv7(), 2, uuidv7(), 'registration.enrolment_paid.v1', '411521', 'registration', 0, 0,
            '', '{}', '', now() - make_interval(secs => $1))
"""


def in_both_languages(body: dict[str, Any]) -> bool:
    """Whether what people read of each part is Chinese, then English."""
    details = [part["detail"] for part in body["parts"] if part["detail"]]
    return bool(details) and all(re.search(r"[\u4e00-\u9fff].* · .*[a-z]{3}", detail) for detail in details)


def _unready(body: dict[str, Any]) -> set[str]:
    return {part["name"] for part in body["parts"] if not part["ready"]}


async def test_web_is_ready_with_its_database_alone(installation: Installation) -> None:
    nowhere = installation.with_settings(bus="kafka", kafka_bootstrap_servers="127.0.0.1:1")
    async with nowhere.http_client(REGISTRATION, role="web") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, [part["name"] for part in answer.json()["parts"]]) == (
            200,
            ["database registration", "keys registration"],
        )


@pytest.mark.expects_errors
async def test_work_without_its_bus_is_not_ready_and_says_so(installation: Installation) -> None:
    nowhere = installation.with_settings(bus="kafka", kafka_bootstrap_servers="127.0.0.1:1")
    async with nowhere.http_client(REGISTRATION, role="work") as http:
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert _unready(answer.json()) == {"bus registration"}
        assert in_both_languages(answer.json())


async def test_web_before_a_database_that_may_forget_is_not_ready(installation: Installation) -> None:
    async with installation.running(REGISTRATION, role="web") as runs, http_client(runs) as http:
        name = (await installation.sql("registration", "SELECT current_database() AS name"))[0]["name"]
        await installation.sql("registration", f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        answer = await http.get("/readyz")
        detail = answer.json()["parts"][0]["detail"]
        assert (answer.status_code, detail.partition(" · ")[2]) == (503, "switched off: synchronous_commit")
        assert in_both_languages(answer.json())


async def test_a_gap_that_does_not_close_makes_work_unready_after_a_minute(installation: Installation) -> None:
    async with installation.running(QUOTA) as runs, http_client(runs) as http:

        async def connected() -> bool:
            return (await http.get("/readyz")).status_code == 200

        await eventually(connected, within_s=20)
        await installation.sql("quota", _PARKED, 30.0)
        assert (await http.get("/readyz")).status_code == 200
        await installation.sql("quota", _PARKED, 90.0)
        answer = await http.get("/readyz")
        assert (answer.status_code, _unready(answer.json())) == (503, {"events quota"})
        assert in_both_languages(answer.json())


@pytest.mark.expects_errors
async def test_a_bus_that_is_not_ours_makes_work_unready_and_names_the_remedy(installation: Installation) -> None:
    async with installation.running(QUOTA) as runs, http_client(runs) as http:
        await eventually(lambda: runs[0].bus is not None, within_s=20)
    other = installation.with_settings(partitions=24)
    async with other.running(QUOTA) as runs, http_client(runs) as http:
        await eventually(lambda: runs[0].refused is not None, within_s=20)
        answer = await http.get("/readyz")
        part = next(part for part in answer.json()["parts"] if part["name"] == "bus quota")
    assert answer.status_code == 503
    assert "fixed at installation, set it back" in part["detail"]
    assert in_both_languages(answer.json())
    groups = await installation.sql("quota", "SELECT DISTINCT partition FROM consumer_offset")
    assert all(row["partition"] < 12 for row in groups), "it joined a group before it was admitted"


async def test_a_database_that_was_never_migrated_is_not_ready_and_names_the_command(
    installation: Installation,
) -> None:
    """First use O8: `/readyz` was true on a database without tables."""
    async with installation.running(SUBSIDY, role="web") as runs, http_client(runs) as http:
        await installation.sql("subsidy", "UPDATE alembic_version_subsidy SET version_num = 'subsidy_0001'")
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["parts"][0]["detail"].endswith("run canbao migrate")
        assert in_both_languages(answer.json())
        await installation.sql("subsidy", "UPDATE alembic_version_subsidy SET version_num = 'subsidy_9999'")
        assert (await http.get("/readyz")).json()["parts"][0]["detail"].endswith("update the program")
        await installation.sql("subsidy", "DROP TABLE alembic_version_subsidy")
        answer = await http.get("/readyz")
        assert "tables at -" in answer.json()["parts"][0]["detail"]
        assert in_both_languages(answer.json())


async def test_a_key_in_use_that_is_not_configured_makes_its_process_unready(installation: Installation) -> None:
    """First use O1: an overwritten key was gone, and `/readyz` content."""
    await sealed_person(installation)
    lost = installation.with_settings(encryption_keys={"k2": SecretStr(new_key())})
    async with lost.http_client(REGISTRATION, role="web") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, _unready(answer.json())) == (503, {"keys registration"})
        assert "lacks k1" in answer.text
    kept = installation.with_settings(
        encryption_keys={**installation.settings.encryption_keys, "k2": SecretStr(new_key())}
    )
    async with kept.http_client(REGISTRATION, role="web") as http:
        assert (await http.get("/readyz")).status_code == 200


@pytest.mark.expects_errors
async def test_a_server_that_is_stopped_is_said_with_the_command_that_starts_it(
    installation: Installation, tmp_path: Path
) -> None:
    """S2: a socket that is not there was `FileNotFoundError`, in `/readyz` and in the log of work."""
    stopped = installation.with_settings(database_url=f"postgresql://x@/{{database}}?host={tmp_path}")
    async with stopped.running(QUOTA) as runs, http_client(runs) as http:
        answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["parts"][0]["detail"] == NOT_RUNNING
        await eventually(lambda: "messaging" in runs[0].failures.by_work, within_s=20)
        assert runs[0].failures.by_work["messaging"].error == NOT_RUNNING


async def test_a_pack_of_another_region_or_year_is_said(installation: Installation) -> None:
    """S5: a county was served with another county's prices, and a year without a pack passed in silence."""
    for service in (SUBSIDY, PAYMENT):
        name = f"policy {service.name}"
        async with installation.with_settings(region="411522").http_client(service, role="web") as http:
            answer = await http.get("/readyz")
            assert (answer.status_code, _unready(answer.json())) == (503, {name})
            assert "CANBAO_REGION: " in answer.text
            assert "the pack luoshan-2024 is for 411521, not for 411522" in answer.text
            assert in_both_languages(answer.json())
        async with installation.with_settings(benefit_year=2031).http_client(service, role="web") as http:
            answer = await http.get("/readyz")
            said = {part["name"]: part["detail"] for part in answer.json()["parts"]}[name]
            assert answer.status_code == 200, "bills of the pack's own year are still paid"
            assert said.endswith("the pack luoshan-2024 is for 2024, it has no 2031")


@pytest.mark.parametrize("locality", LOCALITIES.values(), ids=LOCALITIES)
def test_every_pack_fits_the_place_that_rehearses_it(locality: Locality) -> None:
    settings = Settings(region=locality.county, benefit_year=locality.benefit_year)
    assert fit_of(settings, load_pack(locality.pack)) == ("", "")


def _with_another_k1(installation: Installation) -> Installation:
    """The installation with another key under the name of the one that sealed."""
    return installation.with_settings(encryption_keys={"k1": SecretStr(new_key())})


async def test_another_key_under_the_name_of_the_one_that_sealed_makes_its_process_unready(
    installation: Installation,
) -> None:
    """S1: `/readyz` was content with another `k1`, because the name was there."""
    await sealed_person(installation)
    async with _with_another_k1(installation).http_client(REGISTRATION, role="web") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, _unready(answer.json())) == (503, {"keys registration"})
        assert "k1 in CANBAO_ENCRYPTION_KEYS is not the key" in answer.text
        assert in_both_languages(answer.json())
    other_tokens = installation.with_settings(person_token_key=SecretStr(new_key()))
    async with other_tokens.http_client(REGISTRATION, role="web") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, _unready(answer.json())) == (503, {"keys registration"})
        assert "CANBAO_PERSON_TOKEN_KEY" in answer.text


async def test_nobody_is_sealed_with_keys_that_do_not_fit_the_stored_rows(installation: Installation) -> None:
    """S1: an application was answered with 201 and sealed with a key that opens nothing else."""
    await sealed_person(installation)
    person = {
        "document_number": a_number(2),
        "name": "李四",
        "birth_date": "1990-01-01",
        "region": "411521101201",
        "benefit_year": 2024,
    }
    other_tokens = installation.with_settings(person_token_key=SecretStr(new_key()))
    for other in (_with_another_k1(installation), other_tokens):
        async with other.http_client(REGISTRATION, role="web") as http:
            http.headers.update(installation.caller("registration:write"))
            for path, body in (("enrolments", person), ("enrolments/batch", {"enrolments": [person]})):
                answer = await http.post(f"/registration/v1/{path}", json=body)
                assert (answer.status_code, answer.json()["code"]) == (503, "PROTECTION_KEYS_DIFFER")
    assert len(await installation.sql("registration", "SELECT id FROM enrolment")) == 1
    rotated = installation.with_settings(
        encryption_keys={**installation.settings.encryption_keys, "k2": SecretStr(new_key())}
    )
    async with rotated.http_client(REGISTRATION, role="web") as http:
        http.headers.update(installation.caller("registration:write"))
        assert (await http.post("/registration/v1/enrolments", json=person)).status_code == 201


async def test_keys_that_could_not_be_checked_in_time_are_said_to_be_unchecked(installation: Installation) -> None:
    await sealed_person(installation)
    lost = installation.with_settings(encryption_keys={"k2": SecretStr(new_key())})
    async with lost.running(REGISTRATION, role="web") as runs, http_client(runs) as http:
        async with runs[0].database.transaction(COUNTY) as busy:
            await busy.execute(text("LOCK TABLE enrolment IN ACCESS EXCLUSIVE MODE"))
            keys = (await http.get("/readyz")).json()["parts"][-1]
        assert (keys["name"], keys["ready"]) == ("keys registration", True)
        assert "run canbao doctor" in keys["detail"]
        runs[0].keys_asked_again_at = 0.0
        assert (await http.get("/readyz")).status_code == 503, "looked at again later, and never taken as checked"


async def test_a_console_without_its_client_is_not_ready_and_names_the_command(installation: Installation) -> None:
    async with installation.http_client(CONSOLE, role="web") as http:
        answer = await http.get("/readyz")
        assert (answer.status_code, _unready(answer.json())) == (503, {"client console"})
        assert "run canbao clients add" in answer.text
        assert (await http.head("/")).status_code == 200
    known = installation.with_settings(console_client_secret=SecretStr("a secret"))
    async with known.http_client(CONSOLE, role="web") as http:
        assert (await http.get("/readyz")).status_code == 200
