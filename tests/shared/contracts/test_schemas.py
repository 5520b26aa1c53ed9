"""Events keep their readers: what was published stays readable, and every example is one."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.examples import EXAMPLES
from shared.contracts.schemas import breaks, published, schema_of
from shared.contracts.subsidy import ContributionAssessed

EVENTS = published()
NAMES = sorted(EVENTS)
Change = Callable[[dict[str, Any]], Any]


def test_every_event_has_an_example_and_every_example_an_event() -> None:
    assert set(EXAMPLES) == set(EVENTS)
    assert all(EXAMPLES.values())


def _holds(read: Any, said: Any) -> bool:
    """Whether everything that was said is there, also after fields were added that it did not know."""
    if isinstance(said, dict):
        return all(key in read and _holds(read[key], value) for key, value in said.items())
    if isinstance(said, list):
        return len(read) == len(said) and all(_holds(*each) for each in zip(read, said, strict=True))
    return bool(read == said)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_valid_and_is_read_without_a_loss(name: str) -> None:
    schema = schema_of(EVENTS[name])
    Draft202012Validator.check_schema(schema)
    for example in EXAMPLES[name]:
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(example)
        read = EVENTS[name].model_validate(example)
        assert _holds(read.model_dump(mode="json"), example)
        known = example[EVENTS[name].key_field]
        assert str(read.key) == (known if known is not None else example[EVENTS[name].key_otherwise or ""])


@pytest.mark.parametrize("name", NAMES)
def test_no_event_says_a_name_or_a_number(name: str) -> None:
    fields = set(EVENTS[name].model_fields)
    assert not fields & {"document_number", "person_name", "number", "id_number", "phone"}


def assessed() -> dict[str, Any]:
    return schema_of(ContributionAssessed)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["properties"].update(note={"type": "string", "default": ""}),
        lambda s: s["$defs"]["Share"]["properties"].update(percent={"type": "integer", "default": 100}),
        lambda s: s["$defs"].update(Later={"type": "object"}),
        lambda s: s.update(description="In other words."),
        lambda s: s["examples"].append(copy.deepcopy(s["examples"][0])),
    ],
    ids=["optional field", "optional field further in", "definition", "words", "example"],
)
def test_what_no_reader_stumbles_over_is_allowed(change: Change) -> None:
    now = assessed()
    change(now)
    assert breaks(assessed(), now) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda s: s["properties"].pop("pack"), "/properties/pack is gone"),
        (lambda s: s["properties"].update(policy=s["properties"].pop("pack")), "/properties/pack is gone"),
        (lambda s: s["required"].append("reason_code"), "/required"),
        (lambda s: s["required"].remove("pack"), "/required"),
        (lambda s: s["properties"]["version"].update(type="string"), "/properties/version/type"),
        (lambda s: s["properties"]["version"].update(minimum=1), "/properties/version/minimum is new"),
        (lambda s: s["properties"]["outcome"]["enum"].append("LATER"), "/properties/outcome/enum"),
        (lambda s: s["properties"]["outcome"]["enum"].remove("HELD"), "/properties/outcome/enum"),
        (lambda s: s["properties"]["reason_code"].update(default="NONE"), "/properties/reason_code/default"),
        (lambda s: s["$defs"]["ScheduleRow"]["properties"].pop("due_fen"), "/$defs/ScheduleRow/properties/due_fen"),
        (lambda s: s["$defs"].pop("Share"), "/$defs/Share is gone"),
        (lambda s: s.update({"x-key": "person_token"}), "/x-key"),
        (lambda s: s["examples"].pop(0), "example 1 is gone"),
    ],
    ids=[
        "removed", "renamed", "required now", "no longer sent", "type", "tightened", "value added", "value removed",
        "default", "removed further in", "definition removed", "key", "example removed",
    ],
)  # fmt: skip
def test_what_a_reader_stumbles_over_is_named(change: Change, named: str) -> None:
    now = assessed()
    change(now)
    assert any(each.startswith(named) for each in breaks(assessed(), now)), breaks(assessed(), now)
