"""From a statement to a merchant that is ready to work: its mechanism's form, with the content of its files."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.payment.channels.accounts import ServedAccount, mechanism_of
from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.stated_account import AccountForm, SecretContent, StatedAccount
from services.payment.channels.table import ADAPTERS
from services.payment.merchants.state import MerchantStatement
from shared.malformed_values import malformed
from shared.settings_errors import UnusableSetting


class UnusableStatement(UnusableSetting):
    """A merchant cannot be made of what is stated of it."""


def place_of(stated: MerchantStatement) -> str:
    """How faults name a merchant."""
    return f"商户 merchant {stated.channel}/{stated.merchant_id}"


def form_of(stated: MerchantStatement) -> tuple[ChannelAdapter[Any], AccountForm[Any]]:
    """What serves a merchant, and the form in which it is stated; raises UnusableStatement."""
    mechanism = mechanism_of(stated.channel)
    adapter = next((each for each in ADAPTERS if each.mechanism is mechanism), None)
    if adapter is None or adapter.stated is None:
        raise UnusableStatement(f"{stated.channel}: 此渠道没有以数据管理的商户 · this channel has no merchants as data")
    return adapter, adapter.stated


def load(stated: MerchantStatement, contents: Mapping[str, SecretContent]) -> ServedAccount:
    """The merchant with the keys whose content is given; raises UnusableSetting, naming no secret."""
    adapter, form = form_of(stated)
    place = place_of(stated)
    if stated.secrets.keys() != set(form.secrets):
        wanted = ", ".join(form.secrets)
        raise UnusableStatement(f"{place} secrets: 须为 {wanted} · must be {wanted}")
    missing = [file for file in stated.secrets.values() if file not in contents]
    if missing:
        raise UnusableStatement(f"{place}: 缺少文件 · missing files: {', '.join(missing)}")
    account = form.load(
        StatedAccount(
            place=place,
            channel=stated.channel,
            merchant_id=stated.merchant_id,
            appid=stated.appid,
            takes_orders=stated.takes_orders,
            settings=settings_of(stated),
            secrets={use: contents[file] for use, file in stated.secrets.items()},
            keys={serial: contents[file] for serial, file in stated.keys.items() if file in contents},
        )
    )
    if not account.can_be_checked:
        raise UnusableStatement(f"{place} keys: 没有可用的平台公钥 · no usable key of the channel")
    return ServedAccount(adapter, account, stated.collects_for)


def settings_of(stated: MerchantStatement) -> dict[str, Any]:
    """The mechanism's settings as its form writes them; raises UnusableStatement, which names fields and no value."""
    _, form = form_of(stated)
    try:
        return form.settings.model_validate(stated.settings).model_dump(mode="json")
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        said = [f"settings.{'.'.join(map(str, each['loc']))}: {malformed(each['type'], each['msg'])}" for each in found]
        raise UnusableStatement(*(f"{place_of(stated)} {each}" for each in said)) from None
