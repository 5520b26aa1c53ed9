"""The OpenAPI document of a service, made true: what each route asks of its caller, and every refusal it can answer.

FastAPI lists parameters, bodies and good answers. Scopes and refusals follow from the route itself, so nobody has to
keep a second list by hand; a lean route answers in its channel's form. What each operation and field means stands in
``shared/web/vocabulary`` and is written into the document here.
"""

from collections import defaultdict
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute

from shared.errors import ErrorCode
from shared.names import names_of
from shared.service import Service
from shared.web.dependencies import scope_of
from shared.web.error_responses import error_codes_of, statuses_with_retry_after
from shared.web.lean_route import LeanRoute
from shared.web.vocabulary.describe import describe

_PROBLEM_TYPE = "application/problem+json"
_SCHEME = "canbao"
_TOKEN_URL = "/registration/v1/token"  # noqa: S105 - a path, not a secret
_TEXT = {"type": "string"}
_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "A refusal (RFC 9457); docs/errors.md lists the codes and what to do.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "pattern": "^urn:canbao:error:[a-z0-9-]+$"},
        "code": {"type": "string", "enum": []},
        "status": {"type": "integer"},
        "title": _TEXT,
        "title_en": _TEXT,
        "remedy": _TEXT,
        "remedy_en": _TEXT,
        "detail": _TEXT,
        "error": _TEXT,
        "error_description": _TEXT,
        "trace_id": {"type": "string", "format": "uuid"},
        "existing": {"type": "string", "format": "uuid"},
        "order_no": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "title": "WrongField",
                "description": "One field of the request that is wrong, by its JSON pointer.",
                "type": "object",
                "properties": {"pointer": _TEXT, "detail": _TEXT, "kind": _TEXT},
                "required": ["pointer", "detail"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "code", "status", "title", "title_en", "remedy", "remedy_en", "trace_id"],
    "additionalProperties": False,
}
_CHALLENGE: dict[str, Any] = {"WWW-Authenticate": {"required": True, "schema": _TEXT}}
_RETRY_AFTER: dict[str, Any] = {"Retry-After": {"required": False, "schema": _TEXT}}


def described(service: Service, document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with scopes and refusals; where the service is mounted is its server."""
    document["servers"] = [{"url": service.prefix or "/"}]
    scopes: set[str] = set()
    codes: set[str] = set()
    for router in service.routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in sorted(route.methods or ()):
                    operation = document["paths"][route.path_format][method.lower()]
                    _describe(route, operation)
                    scopes |= {scope_of(route) or ""}
                    codes |= {code.name for code in error_codes_of(route)}
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    known = [code.name for code in ErrorCode if code.name in codes]
    schemas["Problem"] = _problem(known)
    document["paths"] = _named(document["paths"], schemas)
    for name, schema in list(schemas.items()):
        schemas[name] = {key: _named(part, schemas) for key, part in schema.items()}
    components["securitySchemes"] = {_SCHEME: _scheme(sorted(scopes - {""}))}
    document["info"]["title"] = f"canbao {names_of('service')[service.name].zh} {service.name}"
    describe(service.name, document)
    return document


def _describe(route: APIRoute, operation: dict[str, Any]) -> None:
    if isinstance(route, LeanRoute):
        operation["responses"].pop("422", None)
        return
    scope = scope_of(route)
    operation["security"] = [{_SCHEME: [scope]}] if scope is not None else []
    by_status: dict[int, list[ErrorCode]] = defaultdict(list)
    for code in error_codes_of(route):
        by_status[code.value.status].append(code)
    for status, refusals in by_status.items():
        headers = (_CHALLENGE if status == HTTPStatus.UNAUTHORIZED else {}) | (
            _RETRY_AFTER if status in statuses_with_retry_after(route) else {}
        )
        operation["responses"][str(status)] = _refusal(status, refusals) | ({"headers": headers} if headers else {})
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _problem(codes: list[str]) -> dict[str, Any]:
    """The schema of a refusal, a copy for each document."""
    schema = deepcopy(_PROBLEM)
    schema["properties"]["code"]["enum"] = codes
    return schema


def _named(place: Any, schemas: dict[str, Any]) -> Any:
    """A copy in which an object written out with a title stands among the schemas, and is referred to by its name.

    Each field is a copy of its own, because each gets its own description.
    """
    if isinstance(place, list):
        return [_named(part, schemas) for part in place]
    if not isinstance(place, dict):
        return place
    copied = {key: _named(part, schemas) for key, part in place.items()}
    if place.get("type") == "object" and "properties" in place and "title" in place:
        schemas[place["title"]] = copied
        return {"$ref": f"#/components/schemas/{place['title']}"}
    return copied


def _refusal(status: int, codes: list[ErrorCode]) -> dict[str, Any]:
    narrowed = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"code": {"enum": [code.name for code in codes]}, "status": {"const": status}}},
        ]
    }
    said = "\n".join(f"- `{code.name}` {code.value.zh} · {code.value.en}" for code in codes)
    return {"description": said, "content": {_PROBLEM_TYPE: {"schema": narrowed}}}


def _scheme(scopes: list[str]) -> dict[str, Any]:
    flow = {"tokenUrl": _TOKEN_URL, "scopes": {scope: scope for scope in scopes}}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}
