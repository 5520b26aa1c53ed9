"""The merchants that payment collects for, found by the address of a call or by their name in the books."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.merchant_account import MerchantAccount
from services.payment.channels.samples import is_sandbox_number
from services.payment.channels.table import ADAPTERS
from shared.policy.mechanisms import MECHANISM_OF, Mechanism, channels_by
from shared.policy.vocabulary import Channel
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, setting_place


class UnusableMerchant(UnusableSetting):
    """A configured merchant collects for a channel that its mechanism does not serve."""


class ServedAccount(NamedTuple):
    """A merchant, and the adapter that serves it."""

    adapter: ChannelAdapter[Any]
    account: MerchantAccount

    @property
    def path(self) -> str:
        """The path at which the channel reports about the merchant."""
        return self.adapter.form.path_of(self.adapter.called_as(self.account))


class Accounts:
    """Merchants by the mechanism and number that a call addresses, and by channel and number as the books name them."""

    def __init__(self, served: Iterable[ServedAccount]) -> None:
        self.served = tuple(served)
        self._adapters = {(each.account.channel, each.account.merchant_id): each.adapter for each in self.served}
        self.by_call: Mapping[tuple[Mechanism, str], MerchantAccount] = MappingProxyType(
            {(each.adapter.mechanism, each.adapter.called_as(each.account)): each.account for each in self.served}
        )
        self.by_name: Mapping[tuple[str, str], MerchantAccount] = MappingProxyType(
            {(each.account.channel, each.account.merchant_id): each.account for each in self.served}
        )

    def adapter_of(self, channel: str, merchant_id: str) -> ChannelAdapter[Any]:
        """The adapter that serves a merchant; raises KeyError where there is none of that name."""
        return self._adapters[channel, merchant_id]

    def unchecked(self) -> str:
        """The merchants whose every notice would be refused, because no key of the channel stands in its place."""
        found = []
        for adapter in ADAPTERS:
            blind = [
                each.account.merchant_id
                for each in self.served
                if each.adapter is adapter and not each.account.can_be_checked
            ]
            if blind:
                found.append(
                    f"{_place(adapter, ', '.join(blind))}.{adapter.keys_field}: "
                    "没有可用的平台公钥，通知都会被拒收，运行 canbao doctor"
                    " · no usable platform key, every notice is refused, run canbao doctor"
                )
        return "\n".join(found)


def load_accounts(settings: Settings) -> Accounts:
    """Load every merchant that the settings name; raises UnusableSetting."""
    served = [ServedAccount(adapter, account) for adapter in ADAPTERS for account in adapter.accounts(settings)]
    for each in served:
        if _mechanism_of(each.account.channel) is not each.adapter.mechanism:
            offered = ", ".join(channels_by(each.adapter.mechanism))
            raise UnusableMerchant(
                f"{_place(each.adapter, each.account.merchant_id)}.channel: 此处只能是 {offered}"
                f" · {each.account.channel} is none of {offered}"
            )
        _refuse_mixed(each, sandbox=settings.sandbox)
    return Accounts(served)


def _refuse_mixed(each: ServedAccount, *, sandbox: bool) -> None:
    """A sandbox serves merchants made for it and no others; everywhere else none of those collects."""
    played = is_sandbox_number(each.account.merchant_id)
    if played and not sandbox:
        raise UnusableMerchant(
            f"{_place(each.adapter, each.account.merchant_id)}: 沙箱商户只能用于沙箱（CANBAO_SANDBOX=true），"
            "正式环境请配置渠道分配的商户 · a sandbox's merchant outside a sandbox (CANBAO_SANDBOX=true); "
            "configure the merchant that the channel gave you"
        )
    if sandbox and not played:
        raise UnusableMerchant(
            f"{_place(each.adapter, each.account.merchant_id)}: 沙箱中不能有正式商户，请去掉它或去掉 CANBAO_SANDBOX"
            " · a live merchant in a sandbox; take it out, or unset CANBAO_SANDBOX"
        )


def _mechanism_of(name: str) -> Mechanism | None:
    return MECHANISM_OF[Channel(name)] if name in Channel.__members__ else None


def _place(adapter: ChannelAdapter[Any], merchant_ids: str) -> str:
    return f"{setting_place(adapter.setting)}[{adapter.form.merchant_parameter} {merchant_ids}]"
