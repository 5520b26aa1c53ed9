"""What is wrong with a value, in Chinese beside the English that pydantic says of it."""

# By the beginning of pydantic's name for it.
_KINDS = {
    "missing": "缺少该字段",
    "extra_forbidden": "没有该字段",
    "string_pattern": "格式不符",
    "string_too": "长度不符",
    "too_": "个数不符",
    "greater": "数值超出范围",
    "less": "数值超出范围",
    "enum": "不是可选值",
    "literal": "不是可选值",
    "date": "不是日期",
    "uuid": "不是编号",
    "int": "不是整数",
    "bool": "不是真假值",
    "string": "不是文本",
    "list": "不是数组",
    "tuple": "不是数组",
    "model": "不是对象",
    "dict": "不是对象",
    "path": "不是路径",
}
_OURS = "Value error, "
# What English says of these is a list or a pattern, which Chinese gives as well.
_CHOICE, _PATTERN = "Input should be ", "String should match pattern "


def malformed(kind: str, said: str) -> str:
    """Chinese says what kind of thing is wrong, English exactly what; a validator of ours says both itself."""
    if said.startswith(_OURS) and " · " in said:
        return said.removeprefix(_OURS)
    if kind in ("enum", "literal_error") and said.startswith(_CHOICE):
        choices = said.removeprefix(_CHOICE).replace(" or ", "、").replace(", ", "、")
        return f"不是可选值，须为 {choices} · {said}"
    if kind == "string_pattern_mismatch" and said.startswith(_PATTERN):
        return f"格式不符，须符合 {said.removeprefix(_PATTERN)} · {said}"
    zh = next((zh for beginning, zh in _KINDS.items() if kind.startswith(beginning)), "取值不符")
    return f"{zh} · {said}"
