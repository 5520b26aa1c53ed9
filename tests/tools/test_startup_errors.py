"""A command typed where nothing runs says what is missing and the remedy, in a few lines."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import Settings, WechatMerchant
from shared.settings_example import env_example
from tests.harness.timeouts import stretched

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["serve", "payment", "--port", "1"],
        ["replay", "list", "payment"],
        ["clients", "add", "civil-affairs", "--scope", "subsidy:read", "--region", "411521"],
    ],
    ids=" ".join,
)
def test_without_a_database_or_settings_the_remedy_is_named(command: list[str]) -> None:
    program = f"import sys; sys.argv[1:] = {command!r}; from tools.cli import main; main()"
    nothing_there = {"PATH": "/usr/bin:/bin", "CANBAO_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    nothing_there["CANBAO_OWNER_DATABASE_URL"] = nothing_there["CANBAO_DATABASE_URL"]
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=nothing_there,
        capture_output=True,
        text=True,
        timeout=stretched(120),
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert "CANBAO_DATABASE_URL" in ended.stderr
    assert len(ended.stderr.splitlines()) < 10, ended.stderr


def _migrate(**environment: str) -> str:
    """What ``canbao migrate`` says of these settings."""
    ended = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[1:] = ['migrate']; from tools.cli import main; main()"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=stretched(120),
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert len(ended.stderr.splitlines()) < 10, ended.stderr
    assert "canbao up" not in ended.stderr, "it has nothing to do with what is wrong"
    return ended.stderr


def test_a_typo_in_a_secret_is_named_by_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "canbao_wechat_merchants"
    file.write_text('[{"mchid": "1900000109"\n  "appid": "wx1"}]', encoding="utf-8")
    said = _migrate(CANBAO_SECRETS_DIR=str(tmp_path))
    assert f"{file}: 第 2 行第 3 列 line 2 column 3" in said
    assert "1900000109" not in said


def test_a_wrong_field_is_named_by_file_and_place_without_its_value(tmp_path: Path) -> None:
    file = tmp_path / "canbao_wechat_merchants"
    file.write_text('[{"mchid": "1900000109", "appID": "wx1"}]', encoding="utf-8")
    said = _migrate(CANBAO_SECRETS_DIR=str(tmp_path), CANBAO_PARTITIONS="twelve")
    assert "CANBAO_PARTITIONS: Input should be a valid integer" in said
    assert f"{file}[0].appid: Field required" in said
    assert "wx1" not in said
    assert "twelve" not in said


def test_a_byte_order_mark_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "canbao_encryption_keys").write_text('\ufeff{"k1": "x"}\n', encoding="utf-8")
    monkeypatch.setenv("CANBAO_SECRETS_DIR", str(tmp_path))
    assert list(Settings().encryption_keys) == ["k1"]


def test_the_example_names_every_field_of_a_merchant() -> None:
    assert all(f"#   {name}: " in env_example() for name in WechatMerchant.model_fields)
