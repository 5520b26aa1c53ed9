"""Every route of every service under generated requests, by four callers: the answers are those that are documented.

``CANBAO_TEST_EXAMPLES`` sets how many requests are invented per route, beside those at the edges of its schema.
"""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

import schemathesis
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.config import SchemathesisConfig

from tests.endpoints.server import SCOPES, Served
from tests.harness.conformance import document_of

EXAMPLES = int(os.environ.get("CANBAO_TEST_EXAMPLES", "3"))
ELSEWHERE = "320102"
# Callers without rights are answered before anything of the request is read, so a few of them show as much as many.
UNPRIVILEGED = 4
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = {
    "seed": 411521,
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
    "phases": {"coverage": {"unexpected-methods": []}},  # they have no operation; see test_hostile.py
}

asked: Counter[str] = Counter()


def _schema(service: str) -> Any:
    return schemathesis.openapi.from_dict(document_of(service), config=SchemathesisConfig.from_dict(CONFIG))


def _grounded(value: Any, known: Mapping[str, str]) -> Any:
    """The same with what is really there, wherever a field is named like it."""
    if isinstance(value, dict):
        return {name: known[name] if name in known else _grounded(each, known) for name, each in value.items()}
    return [_grounded(each, known) for each in value] if isinstance(value, list) else value


def examine(case: schemathesis.Case[Any], county: Served) -> None:
    """Ask by every caller, then with what is really there."""
    service = case.operation.schema.raw_schema["servers"][0]["url"]
    base_url = county.base_url + service
    caller = county.caller
    guarded = bool(case.operation.definition.raw["security"])
    asked[case.operation.label] += 1

    def ask(headers: dict[str, str]) -> int:
        return case.call_and_validate(base_url=base_url, headers=headers, checks=CHECKS).status_code

    ask(caller(*SCOPES))
    ask(caller(*SCOPES, region=ELSEWHERE))
    if guarded and asked[case.operation.label] <= UNPRIVILEGED:
        assert ask(caller()) == 403
        assert ask({"Authorization": ""}) == 401
    case.path_parameters = _grounded(case.path_parameters, county.known)
    case.body = _grounded(case.body, county.known)
    ask(caller(*SCOPES))
    there = ask(caller(*SCOPES, region=ELSEWHERE))
    if any(name in county.known for name in case.path_parameters):
        assert there >= 400, "another region's caller was answered"


registration, subsidy, payment, quota = (_schema(name) for name in ("registration", "subsidy", "payment", "quota"))
test_registration = registration.parametrize()(examine)
test_subsidy = subsidy.parametrize()(examine)
test_payment = payment.parametrize()(examine)
test_quota = quota.parametrize()(examine)
