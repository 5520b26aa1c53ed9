"""Answers held against the OpenAPI documents: whatever a test provokes, it must be an answer that is documented."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from services.composition import SERVICES
from shared.web.app import ServiceApp


@dataclass(frozen=True)
class Operation:
    """One documented operation, found by the path and method of a request."""

    service: str
    method: str
    path: re.Pattern[str]
    template: str
    answers: dict[str, dict[str, Any]]


@cache
def document_of(service: str) -> dict[str, Any]:
    """A service's OpenAPI document."""
    return ServiceApp(next(each for each in SERVICES if each.name == service)).openapi()


@cache
def operations() -> tuple[Operation, ...]:
    """Every documented operation."""
    return tuple(_operations())


def _operations() -> Iterator[Operation]:
    for service in SERVICES:
        if service.mount is not None:
            continue
        for template, item in document_of(service.name).get("paths", {}).items():
            path = re.compile(re.escape(service.prefix) + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))
            for method, operation in item.items():
                yield Operation(service.name, method.upper(), path, template, operation["responses"])


@cache
def _validator(service: str, method: str, template: str, status: str) -> Draft202012Validator:
    document = document_of(service)
    (content,) = document["paths"][template][method.lower()]["responses"][status]["content"].values()
    schema = content["schema"] | {"components": document["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def undocumented(method: str, path: str, answer: httpx.Response) -> str | None:
    """What about an answer stands in no document; None where all of it does, or where nothing has that path."""
    found = [each for each in operations() if each.method == method and each.path.fullmatch(path)]
    if not found:
        return None
    operation = found[0]
    for each in found:  # a literal path stands before one with parameters
        if "{" not in each.template:
            operation = each
    said = f"{method} {path} answered {answer.status_code}"
    status = str(answer.status_code)
    if status not in operation.answers:
        return f"{said}, which is not documented: {answer.text[:300]}"
    if "retry-after" in answer.headers and "Retry-After" not in operation.answers[status].get("headers", {}):
        return f"{said} with Retry-After, which is not documented"
    content = operation.answers[status].get("content")
    if content is None:
        return f"{said} with a body that is not documented" if answer.content else None
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if media_type not in content:
        return f"{said} as {media_type!r}, documented is {sorted(content)}"
    validator = _validator(operation.service, method, operation.template, status)
    said_in_it = answer.text if media_type == "text/plain" else json.loads(answer.content)
    errors = sorted(validator.iter_errors(said_in_it), key=lambda error: error.json_path)
    return f"{said}, not as documented: {errors[0].json_path} {errors[0].message[:300]}" if errors else None


async def must_be_documented(answer: httpx.Response) -> None:
    """For an HTTP client: read the answer and hold it against the documents."""
    await answer.aread()
    complaint = undocumented(answer.request.method, answer.request.url.path, answer)
    assert complaint is None, complaint
