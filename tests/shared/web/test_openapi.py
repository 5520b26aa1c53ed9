"""The OpenAPI documents: valid, complete, and with examples that the endpoints accept."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from services.composition import SERVICES
from shared.errors import DomainError, ErrorCode
from shared.service import Service
from shared.web.dependencies import scope_of
from shared.web.error_responses import error_codes_of, statuses_with_retry_after
from shared.web.lean_route import LeanRoute
from shared.web.strict_route import JSON_TYPE, StrictRoute, body_type
from tests.harness.conformance import document_of
from tools.cli import COMMANDS, loaded

ROOT = Path(__file__).parents[3]
DESCRIBED = [service for service in SERVICES if service.mount is None]


def routes() -> Iterator[tuple[Service, APIRoute, str]]:
    for service in DESCRIBED:
        for router in service.routers:
            for route in router.routes:
                assert isinstance(route, APIRoute)
                for method in route.methods or ():
                    yield service, route, method


def operation(service: Service, route: APIRoute, method: str) -> dict[str, Any]:
    found: dict[str, Any] = document_of(service.name)["paths"][route.path_format][method.lower()]
    return found


def test_every_route_is_strict_or_lean() -> None:
    for _, route, _ in routes():
        assert isinstance(route, StrictRoute | LeanRoute), f"{route.path}: APIRouter(route_class=StrictRoute)"


def test_every_route_is_described_with_its_scope() -> None:
    for service, route, method in routes():
        scope = scope_of(route)
        wanted = [{"canbao": [scope]}] if scope else []
        assert operation(service, route, method)["security"] == wanted, route.path
        if scope:
            flow = document_of(service.name)["components"]["securitySchemes"]["canbao"]["flows"]["clientCredentials"]
            assert scope in flow["scopes"]


def test_every_refusal_stands_under_its_status_with_the_remedy_in_reach() -> None:
    for service, route, method in routes():
        if not isinstance(route, StrictRoute):
            continue
        answers = operation(service, route, method)["responses"]
        for code in error_codes_of(route):
            content = answers[str(code.value.status)]["content"]
            assert list(content) == ["application/problem+json"]
            assert code.name in content["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
        assert "HTTPValidationError" not in str(answers)


def test_where_an_answer_says_when_to_try_again_the_header_is_documented() -> None:
    bill = document_of("payment")["paths"]["/v1/bills/{enrolment_id}"]["get"]["responses"]
    assert {status for status, answer in bill.items() if "Retry-After" in answer.get("headers", {})} == {"409", "503"}
    for service, route, method in routes():
        if isinstance(route, StrictRoute):
            answers = operation(service, route, method)["responses"]
            documented = {int(status) for status, each in answers.items() if "Retry-After" in each.get("headers", {})}
            assert documented == statuses_with_retry_after(route), route.path


def test_every_body_has_an_example_that_its_endpoint_accepts() -> None:
    seen = 0
    for _, route, _ in routes():
        if body_type(route) != JSON_TYPE or route.body_field is None:
            continue
        model = route.body_field.field_info.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        extra = model.model_config.get("json_schema_extra")
        assert isinstance(extra, dict), f"{model.__name__} has no example"
        examples = extra["examples"]
        assert isinstance(examples, list)
        for example in examples:
            model.model_validate(example)
            seen += 1
    assert seen > 10


def test_the_callback_answers_in_its_channels_form() -> None:
    answers = document_of("payment")["paths"]["/v1/callbacks/wechat/{mchid}"]["post"]["responses"]
    assert set(answers) == {"204", "400", "401", "404", "413", "500", "503"}
    for status, answer in answers.items():
        assert list(answer.get("content", {})) == ([] if status == "204" else ["application/json"])


def _raised() -> set[str]:
    """Names that stand after ``raise`` or are constructed, anywhere in the product."""
    names: set[str] = set()
    for path in [*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name | ast.Attribute):
                names.add(node.exc.id if isinstance(node.exc, ast.Name) else node.exc.attr)
            if isinstance(node, ast.Call):
                named = node.func
                names.add(named.id if isinstance(named, ast.Name) else getattr(named, "attr", ""))
            if isinstance(node, ast.Dict):
                names |= {value.id for value in node.values if isinstance(value, ast.Name)}
    return names


def _refusals(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for each in of.__subclasses__():
        if each.__module__.startswith(("services.", "shared.")):
            yield each
            yield from _refusals(each)


def test_every_code_is_raised_somewhere() -> None:
    by_hand = {  # answered by shared/web/problems.py, for what the framework or the database refuses
        ErrorCode.MALFORMED_REQUEST, ErrorCode.METHOD_NOT_ALLOWED, ErrorCode.BODY_TOO_LARGE,
        ErrorCode.DATABASE_UNAVAILABLE, ErrorCode.INTERNAL_ERROR, ErrorCode.BAD_REQUEST,
    }  # fmt: skip
    for command in COMMANDS:
        loaded(command)  # a command is imported when it is run, and brings refusals of its own
    raised = _raised()
    codes = {refusal.code for refusal in _refusals() if refusal.__name__ in raised}
    assert set(ErrorCode) - codes == by_hand


@pytest.mark.parametrize("service", DESCRIBED, ids=lambda service: service.name)
def test_every_refusal_that_a_route_names_is_in_the_catalogue_page(service: Service) -> None:
    known = document_of(service.name)["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert known == [code.name for code in ErrorCode if code.name in known]
    assert "MALFORMED_REQUEST" in known
