"""A value within a JSON text is found by its path, as a person finds it in an editor: by line and column."""

import pytest

from shared.json_places import json_place

_TEXT = """
{"keys": {"k1": "a, b: {[", "k2": [1, -2.5e3,
   {"x": true}, []]},
 "数": "\\"]", "empty": {}
}
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (2, 1)),
        (("keys",), (2, 10)),
        (("keys", "k1"), (2, 17)),
        (("keys", "k2", 1), (2, 39)),
        (("keys", "k2", 2, "x"), (3, 10)),
        (("keys", "k2", 3), (3, 17)),
        (("数",), (4, 7)),
        (("empty",), (4, 23)),
    ],
    ids=str,
)
def test_a_value_is_where_it_begins(path: tuple[int | str, ...], place: tuple[int, int]) -> None:
    assert json_place(_TEXT, path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("none",), (2, 1)),
        (("empty", "none"), (4, 23)),
        (("keys", "k2", 9), (2, 35)),
        (("keys", "k1", "none"), (2, 17)),
        (("keys", 0), (2, 10)),
    ],
    ids=str,
)
def test_of_what_is_missing_the_place_around_it_is_known(path: tuple[int | str, ...], place: tuple[int, int]) -> None:
    assert json_place(_TEXT, path) == place


@pytest.mark.parametrize("text", ["", "x", '{"a": }', "[1"])
def test_a_text_that_is_no_json_has_no_places(text: str) -> None:
    assert json_place(text, ("a",)) is None
