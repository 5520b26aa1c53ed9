"""The check on answers notices what is not documented."""

import httpx
import pytest

from tests.harness.conformance import undocumented

_PROBLEM = {
    "type": "urn:canbao:error:not-found",
    "code": "NOT_FOUND",
    "status": 404,
    "title": "t",
    "title_en": "t",
    "remedy": "r",
    "remedy_en": "r",
    "trace_id": "0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024",
}
_BILL = "/payment/v1/bills/0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024"
_HEADERS = {"content-type": "application/problem+json"}


def test_a_documented_answer_is_fine() -> None:
    assert undocumented("GET", _BILL, httpx.Response(404, json=_PROBLEM, headers=_HEADERS)) is None


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (httpx.Response(418), "which is not documented"),
        (httpx.Response(404, json=_PROBLEM), "as 'application/json'"),
        (httpx.Response(404, json=_PROBLEM | {"code": "ORDER_PAID"}, headers=_HEADERS), r"\$.code"),
        (httpx.Response(404, json=_PROBLEM | {"secret": 1}, headers=_HEADERS), "secret"),
        (httpx.Response(200, json={"id": 1}), "not as documented"),
        (httpx.Response(404, json=_PROBLEM, headers=_HEADERS | {"Retry-After": "1"}), "with Retry-After"),
    ],
)
def test_whatever_is_not_documented_is_named(answer: httpx.Response, complaint: str) -> None:
    said = undocumented("GET", _BILL, answer)
    assert said is not None
    assert complaint.replace("\\", "") in said


def test_a_path_of_no_document_is_not_judged() -> None:
    assert undocumented("GET", "/readyz", httpx.Response(503)) is None
