"""Publishing township targets over HTTP."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from services.quota import SERVICE
from tests.harness.installation import Installation, http_client
from tests.services.quota.targets_notice import TOTAL, annex, towns

PATH = "/quota/v1/targets"


class TestPublish:
    async def test_the_annex_is_published_and_announced(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        answer = await http.post(PATH, json=annex())
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert (body["version"], body["total"], body["towns"], body["region"]) == (1, TOTAL, 20, "411521")
        (announced,) = await installation.sql(
            "quota", "SELECT event, key::text, region, benefit_year, actor, payload->>'total' AS total FROM outbox"
        )
        assert announced["event"] == "quota.targets_published.v1"
        assert (announced["key"], announced["region"], announced["benefit_year"]) == (body["id"], "411521", 2024)
        assert (announced["actor"], announced["total"]) == ("clerk", str(TOTAL))

    async def test_the_set_in_force_again_changes_nothing(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        first = await http.post(PATH, json=annex())
        again = await http.post(PATH, json=annex(towns=towns()[::-1]))
        assert (again.status_code, again.json()) == (200, first.json())
        assert len(await installation.sql("quota", "SELECT 1 FROM outbox")) == 1

    async def test_an_amendment_is_a_new_version_beside_the_old_one(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await http.post(PATH, json=annex())
        amended = towns()
        amended[0]["target"] += 100
        answer = await http.post(PATH, json=annex(towns=amended, declared_total=TOTAL + 100, document="修订"))
        assert (answer.status_code, answer.json()["version"]) == (201, 2)
        kept = await installation.sql("quota", "SELECT version, target FROM town_target WHERE name = '铁铺' ORDER BY 1")
        assert [tuple(row) for row in kept] == [(1, 12035), (2, 12135)]

    async def test_two_amendments_at_once_do_not_both_become_version_two(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await http.post(PATH, json=annex())
        answers = await asyncio.gather(*(http.post(PATH, json=annex(document=f"修订{n}")) for n in range(6)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        versions = [row["version"] for row in await installation.sql("quota", "SELECT version FROM target_set")]
        assert sorted(versions) == list(range(1, len(versions) + 1))
        assert len(versions) == 1 + sum(answer.status_code == 201 for answer in answers)

    async def test_each_year_has_targets_of_its_own(self, http: httpx.AsyncClient) -> None:
        await http.post(PATH, json=annex())
        answer = await http.post(PATH, json=annex(benefit_year=2025))
        assert (answer.status_code, answer.json()["version"]) == (201, 1)


class TestRefuse:
    @pytest.mark.parametrize(("declared", "difference"), [(TOTAL - 1, "+1"), (TOTAL + 2035, "-2035")])
    async def test_targets_that_do_not_sum_are_refused_with_the_difference(
        self, http: httpx.AsyncClient, installation: Installation, declared: int, difference: str
    ) -> None:
        answer = await http.post(PATH, json=annex(declared_total=declared))
        assert answer.status_code == 422
        assert answer.json()["code"] == "TARGETS_DO_NOT_SUM"
        assert answer.json()["detail"].endswith(f"相差 by {difference}")
        assert await installation.sql("quota", "SELECT 1 FROM target_set") == []

    @pytest.mark.parametrize(
        ("line", "code", "pointer"),
        [
            ({"region": "411522101"}, "UNKNOWN_TOWN", "/towns/3/region"),
            ({"region": "411521"}, "UNKNOWN_TOWN", "/towns/3/region"),
            ({"region": "411521104201"}, "UNKNOWN_TOWN", "/towns/3/region"),
            ({"region": "41152110x"}, "UNKNOWN_TOWN", "/towns/3/region"),
            ({"region": "411521101"}, "DUPLICATE_TOWN", "/towns/3"),
            ({"name": "铁铺"}, "DUPLICATE_TOWN", "/towns/3"),
        ],
    )
    async def test_a_line_that_is_no_township_or_stands_twice_is_named(
        self, http: httpx.AsyncClient, line: dict[str, Any], code: str, pointer: str
    ) -> None:
        lines = towns()
        lines[3] |= line
        answer = await http.post(PATH, json=annex(towns=lines))
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["errors"][0]["pointer"] == pointer

    async def test_an_amendment_that_forgets_a_township_names_it(self, http: httpx.AsyncClient) -> None:
        await http.post(PATH, json=annex())
        answer = await http.post(PATH, json=annex(towns=towns()[1:], declared_total=TOTAL - 12035))
        assert (answer.status_code, answer.json()["code"]) == (409, "TOWN_MISSING")
        assert "411521101" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "change",
        [
            {"towns": []},
            {"towns": [{"region": "411521101", "name": "铁铺", "target": -1}]},
            {"towns": [{"region": "411521101", "name": "铁铺", "target": 1.5}]},
            {"towns": [{"region": "411521101", "name": " ", "target": 1}]},
            {"declared_total": "642656"},
            {"document": ""},
            {"surprise": 1},
        ],
    )
    async def test_malformed_targets_are_refused(self, http: httpx.AsyncClient, change: dict[str, Any]) -> None:
        answer = await http.post(PATH, json=annex(**change))
        assert (answer.status_code, answer.json()["code"]) == (422, "MALFORMED_REQUEST")

    @pytest.mark.parametrize("region", ["411522", "411521101"])
    async def test_nobody_sets_targets_beyond_the_own_region(self, installation: Installation, region: str) -> None:
        async with installation.http_client(SERVICE, role="web") as client:
            caller = installation.caller("quota:write", region=region)
            answer = await client.post(PATH, json=annex(), headers=caller)
        assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_TOWN")

    async def test_a_reader_sets_no_targets(self, installation: Installation) -> None:
        async with installation.running(SERVICE, role="web") as runs, http_client(runs) as client:
            assert (await client.post(PATH, json=annex())).status_code == 401
            answer = await client.post(PATH, json=annex(), headers=installation.caller("quota:read"))
        assert answer.status_code == 403

    async def test_the_service_cannot_rewrite_a_published_target(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await http.post(PATH, json=annex())
        connection = await asyncpg.connect(installation.settings.service_url("quota"))
        try:
            await connection.execute("SELECT set_config('canbao.region', '411521', false)")
            for statement in ("UPDATE town_target SET target = 1", "DELETE FROM target_set"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()
