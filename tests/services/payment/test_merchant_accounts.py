"""Merchants as the settings name them: each serves a name of the documents, and is found by one number."""

from pathlib import Path

import pytest

from services.payment.channels.accounts import UnusableMerchant, load_accounts
from shared.settings import Settings
from tests.harness.wechat_peer import MCHID, merchant


def serving(folder: Path, *channels: str) -> Settings:
    """A merchant of one number for each of these channels."""
    one = merchant(folder)
    return Settings(wechat_merchants=tuple(one.model_copy(update={"channel": channel}) for channel in channels))


@pytest.mark.parametrize("channel", ["WECHAT", "SUZHOU_YIBAO_WECHAT"])
def test_a_merchant_collects_for_each_name_that_uses_its_mechanism(tmp_path: Path, channel: str) -> None:
    accounts = load_accounts(serving(tmp_path, channel))
    assert [*accounts.by_name] == [(channel, MCHID)]


@pytest.mark.parametrize("channel", ["ALIPAY", "HRB_BANK_WECHAT", "SUZHOU_TAX_WECHAT", "ROSTER", "NO_SUCH_CHANNEL"])
def test_one_that_names_another_mechanisms_channel_is_refused(tmp_path: Path, channel: str) -> None:
    with pytest.raises(UnusableMerchant, match=rf"{MCHID}\]\.channel: 此处只能是 WECHAT.*{channel} is none of"):
        load_accounts(serving(tmp_path, channel))


@pytest.mark.parametrize("channels", [("WECHAT", "WECHAT"), ("WECHAT", "SUZHOU_YIBAO_WECHAT")])
def test_a_number_that_stands_twice_is_refused(tmp_path: Path, channels: tuple[str, ...]) -> None:
    """Its notices would be read as the last one's, and the other's orders would be paid by nobody."""
    with pytest.raises(UnusableMerchant, match=f"{MCHID}.*商户号重复"):
        load_accounts(serving(tmp_path, *channels))
