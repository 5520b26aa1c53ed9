"""The channels that take orders and call back: one row for each mechanism. A further one is its folder and its row."""

from collections.abc import Sequence
from typing import Any, Final

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.alipay.adapter import ALIPAY
from services.payment.channels.chinaums.adapter import CHINAUMS
from services.payment.channels.wechat.adapter import WECHAT
from shared.policy.mechanisms import channels_by

ADAPTERS: Final[tuple[ChannelAdapter[Any], ...]] = (WECHAT, ALIPAY, CHINAUMS)


def settled_by_file_only(adapters: Sequence[ChannelAdapter[Any]] = ADAPTERS) -> frozenset[str]:
    """The channels whose notices prove nothing to others, because both sides hold the key that signs them.

    What such a notice reports is credited. Only what the channel's own file names goes on to the treasury.
    """
    unproven = (adapter.mechanism for adapter in adapters if not adapter.notice_is_proof)
    return frozenset(channel.value for mechanism in unproven for channel in channels_by(mechanism))
