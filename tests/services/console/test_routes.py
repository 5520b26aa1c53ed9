"""The console's endpoints on a real port, beside real services, and alone."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from services.console import SERVICE as CONSOLE
from services.quota import SERVICE as QUOTA
from services.registration import SERVICE as REGISTRATION
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.serving import Served, serving
from tests.harness.timeouts import stretched
from tests.services.quota.targets_notice import annex


@pytest.fixture
async def county(installation: Installation) -> AsyncIterator[Served]:
    """Registration, quota and the console, with the annex published; subsidy and payment are not there."""
    async with serving(installation, REGISTRATION, QUOTA, CONSOLE) as served, browser(served) as client:
        caller = installation.caller("quota:write")
        assert (await client.post("/quota/v1/targets", json=annex(), headers=caller)).status_code == 201
        yield served


def browser(served: Served) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=served.base_url, timeout=stretched(20), trust_env=False)


class TestPage:
    async def test_anybody_reads_the_page_and_it_names_the_services_that_are_missing(self, county: Served) -> None:
        async def whole() -> bool:
            async with browser(county) as client:
                answer = await client.get("/")
            assert answer.status_code == 200
            assert answer.text.count('<tr id="town-411521') == 20
            assert "缴费服务未给出汇总" in answer.text
            assert "资助核定服务未给出汇总" in answer.text
            return "<b>642,656</b>" in answer.text

        await eventually(whole, message="the page shows what the services answer")

    async def test_the_page_survives_without_any_service(self, installation: Installation) -> None:
        async with serving(installation, CONSOLE) as served, browser(served) as client:
            for language, verdict in {"zh": "没有取得访问令牌", "en": "no access token"}.items():
                answer = await client.get("/", params={"lang": language})
                assert (answer.status_code, verdict in answer.text) == (200, True)

    async def test_where_other_machines_can_listen_no_request_opens_the_townships(
        self, installation: Installation
    ) -> None:
        anywhere = installation.with_settings(listen_host="0.0.0.0")
        async with serving(anywhere, REGISTRATION, QUOTA, CONSOLE) as served, browser(served) as client:
            caller = installation.caller("quota:write")
            assert (await client.post("/quota/v1/targets", json=annex(), headers=caller)).status_code == 201

            async def county_alone() -> bool:
                forged = {"Host": "localhost", "X-Forwarded-For": "127.0.0.1"}
                answer = await client.get("/", headers=forged)
                assert "town-411521" not in answer.text
                assert "铁铺" not in answer.text
                return "<b>642,650</b>" in answer.text

            await eventually(county_alone, message="the page shows the county's totals")

    async def test_english_is_spoken_on_request(self, county: Served) -> None:
        async with browser(county) as client:
            answer = await client.get("/?lang=en")
        assert '<html lang="en">' in answer.text
        assert "Townships" in answer.text

    async def test_the_page_asks_the_browser_for_nothing_from_elsewhere(self, county: Served) -> None:
        async with browser(county) as client:
            page = await client.get("/")
            assert page.headers["content-security-policy"].startswith("default-src 'none'")
            for name, kind in {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image"}.items():
                file = await client.get(f"/static/{name}")
                assert file.status_code == 200
                assert file.headers["content-type"].startswith(kind)
                assert "://" not in file.text.replace("http://www.w3.org/2000/svg", "")

    @pytest.mark.parametrize(
        "path", ["/static/page.html", "/static/..%2fpages.py", "/static/", "/nothing", "/redoc", "/openapi.json"]
    )
    async def test_nothing_else_is_handed_out(self, county: Served, path: str) -> None:
        async with browser(county) as client:
            assert (await client.get(path)).status_code == 404


class TestStream:
    async def test_a_browser_that_is_up_to_date_receives_nothing_until_something_changes(self, county: Served) -> None:
        async with browser(county) as client:
            seen = (await client.get("/")).text.partition('data-seen="')[2].partition('"')[0]
            async with client.stream("GET", "/stream", params={"seen": seen}) as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                received = asyncio.create_task(_event(stream.aiter_lines()))
                smaller = annex(note="任务数按比例缩小", document="演示")
                await client.post("/quota/v1/targets", json=smaller, headers=county.installation.caller("quota:write"))
                event = await asyncio.wait_for(received, stretched(10))
        assert "演示：任务数按比例缩小" in event["data"]
        assert event["id"] != seen

    async def test_a_browser_that_missed_something_is_notified_at_once(self, county: Served) -> None:
        async with (
            browser(county) as client,
            client.stream("GET", "/stream?seen=old", headers={"Last-Event-ID": "older"}) as stream,
        ):
            event = await asyncio.wait_for(_event(stream.aiter_lines()), stretched(10))
        assert "town-411521101" in event["data"]

    async def test_an_open_page_does_not_hold_up_the_stop(self, county: Served) -> None:
        async with browser(county) as client, client.stream("GET", "/stream") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            began = time.monotonic()
            county.stop.set()
            async for _ in lines:
                pass
            await eventually(county.ended.done, within_s=10)
        assert time.monotonic() - began < stretched(5)


async def _event(lines: AsyncIterator[str]) -> dict[str, str]:
    """The next event of the stream."""
    fields: dict[str, str] = {}
    async for line in lines:
        name, colon, value = line.partition(": ")
        if not line and "data" in fields:
            return fields
        if colon and name:
            fields[name] = fields[name] + "\n" + value if name in fields else value
    raise AssertionError("the stream ended without an event")
