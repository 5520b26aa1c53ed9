"""F: every list that a service answers has a limit and a key to go on from, or says why it cannot grow."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

DOCUMENTS = sorted((Path(__file__).parents[2] / "docs" / "openapi").glob("*.json"))
MOST = 5_000

POLICY = "as the policy document has rules, days and funders"
ONE_PERSON = "of one person"
ONE_REQUEST = "what one request of bounded size brought"
FIRST = "the first of them, and how many there are"
# By path and field: a list beside those that are read page by page.
BOUNDED = {
    "/v1/bills/{enrolment_id} row.shares": POLICY,
    "/v1/bills/{enrolment_id} row.reasons": POLICY,
    "/v1/bills/{enrolment_id} rows": POLICY,
    "/v1/bills/{enrolment_id} rows.shares": POLICY,
    "/v1/bills/{enrolment_id} rows.reasons": POLICY,
    "/v1/suspense/{suspense_id}/offered-bills items": "one person's bills, one for each year, at most twenty",
    "/v1/orders/{order_no} lines": "the members of one family",
    "/v1/remittances items.differences": FIRST,
    "/v1/remittances/{batch_id} differences": FIRST,
    "/v1/summary towns": "the area's townships",
    "/v1/summary suspense.by_reason": "the reasons there are",
    "/v1/summary quarantine.by_reason": "the reasons there are",
    "/v1/clearing items": "one for each kind of what waits",
    "/v1/progress notices": "the documents in force, one for each county",
    "/v1/progress towns": "the area's townships",
    "/v1/progress unattributed.villages": FIRST,
    "/v1/enrolments/{enrolment_id}/explain identities": ONE_PERSON,
    "/v1/enrolments/{enrolment_id}/explain row.shares": POLICY,
    "/v1/enrolments/{enrolment_id}/explain row.reasons": POLICY,
    "/v1/enrolments/{enrolment_id}/explain decided_by": POLICY,
    "/v1/enrolments/{enrolment_id}/explain ruled_out": POLICY,
    "/v1/enrolments/{enrolment_id}/explain schedule": POLICY,
    "/v1/enrolments/{enrolment_id}/explain schedule.shares": POLICY,
    "/v1/enrolments/{enrolment_id}/explain schedule.reasons": POLICY,
    "/v1/summary enrolled_by_day": "the days of one year's collection",
    "/v1/summary enrolled_by_day_year_before": "the days of one year's collection",
    "/v1/uninsured identities": ONE_PERSON,
    "/v1/rosters/{roster_id} refused": ONE_REQUEST,
    "/v1/enrolments/{enrolment_id}/assessment identities": ONE_PERSON,
    "/v1/enrolments/{enrolment_id}/assessment schedule": POLICY,
    "/v1/enrolments/{enrolment_id}/assessment schedule.shares": POLICY,
    "/v1/enrolments/{enrolment_id}/assessment schedule.reasons": POLICY,
    "/v1/enrolments/{enrolment_id}/assessment reasons": POLICY,
    "/v1/enrolments/{enrolment_id}/assessment versions": ONE_PERSON,
    "/v1/summary identities": POLICY,
    "/v1/summary funders": POLICY,
}
# What is read page by page: the answer itself, its items, or the lines of a batch.
PAGES = ("", "items", "lines")


def lists_of(schema: Mapping[str, Any], parts: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[str]:
    """The fields of an answer that hold lists, by their way from its root."""
    if "$ref" in schema:
        yield from lists_of(parts[schema["$ref"].rpartition("/")[2]], parts, path)
    if schema.get("type") == "array":
        yield ".".join(path)
    for name, each in schema.get("properties", {}).items():
        yield from lists_of(each, parts, (*path, name))
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from lists_of(each, parts, path)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from lists_of(schema[inner], parts, path)


def lists(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every list that a GET answers: path, field and the parameters of the question."""
    parts = document.get("components", {}).get("schemas", {})
    for path, operations in document["paths"].items():
        question = operations.get("get", {"responses": {}})
        parameters = {each["name"]: each["schema"] for each in question.get("parameters", ())}
        for status, answer in question["responses"].items():
            for content in answer.get("content", {}).values() if status.startswith("2") else ():
                for field in dict.fromkeys(lists_of(content.get("schema", {}), parts)):
                    yield path, field, parameters


def is_page(field: str, parameters: Mapping[str, Any]) -> bool:
    """Whether the list has a highest limit, and the question a key after which it goes on."""
    limit = parameters.get("limit", {})
    return field in PAGES and limit.get("maximum", MOST + 1) <= MOST and any(n.startswith("after") for n in parameters)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_list_is_a_page_or_says_why_it_cannot_grow(document: Path) -> None:
    """F: unexplained bank lines had a limit and no way to the rest."""
    found = list(lists(json.loads(document.read_text(encoding="utf-8"))))
    assert found
    assert [
        f"{path} {field}"
        for path, field, parameters in found
        if not is_page(field, parameters) and f"{path} {field}" not in BOUNDED
    ] == []


def test_no_reason_is_left_without_its_list() -> None:
    found = {
        f"{path} {field}"
        for document in DOCUMENTS
        for path, field, parameters in lists(json.loads(document.read_text(encoding="utf-8")))
        if not is_page(field, parameters)
    }
    assert BOUNDED.keys() - found == set()
