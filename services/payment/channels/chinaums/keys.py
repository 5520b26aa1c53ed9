"""A ChinaUMS merchant with its secrets loaded: the application's key for requests, the shared keys for notices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.payment.channels.chinaums.schemas import SettlementLayout, read_layout
from shared.setting_groups.chinaums import ChinaumsMerchantSetting
from shared.settings_errors import UnusableSetting, read_setting_file, setting_place

_LEAST_BYTES = 16


class UnusableSharedKey(UnusableSetting):
    """A configured key or layout cannot be what it should be; names the setting, never the key."""


@dataclass(frozen=True, slots=True)
class ChinaumsMerchant:
    """One merchant and its terminal (``tid``, our ``appid``), ready to work.

    ``notice_keys`` are held by names of our own: a notice does not say which one signed it. ``source`` is the number
    that the channel gave to where orders are from (``msgSrcId``), and ``settlement_path`` is where it publishes its
    file, with ``{mid}`` and ``{day}`` in it.
    """

    channel: str
    merchant_id: str
    appid: str
    source: str
    app_id: str
    app_key: bytes = field(repr=False)
    notice_keys: Mapping[str, bytes] = field(repr=False)
    layout: SettlementLayout
    settlement_path: str
    answers_are_signed: bool = False
    takes_orders: bool = True

    @property
    def can_be_checked(self) -> bool:
        """Whether there is a key for its notices."""
        return bool(self.notice_keys)


def load_chinaums_merchant(setting: ChinaumsMerchantSetting) -> ChinaumsMerchant:
    """Load a merchant's keys and the layout of its file; raises UnusableSetting, when starting and never later."""
    place = f"{setting_place('chinaums_merchants')}[mid {setting.mid}]"
    return ChinaumsMerchant(
        channel=setting.channel,
        merchant_id=setting.mid,
        appid=setting.tid,
        source=setting.source,
        app_id=setting.app_id,
        app_key=_key(f"{place}.app_key_file", setting.app_key_file),
        notice_keys={name: _key(f"{place}.notice_keys.{name}", file) for name, file in setting.notice_keys.items()},
        layout=_layout(f"{place}.settlement_layout_file", setting.settlement_layout_file),
        settlement_path=setting.settlement_path,
        answers_are_signed=setting.answers_are_signed,
        takes_orders=setting.takes_orders,
    )


def _key(place: str, file: Path) -> bytes:
    key = read_setting_file(place, file).strip()
    if len(key) < _LEAST_BYTES or not key.isascii():
        raise UnusableSharedKey(
            f"{place}: 密钥须为至少 {_LEAST_BYTES} 个 ASCII 字符"
            f" · a key has at least {_LEAST_BYTES} ASCII characters: {file}"
        )
    return key


def _layout(place: str, file: Path) -> SettlementLayout:
    try:
        return read_layout(read_setting_file(place, file))
    except ValueError as fault:
        if isinstance(fault, UnusableSetting):
            raise
        raise UnusableSharedKey(f"{place}: 不是清算文件的格式声明 · declares no layout of a file: {file}") from fault
