"""Settings come from the environment, and .env.example knows all of them."""

import os
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from shared.setting_groups.chinaums import ChinaumsMerchantSetting
from shared.setting_groups.partners import WechatMerchant
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, setting_problems
from shared.settings_example import env_example

_CHECKOUT = Path(__file__).parents[2]


def test_env_example_is_current() -> None:
    # Repair: canbao config example > .env.example
    assert (_CHECKOUT / ".env.example").read_text(encoding="utf-8") == env_example()


@pytest.mark.parametrize(
    "model", [Settings, WechatMerchant, ChinaumsMerchantSetting], ids=lambda model: str(model.__name__)
)
def test_each_setting_is_described_in_chinese_and_english(model: type[BaseModel]) -> None:
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


@pytest.mark.parametrize("region", ["", "4", "41152", "411521101", "x", "00", "99", "990101", "４１", "411521\n"])
def test_a_region_that_is_no_pooling_area_is_refused(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    monkeypatch.setenv("CANBAO_REGION", region)
    with pytest.raises(ValidationError):
        Settings()


# A value of each setting that is none.
BAD = {
    "installation": "Luo Shan",
    "receipt_entry_days": "-1",
    "clearing_days": '{"batches_held": -1}',
    "region": "00",
    "region_name": "",
    "benefit_year": "24",
    "bus": "rabbit",
    "kafka_bootstrap_servers": "broker",
    "kafka_replicas": "0",
    "partitions": "0",
    "database_url": "localhost",
    "database_passwords": "[]",
    "owner_database_url": "localhost",
    "auditor_database_url": "localhost",
    "admin_database_url": "localhost",
    "pool_web": "0",
    "pool_work": "none",
    "encryption_keys": '{"k1": 1}',
    "policy_pack": "",
    "public_base_url": "canbao.example.cn",
    "wechat_merchants": '[{"mchid": "1"}]',
    "wechat_base_url": "https://",
    "wechat_native_minutes": "1",
    "wechat_jsapi_minutes": "0",
    "wechat_browser_minutes": "five",
    "wechat_questions_per_second": "0",
    "chinaums_merchants": '[{"mid": "1"}]',
    "chinaums_base_url": "api-mop.chinaums.com",
    "chinaums_minutes": "1441",
    "chinaums_questions_per_second": "0",
    "tax_base_url": "ftp://tax",
    "listen_host": "",
    "metrics_host": "",
    "metrics_port": "65536",
    "services_base_url": "http://host:port",
    "console_client_id": "",
}
# Any text will do, or what it names is looked at when it is used: a file, a folder, a key.
LOOKED_AT_LATER = {
    "secrets_dir", "token_private_key_file", "token_public_key_file", "person_token_key", "policy_folder",
    "policy_overrides", "tax_token", "console_client_secret",
}  # fmt: skip


def problems() -> list[str]:
    """What is wrong with the settings of the environment."""
    try:
        Settings()
    except (ValidationError, SettingsError, UnusableSetting) as error:
        return setting_problems(error)
    return []


@pytest.mark.parametrize("name", BAD)
def test_a_value_that_is_none_is_refused_by_its_variable_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    variable = f"CANBAO_{name.upper()}"
    monkeypatch.setenv(variable, BAD[name])
    said = problems()
    assert said
    for line in said:
        assert re.match(rf"{variable}[.\[:]", line), line
        assert re.search(r"[\u4e00-\u9fff].* · .*[a-z]{3}", line), line


def test_every_setting_is_checked_or_is_known_to_be_checked_later() -> None:
    assert BAD.keys() | LOOKED_AT_LATER == Settings.model_fields.keys()


def test_kafka_without_brokers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBAO_BUS", "kafka")
    (said,) = problems()
    assert said.startswith("CANBAO_KAFKA_BOOTSTRAP_SERVERS: ")
    monkeypatch.setenv("CANBAO_KAFKA_BOOTSTRAP_SERVERS", "one:9092, two:9092")
    assert problems() == []


def test_an_empty_variable_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """As .env.example shows them, uncommented and not filled in."""
    for name in ("secrets_dir", "token_private_key_file", "policy_folder", "policy_overrides"):
        monkeypatch.setenv(f"CANBAO_{name.upper()}", "")
        assert getattr(Settings(), name) is None


def test_what_compose_tests_and_kubernetes_set_is_no_typo(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("CANBAO_ADDRESS", "127.0.0.1:8000"),
        ("CANBAO_TEST_PATIENCE", "3"),
        ("CANBAO_SERVICE_HOST", "10.0.0.1"),
        ("CANBAO_PAYMENT_SERVICE_PORT_HTTP", "8000"),
        ("CANBAO_PORT", "tcp://10.0.0.1:8000"),
        ("CANBAO_PORT_8000_TCP_ADDR", "10.0.0.1"),
    ):
        monkeypatch.setenv(name, value)
    assert problems() == []
    monkeypatch.setenv("CANBAO_PORT", "8000")
    assert problems() == ["CANBAO_PORT: 没有这项设置 · there is no such setting"]


def test_every_variable_that_the_project_names_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    places = ("docker-compose.yml", "Makefile", ".env.example", "README.md", "docs/deploy.md", "deploy/Dockerfile")
    for place in places:
        text = (_CHECKOUT / place).read_text(encoding="utf-8")
        for name in {*re.findall(r"CANBAO_[A-Z][A-Z_]*[A-Z]", text)} - {"CANBAO_INSTALATION"}:  # shown as a typo
            monkeypatch.setenv(name, os.environ.get(name, ""))
    assert [line for line in problems() if "no such setting" in line] == []


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
