"""The page in Chromium, served by real services on a real port."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from services.console.page_renderer import FOLDER, PageRenderer
from services.console.summaries import ServiceFault
from services.console.translations import LANGUAGES
from shared.settings import Settings
from tests.harness.installation import Installation
from tests.harness.serving import Served, serving
from tests.harness.timeouts import stretched
from tests.services.console.test_view import snapshot
from tests.services.quota.targets_notice import annex
from tests.services.registration.test_enrolments import a_person

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
expect.set_options(timeout=stretched(15_000))
SCOPES = ("registration:read", "registration:write", "registration:operate", "quota:write")


@pytest.fixture
async def county(installation: Installation) -> AsyncIterator[Served]:
    """Every service, with the annex's targets and a first village."""
    async with serving(installation) as served, clerk(served) as client:
        regions = [{"code": "411521101", "name": "铁铺"}]
        assert (await client.post("/registration/v1/regions", json={"regions": regions})).status_code == 204
        assert (await client.post("/quota/v1/targets", json=annex(note="演示"))).status_code == 201
        yield served


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Debian's own Chromium with a profile of its own."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "no Chromium for the page tests: sh deploy/system-packages"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


def clerk(served: Served) -> httpx.AsyncClient:
    headers = served.installation.caller(*SCOPES)
    return httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=stretched(20), trust_env=False)


async def watched(page: Page) -> tuple[list[str], set[str]]:
    """What a page complains of, and the hosts it asks, from now on."""
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    return complaints, hosts


async def test_a_number_changes_over_the_event_stream_without_a_reload(county: Served, chromium: Browser) -> None:
    page = await chromium.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    complaints, hosts = await watched(page)
    await page.goto(county.base_url)
    await expect(page.locator("#towns-rows tr")).to_have_count(20)
    await expect(page.locator("#link")).to_have_text("实时更新")
    await expect(page.locator("#verdict-callbacks")).to_contain_text("每一笔回调都已入账。")
    await expect(page.locator(".notice").first).to_contain_text("演示")
    registered = page.locator("#town-411521101 td").nth(1)
    await expect(registered).to_have_text("0")
    await page.evaluate("window.sinceLoad = 'never reloaded'")

    async with clerk(county) as client:
        for sequence in range(1, 4):
            answer = await client.post("/registration/v1/enrolments", json=a_person(sequence))
            assert answer.status_code == 201, answer.text

    await expect(registered).to_have_text("3")
    await expect(page.locator("#tile-registered")).to_contain_text("3")
    assert await page.evaluate("window.sinceLoad") == "never reloaded"
    assert complaints == []
    assert hosts == {urlsplit(county.base_url).netloc}


async def test_townships_change_places_and_an_open_table_stays_open(county: Served, chromium: Browser) -> None:
    page = await chromium.new_page()
    complaints, _ = await watched(page)
    await page.goto(county.base_url)
    await expect(page.locator("#link")).to_have_text("实时更新")
    first = page.locator("#towns-rows tr").first
    await expect(first).not_to_have_id("town-411521101")
    await page.locator("summary").click()
    await page.evaluate("window.sinceLoad = 'never reloaded'")
    # Nobody is enrolled, so the township with the largest target has the widest gap.
    larger = annex(note="演示")
    larger["towns"][0]["target"] += 900_000
    larger["declared_total"] += 900_000
    async with clerk(county) as client:
        assert (await client.post("/quota/v1/targets", json=larger)).status_code == 201
    await expect(first).to_have_id("town-411521101")
    await expect(page.locator("#trend-weeks")).to_be_visible()
    assert await page.evaluate("window.sinceLoad") == "never reloaded"
    assert complaints == []


async def test_paper_shows_the_tables_and_no_buttons(chromium: Browser, tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "static", tmp_path / "static")
    document = tmp_path / "page.html"
    document.write_text(PageRenderer(Settings()).whole(snapshot(), "zh"), encoding="utf-8")
    page = await chromium.new_page(viewport={"width": 1032, "height": 700}, color_scheme="dark")
    await page.goto(document.as_uri())
    await expect(page.locator("#trend-weeks")).not_to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.locator("#trend-weeks tr").first).to_be_visible()
    await expect(page.locator(".tools")).not_to_be_visible()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


async def test_the_page_is_whole_without_javascript(county: Served, chromium: Browser) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(county.base_url)
    await expect(page.locator("#towns-rows tr")).to_have_count(20)
    await expect(page.locator("#verdicts li").first).to_be_visible()
    assert await page.locator('noscript meta[http-equiv="refresh"]').count() == 1


async def test_nothing_is_cut_off_at_any_width_in_either_language(chromium: Browser, tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "static", tmp_path / "static")
    troubled = snapshot(
        payment={
            "suspense": {"count": 3, "fen": 114_000},
            "held": {"count": 1, "fen": 760_000},
            "unattributed": {"count": 3, "fen": 114_000, "suspense_fen": 114_000, "channel_fen": 114_000},
        },
        quota={"unattributed": {"registered": 2, "enrolled": 1}},
        subsidy=ServiceFault.UNREACHABLE,
    )
    page = await chromium.new_page()
    for lang in LANGUAGES:
        document = tmp_path / f"{lang}.html"
        document.write_text(PageRenderer(Settings()).whole(troubled, lang), encoding="utf-8")
        for width in (320, 375, 420, 600, 768, 941, 1024, 1440):
            await page.set_viewport_size({"width": width, "height": 900})
            await page.goto(document.as_uri())
            await expect(page.locator("#towns-rows tr")).to_have_count(21)
            beyond = await page.evaluate("""
                Array.from(document.querySelectorAll("main *"))
                    .filter((part) => part.getBoundingClientRect().right > window.innerWidth
                        || (part.matches(".tile, td, th, li") && part.scrollWidth > part.clientWidth + 1))
                    .map((part) => part.id || part.className || part.tagName)
            """)
            assert beyond == [], (lang, width)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, (lang, width)


async def test_the_language_switch_leads_to_english_and_back(county: Served, chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.goto(county.base_url)
    await page.locator(".language").click()
    await expect(page.locator("h1")).to_contain_text("Enrolment and collection")
    await expect(page.locator("#link")).to_have_text("Live")
    await page.locator(".language").click()
    await expect(page.locator("h1")).to_contain_text("参保征缴运行")


async def test_a_page_says_when_the_connection_is_lost_and_keeps_its_numbers(county: Served, chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.goto(county.base_url)
    await expect(page.locator("#link")).to_have_text("实时更新")
    county.stop.set()
    await expect(page.locator("#link")).to_have_text("连接中断，正在重连")
    await expect(page.locator("#towns-rows tr")).to_have_count(20)
