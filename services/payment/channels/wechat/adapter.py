"""WeChat Pay as a channel: its merchants, its calls, and its answers.

It wants 204 for a notice that is kept; any failure brings the notice again later.
"""

from collections.abc import Sequence
from typing import Final

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.callback import Callback, CallbackForm, CallbackReply, signed_headers
from services.payment.channels.wechat.client import WechatClient
from services.payment.channels.wechat.keys import STATED, Merchant, load_merchant
from services.payment.channels.wechat.notice import open_notice
from services.payment.channels.wechat.openapi import ANSWERS, NOTICE
from services.payment.channels.wechat.signature import verify
from services.payment.notices.notice import Evidence, NoticeSource, VerifiedNotice
from shared.policy.mechanisms import Mechanism
from shared.settings import Settings

_FORM = CallbackForm(
    path="/v1/callbacks/wechat/{mchid}",
    merchant_parameter="mchid",
    taken=CallbackReply(204),
    failed='{"code":"FAIL","message":"失败"}'.encode(),
    failed_media_type="application/json",
    responses=ANSWERS,
    request=NOTICE,
)


def _accounts(settings: Settings) -> Sequence[Merchant]:
    return [load_merchant(merchant) for merchant in settings.wechat_merchants]


def _read(merchant: Merchant, callback: Callback) -> VerifiedNotice:
    """Check a notice's signature over its raw body, then open and read it; raises Refused."""
    signed = verify(merchant, signed_headers(callback, b"wechatpay-"), callback.body, callback.now)
    evidence = Evidence(NoticeSource.NOTICE, callback.body, signed.serial, signed.signed_at)
    return VerifiedNotice(open_notice(merchant, callback.body, callback.region), evidence)


WECHAT: Final = ChannelAdapter(
    mechanism=Mechanism.WECHAT,
    setting="wechat_merchants",
    keys_field="platform_keys",
    form=_FORM,
    accounts=_accounts,
    read=_read,
    open=WechatClient,
    stated=STATED,
)
