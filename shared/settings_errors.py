"""What is wrong with the settings: for each problem the variable or file, the line, and the field; never a value."""

import os
from json import JSONDecodeError
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from shared.json_places import LineColumn, json_place
from shared.malformed_values import malformed

BYTE_ORDER_MARK = "\ufeff"  # what some editors write before the first character

WHERE_SETTINGS_ARE = """\
本机已运行过 canbao up：set -a; . .canbao/secrets/canbao.env; set +a
否则设置 CANBAO_DATABASE_URL 等，见 .env.example；canbao doctor 逐项检查
after canbao up here, source .canbao/secrets/canbao.env; otherwise set CANBAO_DATABASE_URL and the like,
see .env.example; canbao doctor looks at each of them"""


class UnusableSetting(ValueError):
    """A setting, or the file that it names, cannot be used; a line per problem, Chinese first, and never a secret."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UnreadableSettingFile(UnusableSetting):
    """A file that a setting names is missing or cannot be read."""

    def __init__(self, setting: str, file: Path, fault: OSError) -> None:
        self.setting, self.file, self.why = setting, file, fault.strerror or type(fault).__name__
        said = "没有这个文件 · there is no such file"
        if not isinstance(fault, FileNotFoundError):
            said = f"文件无法读取 · the file cannot be read ({self.why})"
        super().__init__(f"{setting}: {said}: {file}")


def not_set(name: str, zh: str, en: str) -> str:
    """What is said of a key that is needed and not there: what it must be, and where canbao itself puts one."""
    return (
        f"CANBAO_{name.upper()}: 未设置，须为 {zh}；canbao keys make 会生成；"
        "本机已运行过 canbao up：set -a; . .canbao/secrets/canbao.env; set +a"
        f" · is not set, it must be {en}: canbao keys make makes it; after canbao up here, source that file"
    )


def fixed_at_installation(setting: str, service: str, name: str, *, found: object, given: object) -> str:
    """What is said where a database was installed with another name, or number of partitions, than is set now."""
    return (
        f"{setting}: 服务 {service} 的数据库安装时为 {found}，现为 {given}，安装后不可更改，请改回"
        f" · the database of {service} was installed with {name} {found!r}, not {given!r}: "
        f"this is fixed at installation, set it back"
    )


def read_setting_file(setting: str, file: Path) -> bytes:
    """The content of a file that a setting names; raises UnreadableSettingFile."""
    try:
        return file.read_bytes()
    except OSError as fault:
        raise UnreadableSettingFile(setting, file, fault) from fault


def setting_problems(error: ValidationError | SettingsError | UnusableSetting) -> list[str]:
    """One line per problem, Chinese first."""
    if isinstance(error, UnusableSetting):
        return list(error.problems)
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [_wrong_setting(each["loc"], malformed(each["type"], each["msg"])) for each in found]
    fault = error.__cause__
    name = str(error).split('"')[1] if str(error).count('"') > 1 else ""
    if isinstance(fault, JSONDecodeError):
        at = LineColumn(fault.lineno, fault.colno)
        return [f"{setting_place(name)}: {at}: 不是 JSON · not JSON: {fault.msg}"]
    return [f"{setting_place(name)}: 无法读懂 · cannot be read"]


def _wrong_setting(path: tuple[int | str, ...], said: str) -> str:
    """What is wrong with a setting, or with a field within its JSON: there the place in the text is named too."""
    if not path:
        return said
    name, within = str(path[0]), path[1:]
    at = json_place(_written(name), within) if within else None
    return f"{setting_place(name)}{_within(within)}: {f'{at}: ' if at else ''}{said}"


def _written(name: str) -> str:
    """The text of a setting as the operator wrote it."""
    place = setting_place(name)
    if place.startswith("CANBAO_"):
        return os.environ.get(place, "")
    return Path(place).read_text(encoding="utf-8").removeprefix(BYTE_ORDER_MARK)


def setting_place(name: str) -> str:
    """Where a field of the settings stands: the variable, or the secret file that it was read from."""
    variable = f"CANBAO_{name.upper()}"
    folder = os.environ.get("CANBAO_SECRETS_DIR")
    file = Path(folder, variable.lower()) if folder else None
    return str(file) if variable not in os.environ and file is not None and file.is_file() else variable


def _within(rest: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
