"""Settings come from the environment, and .env.example knows all of them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings
from shared.settings_example import env_example

_CHECKOUT = Path(__file__).parents[2]


def test_env_example_is_current() -> None:
    # Repair: canbao config example > .env.example
    assert (_CHECKOUT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_each_login_gets_its_own_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBAO_DATABASE_URL", "postgresql://{service}_app:{password}@db/{database}")
    monkeypatch.setenv("CANBAO_DATABASE_PASSWORDS", '{"payment": "p", "quota": "q", "owner": "o"}')
    settings = Settings()
    assert settings.service_url("payment") == "postgresql://payment_app:p@db/payment"
    assert settings.bus_url("quota") == "postgresql://quota_app:q@db/bus"
    assert settings.owner_url("bus") == "postgresql://canbao_owner:o@localhost/bus"
    assert "'p'" not in repr(settings)
    assert "p@" not in repr(settings)


@pytest.mark.parametrize("region", ["", "4", "41152", "411521101", "x"])
def test_a_region_that_is_no_pooling_area_is_refused(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    monkeypatch.setenv("CANBAO_REGION", region)
    with pytest.raises(ValidationError):
        Settings()
