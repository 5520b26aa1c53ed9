"""Writes the vocabulary into an OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shared.names import names_of
from shared.web.vocabulary.words import SEPARATOR, vocabulary

_REF = "#/components/schemas/"
# Objects whose values have names: the document lists them beside the codes.
_NAMED = {
    "Identity": "identity",
    "Channel": "channel",
    "Funder": "funder",
    "DocumentType": "document_type",
    "Hukou": "hukou",
    "Residence": "residence",
    "InsuranceType": "insurance_type",
    "InsuranceStatus": "insurance_status",
    "Relation": "relation",
    "SchoolLevel": "school_level",
    "RefundReason": "refund_reason",
    "OrderState": "order_state",
    "BatchKind": "batch_kind",
    "BatchState": "batch_state",
    "CashRefundState": "cash_refund_state",
    "Signature": "signature",
    "RefundState": "refund_state",
    "SuspenseState": "suspense_state",
    "SuspenseReason": "suspense_reason",
}


class Field(NamedTuple):
    """A field of an object, or a parameter of an operation, where it stands in the document."""

    owner: str
    name: str
    kind: str
    place: dict[str, Any]


def describe(service: str, document: dict[str, Any]) -> None:
    """Describe every operation, field, object and answer of a service's document in both languages."""
    for path, method, operation in operations(document):
        _describe_operation(service, f"{method.upper()} {path}", operation)
    for field in fields(document):
        text = vocabulary().field(field.owner, field.name, field.kind)
        if text is not None:
            field.place["description"] = str(text)
    for name, schema in document["components"]["schemas"].items():
        _describe_schema(name, schema)


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its path and method."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def fields(document: Mapping[str, Any]) -> Iterator[Field]:
    """Every parameter and header of every operation, and every field of every object, however deep it stands."""
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        owner = f"{method.upper()} {path}"
        for parameter in operation.get("parameters", ()):
            yield Field(owner, parameter["name"], _kind(parameter["schema"], schemas), parameter)
        for answer in operation["responses"].values():
            for name, header in answer.get("headers", {}).items():
                yield Field(owner, name, _kind(header["schema"], schemas), header)
        yield from _inner(owner, operation, schemas)
    for owner, schema in schemas.items():
        yield from _inner(owner, schema, schemas)


def _inner(owner: str, place: Any, schemas: Mapping[str, Any]) -> Iterator[Field]:
    """The fields of every object written out within a place; one without a name of its own is called by its path."""
    if isinstance(place, list):
        for part in place:
            yield from _inner(owner, part, schemas)
    elif isinstance(place, dict):
        properties = place.get("properties", {})
        for name, shape in properties.items():
            yield Field(owner, name, _kind(shape, schemas), shape)
            yield from _inner(f"{owner}.{name}", shape, schemas)
        for key, part in place.items():
            # The parts of allOf narrow the fields of a named object; an example shows values.
            if key not in ("properties", "allOf", "example", "examples"):
                yield from _inner(owner, part, schemas)


def _kind(shape: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """The JSON type of a field: integer, string, boolean, object or array; null beside it does not count."""
    if "anyOf" in shape:
        kinds = {_kind(each, schemas) for each in shape["anyOf"]} - {"null"}
        return "|".join(sorted(kinds))
    if "$ref" in shape:
        return _kind(schemas[shape["$ref"].removeprefix(_REF)], schemas)
    if "const" in shape:
        return {str: "string", bool: "boolean", int: "integer"}.get(type(shape["const"]), "string")
    return str(shape.get("type", "any"))


def _describe_operation(service: str, key: str, operation: dict[str, Any]) -> None:
    text = vocabulary().operations.get(service, {}).get(key)
    if text is not None:
        operation["summary"] = str(text.name)
        operation["description"] = f"{text.more}{SEPARATOR}{_plain(operation.get('description', ''))}"
    for answer in operation["responses"].values():
        said = vocabulary().answers.get(answer.get("description", ""))
        if said is not None:
            answer["description"] = str(said)


def _describe_schema(name: str, schema: dict[str, Any]) -> None:
    zh = vocabulary().schemas.get(name)
    if zh is None:
        return
    schema["description"] = f"{zh}{SEPARATOR}{_plain(schema.get('description', ''))}".removesuffix(SEPARATOR)
    if name in _NAMED and "enum" in schema:
        known = names_of(_NAMED[name])
        listed = "\n".join(f"- `{code}` {known[code]}" for code in schema["enum"] if code in known)
        schema["description"] += f"\n\n{listed}"


def _plain(docstring: str) -> str:
    """A docstring as Markdown: literals in single backquotes, lines joined."""
    return " ".join(docstring.replace("``", "`").split())
