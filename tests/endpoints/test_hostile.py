"""Bad input at every endpoint: what cannot be read in one way only is refused by name, and nothing of it is applied."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from services.composition import SERVICES
from shared.web.dependencies import scope_of
from shared.web.strict_json import MAX_DEPTH
from shared.web.strict_route import FORM_TYPE, JSON_TYPE, MAX_BODY_BYTES, MAX_QUERY_BYTES, StrictRoute, body_type
from tests.endpoints.server import SCOPES, Served
from tests.harness.conformance import must_be_documented
from tests.harness.eventually import eventually
from tests.harness.timeouts import stretched

JSON = {"Content-Type": "application/json"}


def endpoints() -> Iterator[tuple[str, str, APIRoute]]:
    for service in SERVICES:
        for router in service.routers:
            for route in router.routes:
                if isinstance(route, StrictRoute):
                    for method in route.methods or ():
                        yield method, service.prefix + re.sub(r"\{\w+\}", str(uuid4()), route.path), route


ENDPOINTS = list(endpoints())
WITH_JSON = [(method, path, route) for method, path, route in ENDPOINTS if body_type(route) == JSON_TYPE]


def each(some: list[tuple[str, str, APIRoute]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("method", "path"),
        [(method, path) for method, path, _ in some],
        ids=[f"{method} {route.path}" for method, _, route in some],
    )


@pytest.fixture
async def http(county: Served) -> Any:
    async with httpx.AsyncClient(
        base_url=county.base_url,
        headers=county.caller(*SCOPES),
        trust_env=False,
        verify=False,
        timeout=stretched(30),
        event_hooks={"response": [must_be_documented]},
    ) as client:
        yield client


def refused(answer: httpx.Response, status: int, code: str, reason: str = "") -> None:
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["code"] == code
    assert problem["remedy"]
    assert problem["remedy_en"]
    assert reason in json.dumps(problem.get("errors", []), ensure_ascii=False)


UNREADABLE = {
    "nested too deep": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "nested deeper"),
    "arrays nested too deep": (b"[" * 100_000, "nested deeper"),
    "deeper by one": (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
    "digits without end": (b'{"a":' + b"9" * 100_000 + b"}", "digits"),
    "an exponent out of range": (b'{"a":1e400}', "out of range"),
    "NaN": (b'{"a":NaN}', "NaN"),
    "Infinity": (b'{"a":-Infinity}', "NaN and Infinity"),
    "a key twice": (b'{"date":"2023-10-05","date":"2024-01-01"}', "stands twice"),
    "a key twice further in": (b'{"lines":[{"a":1,"a":2}]}', "stands twice"),
    "not UTF-8": ('{"name":"张三"}'.encode("gb18030"), "UTF-8"),
    "UTF-16": ('{"name":"x"}'.encode("utf-16"), "UTF-8"),
    "UTF-8 with a surrogate": (b'{"name":"\xed\xa0\x80"}', "UTF-8"),
    "an escaped half character": (b'{"name":"\\ud800"}', "half a character"),
    "an escaped NUL": (b'{"name":"\\u0000"}', "control character"),
    "an escaped NUL in a key": (b'{"na\\u0000me":1}', "control character"),
    "a raw control character": (b'{"name":"a\x01b"}', "control character"),
    "cut off": (b'{"name":"x"', ""),
    "two values": (b"{}{}", ""),
    "a comment": (b'{"a":1/**/}', ""),
    "empty text": (b" ", ""),
}


@each(WITH_JSON)
async def test_unreadable_json_is_refused(http: httpx.AsyncClient, method: str, path: str) -> None:
    for kind, (body, reason) in UNREADABLE.items():
        answer = await http.request(method, path, content=body, headers=JSON)
        assert (kind, answer.status_code) == (kind, 422)
        refused(answer, 422, "MALFORMED_REQUEST", reason)


SHAPES: list[Any] = [None, 1, -1, 10**29, 0.5, True, "x", [], [[]], [{}], "\u202e", "x" * 10_000]


@each(WITH_JSON)
async def test_other_shapes_than_the_documented_are_refused(http: httpx.AsyncClient, method: str, path: str) -> None:
    for value in SHAPES:
        refused(await http.request(method, path, json=value), 422, "MALFORMED_REQUEST")


def _examples() -> Iterator[Any]:
    for method, path, route in WITH_JSON:
        assert route.body_field is not None
        model: Any = route.body_field.field_info.annotation
        yield pytest.param(method, path, model.model_config["json_schema_extra"]["examples"][0], id=route.path)


EXAMPLES = pytest.mark.parametrize(("method", "path", "example"), list(_examples()))


@EXAMPLES
async def test_an_unknown_field_is_refused_and_named(
    http: httpx.AsyncClient, method: str, path: str, example: dict[str, Any]
) -> None:
    answer = await http.request(method, path, json=example | {"is_admin": True})
    refused(answer, 422, "MALFORMED_REQUEST", "/is_admin")


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a body that holds a value."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*place, name))
    else:
        yield place


def _with(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = json.loads(json.dumps(body))
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return changed


@EXAMPLES
@pytest.mark.parametrize(
    "bad", [10**25, -(10**25), 1e308, "9999-12-31T00:00:00Z", "-1", {"$ne": None}, [1], "a\x1b[31m"]
)
async def test_a_wrong_value_in_any_place_is_never_an_error_of_ours(
    http: httpx.AsyncClient, method: str, path: str, example: dict[str, Any], bad: Any
) -> None:
    for place in _places(example):
        answer = await http.request(method, path, json=_with(example, place, bad))
        assert answer.status_code < 500, f"{place}: {answer.text}"
        assert answer.status_code >= 400 or isinstance(bad, str), f"{place}: {bad!r} was taken"


@EXAMPLES
async def test_control_and_formatting_characters_are_refused_in_any_text(
    http: httpx.AsyncClient, method: str, path: str, example: dict[str, Any]
) -> None:
    """Each could make a line of a log or a list pass for another: a line break, an escape sequence, a turned text."""
    for place in _places(example):
        for bad in ("a\nlevel=error", "a\x1b[2J", "a\u202eb", "a\u2028b", "a\x7fb"):
            answer = await http.request(method, path, json=_with(example, place, bad))
            if path.endswith("/rosters") and place[:1] == ("lines",):  # a line is refused by itself
                assert answer.json()["accepted"] == 0 if answer.is_success else answer.status_code == 422
            elif path.endswith("/batch") and answer.is_success:
                assert answer.json()["registered"] == []
            else:
                assert 400 <= answer.status_code < 500, f"{place} took {bad!r}: {answer.text}"


@each([each for each in ENDPOINTS if body_type(each[2]) is not None])
class TestBodies:
    async def test_a_body_of_another_kind_is_refused(self, http: httpx.AsyncClient, method: str, path: str) -> None:
        for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp", ""):
            answer = await http.request(method, path, content=b"{}", headers={"Content-Type": kind})
            refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    async def test_a_body_that_is_too_large_is_refused(self, http: httpx.AsyncClient, method: str, path: str) -> None:
        kind = {"Content-Type": FORM_TYPE if path.endswith("/token") else JSON_TYPE}
        answer = await http.request(method, path, content=b" " * (MAX_BODY_BYTES + 1), headers=kind)
        refused(answer, 413, "BODY_TOO_LARGE")

    async def test_a_body_that_is_too_large_and_does_not_say_so_is_refused(
        self, http: httpx.AsyncClient, method: str, path: str
    ) -> None:
        async def chunks() -> Any:
            for _ in range(MAX_BODY_BYTES // 65_536 + 1):
                yield b" " * 65_536

        if path.endswith("/token"):  # a form's field has a narrower bound of its own
            answer = await http.request(method, path, content=chunks(), headers={"Content-Type": FORM_TYPE})
            refused(answer, 400, "BAD_REQUEST")
        else:
            answer = await http.request(method, path, content=chunks(), headers={"Content-Type": JSON_TYPE})
            refused(answer, 413, "BODY_TOO_LARGE")


@each(ENDPOINTS)
class TestQueries:
    async def test_an_unknown_parameter_is_refused(self, http: httpx.AsyncClient, method: str, path: str) -> None:
        answer = await http.request(method, path, params={"regoin": "1"}, headers=JSON)
        refused(answer, 422, "MALFORMED_REQUEST", "/regoin")

    async def test_an_address_with_a_slash_more_is_another_one(
        self, http: httpx.AsyncClient, method: str, path: str
    ) -> None:
        answer = await http.request(method, f"{path}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    async def test_a_query_that_is_too_long_is_refused(self, http: httpx.AsyncClient, method: str, path: str) -> None:
        answer = await http.request(method, f"{path}?after={'x' * MAX_QUERY_BYTES}", headers=JSON)
        refused(answer, 422, "MALFORMED_REQUEST")

    async def test_what_no_column_takes_is_refused_in_path_and_query(
        self, http: httpx.AsyncClient, county: Served, method: str, path: str
    ) -> None:
        for bad in ("%00", "a%00b", "%ed%a0%80", "%ff", "%0d%0aSet-Cookie:%20a=b"):
            for target in (f"{path}?after={bad}", f"{path}{bad}", f"{path}/{bad}"):
                answer = await http.request(method, target, headers=JSON)
                assert 400 <= answer.status_code < 500, target
                assert "set-cookie" not in answer.headers


GUARDED = [each for each in ENDPOINTS if scope_of(each[2]) is not None]


@each(GUARDED)
async def test_who_may_not_enter_learns_nothing_of_what_is_wrong_with_the_request(
    county: Served, method: str, path: str
) -> None:
    """No token before anything, no scope before what is asked: otherwise a stranger could map the endpoints."""
    async with httpx.AsyncClient(base_url=county.base_url, trust_env=False, verify=False) as stranger:
        for content in (b"", b"{", b"[" * 20_000):
            asked: dict[str, Any] = {"content": content, "params": {"unknown": "1"}}
            answer = await stranger.request(method, path, headers=JSON, **asked)
            refused(answer, 401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            answer = await stranger.request(method, path, headers=JSON | county.caller("nothing:at-all"), **asked)
            refused(answer, 403, "SCOPE_MISSING")


@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "' OR 1=1 --", "x" * 100_000, "\u202e", "张三"])
async def test_a_client_that_cannot_be_is_unknown(http: httpx.AsyncClient, bad: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": bad, "client_secret": bad}
    answer = await http.post("/registration/v1/token", data=form)
    assert answer.status_code in (401, 422)
    assert answer.json()["code"] in ("INVALID_CLIENT", "MALFORMED_REQUEST")


async def test_what_is_no_http_is_logged_in_the_form_of_all_lines(county: Served) -> None:
    address = httpx.URL(county.base_url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"no http at all\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in county.log.read_text(encoding="utf-8").splitlines()]

    await eventually(lambda: any("Invalid HTTP request" in line["event"] for line in lines()), message="it is logged")
