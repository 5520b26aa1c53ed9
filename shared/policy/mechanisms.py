"""By which mechanism each channel of the documents brings its money. A name is data; a mechanism is code.

Every name of the packs stands here. Which mechanism a name of the packs uses is known for those that name a merchant
or a bank; for TAX_HALL, ETAX, HENAN_TAX_APP, SUZHOU_TAX_WECHAT and WANSHITONG it is an assumption: no document says how
the tax bureau passes on what they take.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.policy.vocabulary import Channel


class Mechanism(StrEnum):
    """How money of a channel arrives, and who vouches for it.

    WECHAT, ALIPAY and CHINAUMS take orders and call back; a BANK_AGENT asks for bills and reports payments; TAX_DETAIL
    arrives as detail of the exchange platform; VILLAGE is cash with numbered receipts; a LIST brings no money.
    """

    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    CHINAUMS = "CHINAUMS"
    BANK_AGENT = "BANK_AGENT"
    TAX_DETAIL = "TAX_DETAIL"
    VILLAGE = "VILLAGE"
    LIST = "LIST"


MECHANISM_OF: Final[Mapping[Channel, Mechanism]] = MappingProxyType(
    {
        Channel.WECHAT: Mechanism.WECHAT,
        Channel.SUZHOU_YIBAO_WECHAT: Mechanism.WECHAT,
        Channel.ALIPAY: Mechanism.ALIPAY,
        Channel.UNIONPAY_QR: Mechanism.CHINAUMS,
        Channel.HRB_BANK_WECHAT: Mechanism.BANK_AGENT,
        Channel.HRB_BANK_COUNTER: Mechanism.BANK_AGENT,
        Channel.CCB_YUNONGTONG: Mechanism.BANK_AGENT,
        Channel.BANK_COUNTER: Mechanism.BANK_AGENT,
        Channel.TAX_HALL: Mechanism.TAX_DETAIL,
        Channel.ETAX: Mechanism.TAX_DETAIL,
        Channel.HENAN_TAX_APP: Mechanism.TAX_DETAIL,
        Channel.SUZHOU_TAX_WECHAT: Mechanism.TAX_DETAIL,
        Channel.WANSHITONG: Mechanism.TAX_DETAIL,
        Channel.VILLAGE_CASH: Mechanism.VILLAGE,
        Channel.ROSTER: Mechanism.LIST,
    }
)


def channels_by(mechanism: Mechanism) -> tuple[Channel, ...]:
    """The names of the packs that use a mechanism, in the vocabulary's order."""
    return tuple(channel for channel in Channel if MECHANISM_OF[channel] is mechanism)
