"""What is wrong with a value is said whole in Chinese too."""

from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import StringConstraints, TypeAdapter, ValidationError

from shared.malformed_values import malformed


class Channel(Enum):
    """Two ways."""

    CASH = "CASH"
    WECHAT = "WECHAT"


def said(kind: Any, value: Any) -> str:
    """What is said of a value that is none of that kind."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    (error,) = refused.value.errors()
    return malformed(error["type"], error["msg"])


def test_choices_and_patterns_are_given_in_chinese_too() -> None:
    """S10: Chinese said that it is no choice, and only English which there are."""
    assert said(Channel, "x") == "不是可选值，须为 'CASH'、'WECHAT' · Input should be 'CASH' or 'WECHAT'"
    assert said(Literal["a", "b", "c"], "x") == "不是可选值，须为 'a'、'b'、'c' · Input should be 'a', 'b' or 'c'"
    pattern = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
    assert said(pattern, "x") == "格式不符，须符合 '^[0-9]{6}$' · String should match pattern '^[0-9]{6}$'"
    assert said(int, "x").startswith("不是整数 · ")
