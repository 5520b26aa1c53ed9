"""A command typed where nothing runs says what is missing and the remedy, in a few lines."""

from pathlib import Path

import pytest

from shared.setting_groups.partners import WechatMerchant
from shared.settings import Settings
from shared.settings_example import env_example
from tests.harness.ports import free_port
from tests.harness.typed_command import typed_command


@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["serve", "payment", "--port", str(free_port())],
        ["replay", "list", "payment"],
        ["clients", "add", "civil-affairs", "--scope", "subsidy:read", "--region", "411521"],
    ],
    ids=["migrate", "serve", "replay", "clients"],
)
def test_without_a_database_or_settings_the_remedy_is_named(command: list[str]) -> None:
    nowhere = "postgresql://x@127.0.0.1:1/x"
    ended = typed_command(command, {"CANBAO_DATABASE_URL": nowhere, "CANBAO_OWNER_DATABASE_URL": nowhere})
    assert ended.code == 3, ended.said
    assert "set -a; . .canbao/secrets/canbao.env; set +a" in ended.said
    # A server waits for its database; what it cannot wait for is a key.
    named = "CANBAO_TOKEN_PUBLIC_KEY_FILE" if command[0] == "serve" else "CANBAO_DATABASE_URL"
    assert named in ended.said
    assert len(ended.said.splitlines()) < 10, ended.said


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["migrate"], 3),
        (["replay", "list", "quota"], 3),
        (["replay", "run", "quota", "--all"], 3),
        (["clients", "add", "civil-affairs", "--scope", "subsidy:read", "--region", "411521"], 3),
        (["verify"], 2),
        (["verify", "--trace", "01890000-0000-7000-8000-000000000000"], 2),
    ],
    ids=lambda given: " ".join(given[:2]) if isinstance(given, list) else None,
)
def test_on_a_stopped_installation_one_sentence_says_how_to_start_it(
    command: list[str], code: int, tmp_path: Path
) -> None:
    """S2: settings that name a socket's folder ended in a traceback where the server is stopped."""
    stopped = f"postgresql://x@/{{database}}?host={tmp_path}"
    names = ("DATABASE_URL", "OWNER_DATABASE_URL", "AUDITOR_DATABASE_URL")
    ended = typed_command(command, {f"CANBAO_{name}": stopped for name in names})
    assert ended.code == code, ended.said
    assert "数据库没有运行：由 canbao up 建立的运行 make up，其他的启动 PostgreSQL" in ended.said
    assert "is stopped: make up starts what canbao up has set up" in ended.said
    assert len(ended.said.splitlines()) == 1, ended.said


def _migrate(**environment: str) -> str:
    """What ``canbao migrate`` says of these settings."""
    ended = typed_command(["migrate"], environment)
    assert ended.code == 3, ended.said
    assert len(ended.said.splitlines()) < 10, ended.said
    assert "canbao up" not in ended.said, "it has nothing to do with what is wrong"
    return ended.said


def test_a_typo_in_a_secret_is_named_by_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "canbao_wechat_merchants"
    file.write_text('[{"mchid": "1900000109"\n  "appid": "wx1"}]', encoding="utf-8")
    said = _migrate(CANBAO_SECRETS_DIR=str(tmp_path))
    assert f"{file}: 第 2 行第 3 列 line 2 column 3" in said
    assert "1900000109" not in said


def test_a_wrong_field_is_named_by_file_and_place_without_its_value(tmp_path: Path) -> None:
    file = tmp_path / "canbao_wechat_merchants"
    file.write_text('[\n  {"mchid": "1900000109",\n   "appID": "wx1"}\n]', encoding="utf-8")
    said = _migrate(CANBAO_SECRETS_DIR=str(tmp_path), CANBAO_PARTITIONS="twelve")
    assert "CANBAO_PARTITIONS: 不是整数 · Input should be a valid integer" in said
    assert f"{file}[0].appid: 第 2 行第 3 列 line 2 column 3: 缺少该字段 · Field required" in said
    assert f"{file}[0].appID: 第 3 行第 13 列 line 3 column 13: 没有该字段 · Extra inputs are not permitted" in said
    assert "wx1" not in said
    assert "twelve" not in said


def test_a_byte_order_mark_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "canbao_encryption_keys").write_text('\ufeff{"k1": "x"}\n', encoding="utf-8")
    monkeypatch.setenv("CANBAO_SECRETS_DIR", str(tmp_path))
    assert list(Settings().encryption_keys) == ["k1"]


def test_the_example_names_every_field_of_a_merchant() -> None:
    assert all(f"#   {name}: " in env_example() for name in WechatMerchant.model_fields)
