"""Settings come from the environment, and .env.example knows all of them."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings, WechatMerchant
from shared.settings_errors import setting_problems
from shared.settings_example import env_example

_CHECKOUT = Path(__file__).parents[2]


def test_env_example_is_current() -> None:
    # Repair: canbao config example > .env.example
    assert (_CHECKOUT / ".env.example").read_text(encoding="utf-8") == env_example()


@pytest.mark.parametrize("model", [Settings, WechatMerchant], ids=lambda model: str(model.__name__))
def test_each_setting_is_described_in_chinese_and_english(model: type[Settings | WechatMerchant]) -> None:
    for name, field in model.model_fields.items():
        zh, _, en = (field.description or "").partition(" · ")
        assert re.search("[\u4e00-\u9fff]", zh), name
        assert re.search("[A-Za-z]{2}", en), name
        assert not re.search("[\u4e00-\u9fff]", en), name


def test_what_is_wrong_is_said_in_chinese_and_english(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"PARTITIONS": "0", "BUS": "mqtt", "REGION": "4", "DATABASE_URL": "mysql://x", "METRICS_PORT": "x"}
    for name, value in wrong.items():
        monkeypatch.setenv(f"CANBAO_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    problems = setting_problems(refused.value)
    assert sorted(line.partition(": ")[0] for line in problems) == sorted(f"CANBAO_{name}" for name in wrong)
    for line in problems:
        assert re.search("[\u4e00-\u9fff].* · .*[a-z]{3}", line), line
        assert line.count(" · ") == 1, line


def test_a_wrong_field_in_a_variable_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBAO_WECHAT_MERCHANTS", '[{"mchid": 7}]')
    with pytest.raises(ValidationError) as refused:
        Settings()
    at = "CANBAO_WECHAT_MERCHANTS[0].mchid: 第 1 行第 12 列 line 1 column 12: "
    assert f"{at}不是文本 · Input should be a valid string" in setting_problems(refused.value)


def test_each_login_gets_its_own_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBAO_DATABASE_URL", "postgresql://{service}_app:{password}@db/{database}")
    monkeypatch.setenv("CANBAO_DATABASE_PASSWORDS", '{"payment": "p", "quota": "q", "owner": "o"}')
    settings = Settings()
    assert settings.service_url("payment") == "postgresql://payment_app:p@db/canbao_payment"
    assert settings.bus_url("quota") == "postgresql://quota_app:q@db/canbao_bus"
    assert settings.owner_url("bus") == "postgresql://canbao_owner:o@localhost/canbao_bus"
    assert "'p'" not in repr(settings)
    assert "p@" not in repr(settings)


@pytest.mark.parametrize("region", ["", "4", "41152", "411521101", "x"])
def test_a_region_that_is_no_pooling_area_is_refused(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    monkeypatch.setenv("CANBAO_REGION", region)
    with pytest.raises(ValidationError):
        Settings()


class TestSecretsInFiles:
    def test_a_file_named_like_its_variable_is_read(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "canbao_database_passwords").write_text('{"payment": "from a file"}', encoding="utf-8")
        (tmp_path / "canbao_tax_token").write_text("t\n", encoding="utf-8")
        monkeypatch.setenv("CANBAO_SECRETS_DIR", str(tmp_path))
        settings = Settings()
        assert settings.database_passwords["payment"].get_secret_value() == "from a file"
        assert settings.tax_token is not None
        assert settings.tax_token.get_secret_value() == "t"

    def test_a_variable_wins_over_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "canbao_tax_token").write_text("from a file", encoding="utf-8")
        monkeypatch.setenv("CANBAO_SECRETS_DIR", str(tmp_path))
        monkeypatch.setenv("CANBAO_TAX_TOKEN", "from the environment")
        token = Settings().tax_token
        assert token is not None
        assert token.get_secret_value() == "from the environment"

    def test_a_folder_that_is_not_there_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("CANBAO_SECRETS_DIR", str(tmp_path / "nowhere"))
        with pytest.raises(ValueError, match="nowhere"):
            Settings()
