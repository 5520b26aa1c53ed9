"""JSON is read in one way or not at all."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.strict_json import MAX_DEPTH, MAX_DIGITS, is_storable, read_json

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]))
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(-(2.0**40), 2.0**40, width=32) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUE, st.booleans())
def test_what_is_well_written_is_read_as_it_was_meant(value: Any, escaped: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary())
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    with suppress(json.JSONDecodeError):
        read_json(body)


@pytest.mark.parametrize("text", ["张三", "a\tb", "a\nb", "😀", "ē", ""])
def test_text_that_people_write_is_taken(text: str) -> None:
    assert is_storable(text)
    assert read_json(json.dumps([text]).encode()) == [text]


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        "NaN",
        "[1e999]",
        "[Infinity]",
        '"\\ud83d"',
        '["\\u0000"]',
        "1 2",
        "",
        "{'a':1}",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(body: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(body.encode())


def test_depth_is_bounded_and_brackets_in_texts_are_not_depth() -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + b"]" * depth

    assert read_json(nested(MAX_DEPTH)) is not None
    with pytest.raises(json.JSONDecodeError, match="nested"):
        read_json(nested(MAX_DEPTH + 1))
    assert read_json(json.dumps(["[{" * 100, '\\"[[' * 50]).encode()) == ["[{" * 100, '\\"[[' * 50]


def test_digits_are_bounded() -> None:
    assert read_json(b"9" * MAX_DIGITS) == int("9" * MAX_DIGITS)
    for digits in (b"9" * (MAX_DIGITS + 1), b"0." + b"1" * 5_000, b"-" + b"9" * 10_000):
        with pytest.raises(json.JSONDecodeError):
            read_json(digits)


def test_a_pair_of_halves_is_a_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "\U0001f600"
