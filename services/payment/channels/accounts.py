"""The merchants that payment collects for, found by the address of a call or by their name in the books."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.merchant_account import MerchantAccount
from services.payment.channels.table import ADAPTERS
from shared.domain.region import covers
from shared.policy.mechanisms import MECHANISM_OF, Mechanism, channels_by
from shared.policy.vocabulary import Channel
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, setting_place


class UnusableMerchant(UnusableSetting):
    """A configured merchant collects for a channel that its mechanism does not serve."""


class ServedAccount(NamedTuple):
    """A merchant, the adapter that serves it, and the region that it may collect for; without one the whole area."""

    adapter: ChannelAdapter[Any]
    account: MerchantAccount
    region: str = ""

    @property
    def name(self) -> tuple[str, str]:
        """Its channel and number, as the books name it."""
        return self.account.channel, self.account.merchant_id

    @property
    def call(self) -> tuple[Mechanism, str]:
        """Its mechanism and number, as its channel's calls address it."""
        return self.adapter.mechanism, self.account.merchant_id

    def collects_for(self, channel: str, region: str) -> bool:
        """Whether it takes new orders of a channel and a region."""
        ours = self.account.channel == channel and self.account.takes_orders
        return ours and (not self.region or covers(self.region, region))


class Accounts:
    """Merchants by the mechanism and number that a call addresses, and by channel and number as the books name them."""

    def __init__(self, served: Iterable[ServedAccount]) -> None:
        self.served = tuple(served)
        self._adapters = {each.name: each.adapter for each in self.served}
        self.by_call: Mapping[tuple[Mechanism, str], MerchantAccount] = MappingProxyType(
            {each.call: each.account for each in self.served}
        )
        self.by_name: Mapping[tuple[str, str], MerchantAccount] = MappingProxyType(
            {each.name: each.account for each in self.served}
        )

    def holds(self, other: ServedAccount) -> bool:
        """Whether a merchant stands here already, by its name in the books or by the address of its calls."""
        return other.name in self.by_name or other.call in self.by_call

    def collecting(self, channel: str, region: str) -> ServedAccount | None:
        """The merchant for new orders of a region: of those that cover it, the one of the narrowest region."""
        found = [each for each in self.served if each.collects_for(channel, region)]
        return max(found, key=lambda each: len(each.region), default=None)

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
        if mechanism_of(each.account.channel) is not each.adapter.mechanism:
            offered = ", ".join(channels_by(each.adapter.mechanism))
            raise UnusableMerchant(
                f"{_place(each.adapter, each.account.merchant_id)}.channel: 此处只能是 {offered}"
                f" · {each.account.channel} is none of {offered}"
            )
    return Accounts(served)


def mechanism_of(name: str) -> Mechanism | None:
    """The mechanism of a channel of the documents; None where none has that name."""
    return MECHANISM_OF[Channel(name)] if name in Channel.__members__ else None


def _place(adapter: ChannelAdapter[Any], merchant_ids: str) -> str:
    return f"{setting_place(adapter.setting)}[{adapter.form.merchant_parameter} {merchant_ids}]"
