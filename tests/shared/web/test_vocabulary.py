"""Every operation and field of the API is described in Chinese and English, and each meaning has words of its own."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.composition import SERVICES
from shared.web.vocabulary import words
from shared.web.vocabulary.describe import Field, fields, operations
from shared.web.vocabulary.words import SEPARATOR, Text, vocabulary
from tests.harness.conformance import document_of

DESCRIBED = [service.name for service in SERVICES if service.mount is None]
FOLDER = Path(words.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
HOW = "describe it in shared/web/vocabulary and write docs/openapi again: canbao docs"


def every_field() -> Iterator[Field]:
    for service in DESCRIBED:
        yield from fields(document_of(service))


def in_both(description: str) -> bool:
    zh, _, en = description.partition(SEPARATOR)
    return bool(CHINESE.search(zh)) and bool(re.search("[A-Za-z]{2}", en))


@pytest.mark.parametrize("service", DESCRIBED)
class TestEverythingIsDescribedInBothLanguages:
    def test_operations(self, service: str) -> None:
        for path, method, operation in operations(document_of(service)):
            assert in_both(operation["summary"]), f"{method} {path}: {HOW}"
            assert in_both(operation["description"]), f"{method} {path}: {HOW}"

    def test_fields_and_parameters(self, service: str) -> None:
        bare = [f"{each.owner}.{each.name}" for each in fields(document_of(service)) if not _described(each)]
        assert bare == [], HOW

    def test_no_object_stands_without_a_name(self, service: str) -> None:
        """What is written out in an operation or within another object has a name, and so a description."""
        assert [owner for each in fields(document_of(service)) if "." in (owner := each.owner)] == []
        named = document_of(service)["components"]["schemas"]
        assert [each.name for each in fields(document_of(service)) if _written_out(each, named)] == []

    def test_answers(self, service: str) -> None:
        for path, method, operation in operations(document_of(service)):
            for status, answer in operation["responses"].items():
                for line in answer["description"].splitlines():
                    assert in_both(line), f"{method} {path} {status}: {HOW}"

    def test_objects(self, service: str) -> None:
        for name, schema in document_of(service)["components"]["schemas"].items():
            assert in_both(schema.get("description", "")), f"{name}: {HOW}"


def _written_out(field: Field, named: Mapping[str, Any]) -> bool:
    return field.owner not in named and "schema" not in field.place


def _described(field: Field) -> bool:
    return in_both(field.place.get("description", ""))


def test_no_two_meanings_share_their_words() -> None:
    for half in (0, 1):
        entries: dict[str, list[str]] = defaultdict(list)
        for key, text in vocabulary().fields.items():
            if isinstance(text, Text):
                entries[text[half].casefold()].append(key)
        assert [keys for keys in entries.values() if len(keys) > 1] == []


def test_one_entry_describes_fields_of_one_type() -> None:
    """A number and a list are never the same thing, even under one name."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for field in every_field():
        key = vocabulary().field_key(field.owner, field.name, field.kind)
        assert key is not None, f"{field.owner}.{field.name}: {HOW}"
        kinds[key].add(field.kind)
    assert {key: found for key, found in kinds.items() if len(found) > 1} == {}


class TestNothingIsDescribedThatIsNotThere:
    def test_operations(self) -> None:
        there = {
            (service, f"{method.upper()} {path}")
            for service in DESCRIBED
            for path, method, _ in operations(document_of(service))
        }
        assert {(service, key) for service, said in vocabulary().operations.items() for key in said} == there

    def test_fields(self) -> None:
        used: set[str] = set()
        for field in every_field():
            for key in (f"{field.owner}.{field.name}", f"{field.name}#{field.kind}", field.name):
                if key in vocabulary().fields:
                    used.add(key)
                    target = vocabulary().fields[key]
                    used |= {target} if isinstance(target, str) else set()
                    break
        assert vocabulary().fields.keys() - used == set()

    def test_objects(self) -> None:
        there = {name for service in DESCRIBED for name in document_of(service)["components"]["schemas"]}
        assert vocabulary().schemas.keys() - there == set()

    def test_answers(self) -> None:
        said = {
            answer["description"]
            for service in DESCRIBED
            for _, _, operation in operations(document_of(service))
            for answer in operation["responses"].values()
        }
        assert {key for key, text in vocabulary().answers.items() if str(text) not in said} == set()


def test_an_entry_that_points_to_another_finds_it() -> None:
    pointing = {key: text for key, text in vocabulary().fields.items() if isinstance(text, str)}
    assert {key for key, target in pointing.items() if not isinstance(vocabulary().fields.get(target), Text)} == set()


def test_the_chinese_half_never_holds_the_separator() -> None:
    texts = [text.zh for text in vocabulary().fields.values() if isinstance(text, Text)]
    texts += [said.more for found in vocabulary().operations.values() for said in found.values()]
    texts += [said.name.zh for found in vocabulary().operations.values() for said in found.values()]
    assert [text for text in texts if SEPARATOR in text] == []


def test_a_field_within_a_field_is_found() -> None:
    """An object that nobody named is walked too, in a body, in an answer, in a list and in a list's items."""
    inner = {"type": "object", "properties": {"deep": {"type": "string"}}}
    outer = {"type": "object", "properties": {"list": {"type": "array", "items": {"anyOf": [inner, {"type": "null"}]}}}}
    content = {"content": {"application/json": {"schema": outer}}}
    operation = {"requestBody": content, "responses": {"200": content}}
    document = {"paths": {"/v1/x": {"post": operation}}, "components": {"schemas": {"Named": outer}}}
    found = [f"{each.owner}.{each.name}" for each in fields(document)]
    assert sorted(found) == [
        "Named.list",
        "Named.list.deep",
        *["POST /v1/x.list"] * 2,
        *["POST /v1/x.list.deep"] * 2,
    ]


def test_what_is_wrong_with_a_field_and_what_wechat_sends_have_names() -> None:
    schemas = document_of("payment")["components"]["schemas"]
    assert schemas["Problem"]["properties"]["errors"]["items"] == {"$ref": "#/components/schemas/WrongField"}
    assert schemas["WechatNotice"]["properties"]["resource"]["$ref"].endswith("/WechatResource")
    assert "微信支付的通知编号" in schemas["WechatNotice"]["properties"]["id"]["description"]


def test_codes_stand_beside_their_names_in_the_document() -> None:
    description = document_of("subsidy")["components"]["schemas"]["Identity"]["description"]
    assert "- `TEKUN` 特困人员 · " in description
    assert description.count("\n- `") == 24


@pytest.mark.parametrize("name", ["operations", "fields", "schemas", "answers"])
def test_no_entry_is_written_twice(name: str) -> None:
    """Of two entries under one key the later would hide the first without a word."""
    written = yaml.compose((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert isinstance(written, yaml.MappingNode)
    keys = Counter(key.value for key, _ in written.value)
    assert [key for key, times in keys.items() if times > 1] == []
