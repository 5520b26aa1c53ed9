"""The channels that take orders and call back: one row for each mechanism. A further one is its folder and its row."""

from typing import Any, Final

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.alipay.adapter import ALIPAY
from services.payment.channels.wechat.adapter import WECHAT

ADAPTERS: Final[tuple[ChannelAdapter[Any], ...]] = (WECHAT, ALIPAY)
