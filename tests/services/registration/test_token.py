"""The token endpoint answers as OAuth clients expect it (RFC 6749), and every other endpoint as RFC 6750 says."""

import httpx
import pytest

from tests.harness.installation import Installation
from tests.services.registration.test_enrolments import http

__all__ = ["http"]
TOKEN = "/registration/v1/token"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "x"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, 401, "invalid_client"),
    ],
)
async def test_what_is_wrong_is_said_in_the_words_of_oauth(
    http: httpx.AsyncClient, form: dict[str, str], status: int, error: str
) -> None:
    answer = await http.post(TOKEN, data=form, headers={"Authorization": ""})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"].isascii()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("www-authenticate") == ('Basic realm="canbao"' if status == 401 else None)


async def test_an_endpoint_says_which_credentials_it_wants_and_what_is_wrong_with_those_brought(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    path = "/registration/v1/summary?benefit_year=2024"
    said = []
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer x.y.z"}, installation.caller("quota:read")):
        answer = await http.get(path, headers=headers)
        said.append((answer.status_code, answer.headers["www-authenticate"]))
    assert said == [
        (401, 'Bearer realm="canbao"'),
        (401, 'Bearer realm="canbao", error="invalid_token"'),
        (403, 'Bearer realm="canbao", error="insufficient_scope"'),
    ]
