"""Names of people: what may be entered, and which spellings are one name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.names import MAX_LENGTH, InvalidPersonName, NameFault, canonical_name, entered_name, same_name

ONE_NAME = {
    "张三": ("张 三", "张　三", " 张三 ", "张\u00a0三", "\u3000张三", "张\u2003三", "张三\ufe00", "张\U000e0100三"),
    "艾力·买买提": (
        "艾力•买买提", "艾力・买买提", "艾力．买买提", "艾力‧买买提", "艾力･买买提", "艾力 · 买买提", "艾力.买买提",
        "艾力　·　买买提", "艾力∙买买提", "艾力⋅买买提", "艾力 . 买买提", "艾力\u0387买买提",
    ),
    "John Smith": ("JOHN SMITH", "ＪＯＨＮ　ＳＭＩＴＨ", "john  smith", "John\u00a0Smith", "ｊｏｈｎ ｓｍｉｔｈ"),
    "O'Brien": ("O’Brien", "O`Brien", "O´Brien", "ＯʼBRIEN"),
    "Jean-Luc": ("Jean‐Luc", "JEAN‑LUC", "Jean–Luc", "Jean－Luc"),
    "\u00c5ström": ("\u212bström", "A\u030astro\u0308m", "ÅSTRÖM"),
    "Weiß": ("WEISS", "weiss", "WEI\u1e9e"),
    "豈三": ("\uf900三",),
}  # fmt: skip
OTHER_NAMES = [
    ("张三", "张三丰"), ("艾力·买买提", "艾力买买提"), ("张三", "張三"), ("J. Smith", "J Smith"), ("王一", "王-"),
    ("John Smith", "Johns Mith"), ("艾力·买买提", "买买提·艾力"),
]  # fmt: skip
REFUSED = {
    NameFault.EMPTY: ("", " ", "　　", "·", "--", "…", "、"),
    NameFault.CHARACTER: (
        "张\n三", "张三\n", "张\t三", "张\0三", "张\u200b三", "张\u202d三", "张\u200d三", "张\ufeff三", "张\ud800三",
        "张\ue000三", "张\u3164三", "张\u2800三", "张\u2028三", "张\u0085三", "\u00ad张三", "张\U000e0001三",
        "张\uffff三", "张\u0378三",
    ),
    NameFault.LOST_CHARACTER: ("张?三", "张？三", "张\ufffd", "??"),
    NameFault.LENGTH: ("张" * (MAX_LENGTH + 1), "a" * 10_000),
}  # fmt: skip


@pytest.mark.parametrize(("name", "other"), [(name, other) for name, others in ONE_NAME.items() for other in others])
def test_spellings_of_one_name_are_one_and_each_rests_as_it_was_written(name: str, other: str) -> None:
    """W6: a name was judged and compared by its bytes."""
    assert same_name(name, other)
    assert entered_name(other) == other.strip()


@pytest.mark.parametrize(("name", "other"), OTHER_NAMES)
def test_other_names_stay_different(name: str, other: str) -> None:
    assert not same_name(name, other)


@pytest.mark.parametrize(("fault", "text"), [(fault, text) for fault, texts in REFUSED.items() for text in texts])
def test_what_is_no_name_is_refused_without_repeating_it(fault: NameFault, text: str) -> None:
    with pytest.raises(InvalidPersonName) as refused:
        entered_name(text)
    assert refused.value.fault is fault
    assert " · " in refused.value.detail
    assert len(text.strip()) < 3 or text not in str(refused.value)


@pytest.mark.parametrize("name", ["㛃三", "𠮷野", "\U0002ebf0明", "\U00031350明", "〇", "阿卜杜热合曼·买买提吐尔逊"])
def test_rare_characters_are_taken_whatever_this_pythons_tables_know(name: str) -> None:
    """GB 18030-2022 has ideographs that came to Unicode after Python 3.11: people are called so."""
    assert entered_name(name) == name
    assert same_name(name, f" {name} ")


def test_every_character_has_one_form_which_is_its_own_form() -> None:
    for point in (*range(0x3400), *range(0xA000, 0xAC00), *range(0xF900, 0x10000), *range(0x1D400, 0x1F800)):
        character = chr(point)
        if unicodedata.category(character) not in ("Cs", "Cn", "Co"):
            form = canonical_name(f"张{character}A")
            assert canonical_name(form) == form, hex(point)


ALPHABET = st.one_of(st.sampled_from("张三 　·•．.'’-aA\u0301\ufe00ßİ?\u200b"), st.characters(max_codepoint=0x2FF))


@given(st.text(ALPHABET, max_size=12))
def test_a_form_is_its_own_form_and_never_longer_than_bounded(text: str) -> None:
    form = canonical_name(text)
    assert canonical_name(form) == form
    assert len(form) <= 18 * max(1, len(text))


@given(st.text(ALPHABET, max_size=70))
def test_a_text_is_a_name_or_refused_by_its_fault(text: str) -> None:
    try:
        entered = entered_name(text)
    except InvalidPersonName:
        assert not text.isalpha() or len(text) > MAX_LENGTH
        return
    assert entered == text.strip()
    assert 1 <= len(entered) <= MAX_LENGTH
    assert canonical_name(entered)
