"""A person's name and number go through every endpoint of a season, and then lie nowhere that could be read."""

from pathlib import Path

import orjson
import pytest
from prometheus_client import generate_latest

from services.composition import WITH_DATABASE
from shared.database.provision import BUS
from shared.domain.identity_number import check_digit
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.verify.small_season import EAST, Season, at_work, prepare

_ROOT = Path(__file__).parents[2]
NAME = "欧阳铁蛋儿"
_SEVENTEEN = "41152119480229077"  # born on a leap day, so that no other number looks like it
NUMBER = _SEVENTEEN + check_digit(_SEVENTEEN)
BORN = "1948-02-29"
# The number, its fifteen-digit form, what is left of it without the county, and the day of birth as it is written.
TRACES = (NAME, NUMBER, NUMBER[:6] + NUMBER[8:17], NUMBER[6:17])

_TABLES = """
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public'
    UNION SELECT format('%I.%I', schemaname, viewname) FROM pg_views WHERE schemaname = 'proof' ORDER BY 1
"""


async def lying_in(installation: Installation, database: str) -> set[str]:
    """The tables and views of a database in which one of the traces can be read, as text or as bytes."""
    found = set()
    for table in await installation.sql(database, _TABLES):
        query = f"SELECT count(*) FROM {table['name']} t WHERE strpos(t::text, $1) + strpos(t::text, $2) > 0"
        for trace in TRACES:
            if (await installation.sql(database, query, trace, trace.encode().hex()))[0]["count"]:
                found.add(f"{database}: {table['name']}")
    return found


async def go_through_every_endpoint(season: Season) -> None:
    """Certified, registered, refused in every way, ordered, paid, paid again and refunded."""
    await prepare(season)
    line = {"document_number": NUMBER, "name": NAME, "region": EAST}
    certified = {"department": "民政局", "certified_on": "2023-09-28", "document": "罗民〔2023〕9号"}
    await season.post("/subsidy/v1/rosters", certified | {"identity": "DIBAO", "lines": [line]})
    person = {"document_number": NUMBER, "name": NAME, "birth_date": BORN, "region": EAST, "benefit_year": 2024}
    enrolment = (await season.post("/registration/v1/enrolments", person))["id"]
    for wrong in (
        person,
        person | {"document_number": NUMBER[:-1] + "?"},
        person | {"birth_date": "1948-02-28"},
        person | {"region": "411521999201"},
        person | {"name": NAME * 20},
        person | {NAME: NUMBER},
        [NAME, NUMBER],
    ):
        refused = await season.http.post("/registration/v1/enrolments", json=wrong)
        assert 400 <= refused.status_code < 500, refused.text
    await season.post(
        "/registration/v1/enrolments/batch", {"enrolments": [person, person | {"birth_date": "1948-02-28"}]}
    )
    refused = await season.http.post(
        "/subsidy/v1/rosters", json=certified | {"identity": "DIBAO", "lines": [line, line | {"document_number": "1"}]}
    )
    assert refused.is_success or refused.status_code < 500, refused.text
    order = await season.pay(enrolment)
    await season.notify(order["order_no"], order["amount_fen"])
    await season.refund_all()

    async def paid() -> bool:
        return bool((await season.http.get(f"/registration/v1/enrolments/{enrolment}")).json()["paid"])

    await eventually(paid, within_s=20)


@pytest.mark.expects_errors
async def test_a_name_and_a_number_lie_nowhere_in_clear(
    installation: Installation, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with at_work(installation, tmp_path) as season:
        await go_through_every_endpoint(season)
        await season.settled()
        said = "".join(capfd.readouterr()) + caplog.text + generate_latest().decode()

    assert "python_info" in said
    assert [trace for trace in TRACES if trace in said] == []
    found = [await lying_in(season.installation, database) for database in (*WITH_DATABASE, BUS)]
    assert set().union(*found) == set()


async def test_the_search_finds_a_number_wherever_it_lies(installation: Installation) -> None:
    await installation.sql("quota", "CREATE TABLE careless (as_text jsonb, as_bytes bytea)")
    assert await lying_in(installation, "quota") == set()
    await installation.sql("quota", "INSERT INTO careless (as_bytes) VALUES ($1)", NUMBER.encode())
    assert await lying_in(installation, "quota") == {"quota: public.careless"}
    await installation.sql("quota", "UPDATE careless SET as_bytes = NULL, as_text = jsonb_build_array($1::text)", NAME)
    assert await lying_in(installation, "quota") == {"quota: public.careless"}


def test_no_endpoint_takes_a_name_or_a_number_in_its_address() -> None:
    asked = {
        parameter["name"]
        for document in _ROOT.glob("docs/openapi/*.json")
        for path in orjson.loads(document.read_bytes())["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
    }
    assert "enrolment_id" in asked
    assert {name for name in asked if "document" in name or name in ("name", "number", "birth_date")} == set()
