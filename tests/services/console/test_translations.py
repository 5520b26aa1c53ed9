"""The page's words: two languages that translate the same."""

from string import Formatter

import pytest

from services.console.translations import PHRASES, Phrase, language


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", PHRASES)
def test_both_languages_fill_the_same_places(key: str) -> None:
    phrase: Phrase = PHRASES[key]
    assert places(phrase.zh) == places(phrase.en)
    assert phrase.zh.strip()
    assert phrase.en.strip()


@pytest.mark.parametrize(
    ("asked", "spoken"), [(None, "zh"), ("", "zh"), ("zh-CN", "zh"), ("fr", "zh"), ("en", "en"), ("EN-gb", "en")]
)
def test_chinese_is_spoken_unless_english_is_asked_for(asked: str | None, spoken: str) -> None:
    assert language(asked) == spoken
