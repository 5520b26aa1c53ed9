"""Departments say who holds an identity, and who no longer does."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from services.subsidy import SERVICE as SUBSIDY
from services.subsidy.resources import SubsidyResources
from shared.service import ServiceContext
from tests.harness.eventually import eventually
from tests.harness.installation import Installation, new_key
from tests.services.subsidy.residents import OTHER_VILLAGE, VILLAGE, CountyClient, number, roster, token


class TestUpload:
    async def test_a_roster_is_taken_in_and_can_be_looked_up(self, client: CountyClient) -> None:
        body = await client.upload(roster("DIBAO", 1, 2, 3))
        assert (body["accepted"], body["unchanged"], body["refused"]) == (3, 0, [])
        shown = await client.http.get(f"/subsidy/v1/rosters/{body['id']}")
        assert shown.json() == body

    async def test_wrong_lines_are_refused_one_by_one_with_their_reason(self, client: CountyClient) -> None:
        body = roster("DIBAO", 1, 2, 1)
        wrong: list[dict[str, Any]] = [
            {
                "document_number": number(4)[:-1] + ("0" if number(4)[-1] != "0" else "1"),
                "name": "李四",
                "region": VILLAGE,
            },
            {"document_number": number(5), "name": "  ", "region": VILLAGE},
            {"document_number": number(6), "name": "王五", "region": "411521101"},
            {"document_number": number(7), "name": "王五", "region": "411522101201"},
            {"document_number": number(8), "name": "王五", "region": "nowhere"},
            {"document_type": "LIBRARY_CARD", "document_number": number(9), "name": "王五", "region": VILLAGE},
        ]
        answer = await client.upload(body | {"lines": body["lines"] + wrong})
        assert answer["accepted"] == 2
        assert [(line["line"], line["code"]) for line in answer["refused"]] == [
            (3, "DUPLICATE_ROSTER_LINE"),
            (4, "INVALID_IDENTITY_NUMBER"),
            (5, "ROSTER_NAME_MISSING"),
            (6, "UNKNOWN_REGION"),
            (7, "UNKNOWN_REGION"),
            (8, "UNKNOWN_REGION"),
            (9, "INVALID_IDENTITY_NUMBER"),
        ]
        assert number(4)[:14] not in str(answer["refused"])

    async def test_names_are_taken_as_everywhere_and_a_wrong_one_is_refused_by_its_line(
        self, client: CountyClient
    ) -> None:
        """W6, W8: a name of 61 characters or with something invisible in it refused the whole roster."""
        names = ("张　三", "艾力．买买提", "张\u200b三", "张\x7f三", "张" * 61, "张?三", "·")
        lines = [{"document_number": number(n), "name": name, "region": VILLAGE} for n, name in enumerate(names, 1)]
        answer = await client.upload(roster("DIBAO") | {"lines": lines})
        assert answer["accepted"] == 2
        refused = [(line["line"], line["code"]) for line in answer["refused"]]
        assert refused == [(line, "ROSTER_NAME_MISSING") for line in range(3, 8)]
        assert len({line["detail"] for line in answer["refused"]}) == 4

    async def test_a_roster_without_a_right_line_is_kept_and_says_that_nothing_of_it_counts(
        self, client: CountyClient
    ) -> None:
        body = roster("DIBAO", 1, 2)
        sent = body | {"lines": [line | {"region": "411522101201"} for line in body["lines"]]}
        answer = await client.upload(sent)
        assert (answer["accepted"], [line["line"] for line in answer["refused"]]) == (0, [1, 2])
        assert (await client.http.get(f"/subsidy/v1/rosters/{answer['id']}")).json() == answer
        assert await client.upload(sent, status=200) == answer

    async def test_the_same_roster_again_is_answered_as_the_first_time(self, client: CountyClient) -> None:
        first = await client.upload(roster("DIBAO", 1, 2))
        assert await client.upload(roster("DIBAO", 1, 2), status=200) == first

    async def test_no_roster_is_sealed_with_a_key_that_does_not_open_what_is_stored(
        self, client: CountyClient, county: Installation
    ) -> None:
        """S1: another key under the name of the one that sealed the rows was taken as that one."""
        await client.upload(roster("DIBAO", 1))
        other = county.with_settings(encryption_keys={"k1": SecretStr(new_key())})
        async with other.http_client(SUBSIDY, role="web") as http:
            http.headers.update(county.caller("subsidy:write"))
            answer = await http.post("/subsidy/v1/rosters", json=roster("DIBAO", 2))
        assert (answer.status_code, answer.json()["code"]) == (503, "PROTECTION_KEYS_DIFFER")
        (row,) = await county.sql("subsidy", "SELECT count(*) n FROM roster_line")
        assert row["n"] == 1

    async def test_the_same_roster_twenty_times_at_once_is_one_roster(
        self, client: CountyClient, county: Installation
    ) -> None:
        answers = await asyncio.gather(
            *(client.http.post("/subsidy/v1/rosters", json=roster("DIBAO", 1, 2)) for _ in range(20))
        )
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        (row,) = await county.sql(
            "subsidy", "SELECT (SELECT count(*) FROM roster) r, (SELECT count(*) FROM roster_line) l"
        )
        assert (row["r"], row["l"]) == (1, 2)

    async def test_overlapping_rosters_at_once_know_each_person_once(
        self, client: CountyClient, county: Installation
    ) -> None:
        bodies = [roster("DIBAO", *range(start, start + 40), document=f"第{start}号") for start in range(1, 80, 8)]
        answers = await asyncio.gather(*(client.upload(body) for body in bodies))
        (row,) = await county.sql(
            "subsidy", "SELECT count(*) lines, count(DISTINCT person_token) people FROM roster_line"
        )
        assert row["lines"] == row["people"] == 40 + 8 * 9
        assert sum(answer["accepted"] - answer["unchanged"] for answer in answers) == row["people"]

    async def test_a_later_roster_leaves_known_people_as_they_are(self, client: CountyClient) -> None:
        await client.upload(roster("DIBAO", 1, 2))
        later = await client.upload(roster("DIBAO", 2, 3, certified_on="2023-10-08", document="罗民〔2023〕91号"))
        assert (later["accepted"], later["unchanged"]) == (2, 1)

    async def test_names_and_numbers_rest_encrypted_and_bound_to_their_row(
        self, client: CountyClient, county: Installation, subsidy: ServiceContext
    ) -> None:
        await client.upload(roster("DIBAO", 1))
        (row,) = await county.sql("subsidy", "SELECT l::text AS everything, l.* FROM roster_line l")
        for secret in (number(1), number(1).encode().hex(), "张三", "张三".encode().hex()):
            assert secret not in row["everything"]
        assert row["person_token"] == token(county.settings, 1)
        assert row["masked_number"].startswith("411521********")
        resources: SubsidyResources = subsidy.resources
        shown = resources.vault.decrypt("roster_line", "document_number", row["id"], row["document_number"])
        assert shown == number(1)

    @pytest.mark.parametrize(
        "changes",
        [
            {"identity": "RICH"},
            {"lines": []},
            {"department": ""},
            {"certified_on": "soon"},
            {"surprise": 1},
            {"document": "x" * 201},
        ],
    )
    async def test_a_malformed_roster_is_refused_whole(self, client: CountyClient, changes: dict[str, Any]) -> None:
        answer = await client.upload(roster("DIBAO", 1) | changes, status=422)
        assert answer["code"] == "MALFORMED_REQUEST"

    async def test_a_caller_without_the_scope_is_refused(self, client: CountyClient, county: Installation) -> None:
        await client.upload(roster("DIBAO", 1), status=403, headers=county.caller("subsidy:read"))
        await client.upload(roster("DIBAO", 1), status=401, headers={"Authorization": "Bearer x"})

    async def test_a_town_certifies_its_own_people_only_and_sees_no_other_roster(
        self, client: CountyClient, county: Installation
    ) -> None:
        town = county.caller("subsidy:read", "subsidy:write", region="411521102")
        body = roster("DIBAO", 1, 2)
        body["lines"][1]["region"] = OTHER_VILLAGE
        answer = await client.upload(body, headers=town)
        assert (answer["accepted"], [line["line"] for line in answer["refused"]]) == (1, [1])
        whole = await client.upload(roster("TEKUN", 5))
        assert (await client.http.get(f"/subsidy/v1/rosters/{whole['id']}", headers=town)).status_code == 404

    async def test_a_person_listed_by_another_town_is_not_listed_twice(
        self, client: CountyClient, county: Installation
    ) -> None:
        await client.upload(roster("DIBAO", 1))
        elsewhere = roster("DIBAO", 1)
        elsewhere["lines"][0]["region"] = OTHER_VILLAGE
        answer = await client.upload(elsewhere, headers=county.caller("subsidy:write", region="411521102"))
        assert (answer["accepted"], answer["unchanged"]) == (1, 1)


class TestWithdraw:
    async def _withdraw(self, client: CountyClient, roster_id: str, sequence: int, **changes: Any) -> Any:
        body = {"document_number": number(sequence), "withdrawn_on": "2023-10-09", "reason": "复核不符"} | changes
        return await client.http.post(f"/subsidy/v1/rosters/{roster_id}/withdrawals", json=body)

    async def test_a_withdrawn_line_is_shown_masked_and_again_changes_nothing(self, client: CountyClient) -> None:
        uploaded = await client.upload(roster("DIBAO", 1, 2))
        first = await self._withdraw(client, uploaded["id"], 1)
        assert first.status_code == 200
        assert first.json()["document_number"].startswith("411521********")
        assert (await self._withdraw(client, uploaded["id"], 1)).json() == first.json()
        other = await self._withdraw(client, uploaded["id"], 1, reason="死亡")
        assert (other.status_code, other.json()["code"]) == (409, "ROSTER_LINE_WITHDRAWN")

    async def test_nobody_is_withdrawn_who_is_not_on_the_roster(
        self, client: CountyClient, county: Installation
    ) -> None:
        uploaded = await client.upload(roster("DIBAO", 1))
        assert (await self._withdraw(client, uploaded["id"], 2)).status_code == 404
        wrong = await self._withdraw(client, uploaded["id"], 1, document_number="123456")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "INVALID_IDENTITY_NUMBER")
        client.http.headers.update(county.caller("subsidy:write", region="411521102"))
        assert (await self._withdraw(client, uploaded["id"], 1)).status_code == 404

    async def test_a_withdrawn_person_can_be_certified_again(self, client: CountyClient) -> None:
        uploaded = await client.upload(roster("DIBAO", 1))
        await self._withdraw(client, uploaded["id"], 1)
        again = await client.upload(roster("DIBAO", 1, certified_on="2023-11-01", document="罗民〔2023〕99号"))
        assert (again["accepted"], again["unchanged"]) == (1, 0)


class TestUninsured:
    async def _listed(self, client: CountyClient, **parameters: Any) -> list[dict[str, Any]]:
        answer = await client.http.get("/subsidy/v1/uninsured", params={"benefit_year": 2024} | parameters)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def test_a_person_certified_and_not_insured_stands_there_once(self, client: CountyClient) -> None:
        await client.upload(roster("DIBAO", 1, 2, 3))
        await client.upload(roster("SEVERE_DISABLED", 1))
        await client.upload(roster("TEKUN", 4))
        await client.upload(roster("DIBAO", 5, certified_on="2023-12-01"))
        aided, unpaid = await client.register(4), await client.register(2)
        await client.assessed(unpaid)

        async def enrolled() -> bool:
            shown = (await client.http.get(f"/registration/v1/enrolments/{aided}")).json()
            return bool(shown["state"] == "PAID")

        await eventually(enrolled)

        async def listed() -> list[tuple[list[str], bool]]:
            people = await self._listed(client)
            assert len(people) == 3, "the aided is insured, the fifth not certified yet"
            return [(one["identities"], one["registered"]) for one in people]

        assert sorted(await eventually(listed)) == [
            (["DIBAO"], False), (["DIBAO"], True), (["DIBAO", "SEVERE_DISABLED"], False),
        ]  # fmt: skip
        assert len(await self._listed(client, benefit_year=2025)) == 4, "nobody is enrolled for another year"

    async def test_the_list_is_read_page_by_page_and_names_nobody(self, client: CountyClient) -> None:
        await client.upload(roster("DIBAO", *range(1, 6)))
        first = await self._listed(client, limit=3)
        rest = await self._listed(client, after=first[-1]["id"])
        assert (len(first), len(rest), len({one["id"] for one in first + rest})) == (3, 2, 5)
        assert all("*" in one["document_number"] for one in first)

    async def test_a_town_sees_its_own_people(self, client: CountyClient, county: Installation) -> None:
        other = [{"document_number": number(9), "name": "李四", "region": OTHER_VILLAGE}]
        await client.upload(roster("DIBAO", 1))
        await client.upload(roster("TEKUN", lines=other))
        town = county.caller("subsidy:read", region="411521102")
        answer = await client.http.get("/subsidy/v1/uninsured", params={"benefit_year": 2024}, headers=town)
        assert [one["region"] for one in answer.json()] == [OTHER_VILLAGE]
