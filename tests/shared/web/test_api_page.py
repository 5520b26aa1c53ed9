"""The API as a page: every operation and object in one language, readable without a script or another host."""

import base64
import hashlib
import re

import pytest

from services.composition import SERVICES
from shared.web.api_page.content import half
from shared.web.vocabulary.describe import operations
from tests.harness.conformance import document_of
from tests.harness.installation import Installation

DESCRIBED = [service.name for service in SERVICES if service.mount is None]


async def test_every_service_shows_its_operations_and_objects_in_both_languages(installation: Installation) -> None:
    async with installation.http_client(*SERVICES, role="web") as http:
        for service in DESCRIBED:
            chinese = await http.get(f"/{service}/docs")
            english = await http.get(f"/{service}/docs?lang=en")
            assert (chinese.status_code, english.status_code) == (200, 200)
            assert '<html lang="zh-CN">' in chinese.text
            assert '<html lang="en">' in english.text
            document = document_of(service)
            for path, _, operation in operations(document):
                for page, lang in ((chinese.text, "zh"), (english.text, "en")):
                    assert f'<section id="{operation["operationId"]}">' in page
                    assert f"/{service}{path}" in page
                    assert f"<h2>{half(operation['summary'], 'en' if lang == 'en' else 'zh')}</h2>" in page
            for name in document["components"]["schemas"]:
                assert f'<section id="{name}">' in chinese.text
            links = set(re.findall(r'href="#([^"]+)"', chinese.text))
            assert links <= set(re.findall(r' id="([^"]+)"', chinese.text))


async def test_the_address_without_a_service_leads_to_each_of_them(installation: Installation) -> None:
    async with installation.http_client(*SERVICES, role="web") as http:
        page = (await http.get("/docs")).text
        assert re.findall(r'href="(\w+/docs)\?lang=zh"', page) == [f"{service}/docs" for service in DESCRIBED]
        for service in DESCRIBED:
            assert (await http.get(f"/{service}/docs?lang=zh")).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/payment/docs"])
async def test_a_browser_loads_nothing_but_the_style_within(installation: Installation, path: str) -> None:
    async with installation.http_client(*SERVICES, role="web") as http:
        answer = await http.get(path)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    for loading in ("<script", "<link", "<img", "src=", "@import", "url(", "style=", "http://", "https://"):
        assert loading not in answer.text, loading


async def test_the_page_is_only_read(installation: Installation) -> None:
    async with installation.http_client(*SERVICES, role="web") as http:
        for path in ("/docs", "/payment/docs"):
            for method in ("POST", "PUT", "DELETE"):
                assert (await http.request(method, path)).status_code == 405
        page = (await http.get("/payment/docs?lang=<script>")).text
        assert "<script>" not in page
        assert '<html lang="zh-CN">' in page


class TestHalves:
    def test_a_text_has_a_half_in_each_language(self) -> None:
        assert half("金额 · amount", "zh") == "金额"
        assert half("金额 · amount", "en") == "amount"

    def test_a_listed_code_stays_in_both(self) -> None:
        assert half("- `PAID` 已缴费 · paid", "zh") == "- `PAID` 已缴费"
        assert half("- `PAID` 已缴费 · paid", "en") == "- `PAID` paid"

    def test_a_text_in_one_language_stays_whole(self) -> None:
        assert half("amount", "zh") == half("amount", "en") == "amount"
