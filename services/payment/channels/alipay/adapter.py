"""Alipay as a channel: its sellers, its calls, and its answers.

It wants the seven bytes ``success``; anything else brings the notice again, after 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h.
"""

from collections.abc import Sequence
from typing import Final

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.alipay.client import AlipayClient
from services.payment.channels.alipay.form import fields_of, text_of
from services.payment.channels.alipay.keys import Seller, load_seller
from services.payment.channels.alipay.notice import NoticeHeader, open_notice
from services.payment.channels.alipay.openapi import ANSWERS, NOTICE
from services.payment.channels.alipay.samples import SAMPLES
from services.payment.channels.alipay.signature import verify_notice
from services.payment.channels.alipay.values import moment_of
from services.payment.channels.callback import Callback, CallbackForm, CallbackReply, Refusal, Refused
from services.payment.notices.notice import Evidence, NoticeSource, VerifiedNotice
from shared.policy.mechanisms import Mechanism
from shared.settings import Settings

_FORM = CallbackForm(
    path="/v1/callbacks/alipay/{app_id}",
    merchant_parameter="app_id",
    taken=CallbackReply(200, b"success", "text/plain"),
    failed=b"failure",
    failed_media_type="text/plain",
    responses=ANSWERS,
    request=NOTICE,
)


def _accounts(settings: Settings) -> Sequence[Seller]:
    return [load_seller(seller) for seller in settings.alipay_sellers]


def _read(seller: Seller, callback: Callback) -> VerifiedNotice:
    """Check a notice's signature over its own bytes, then read it; raises Refused.

    A notice comes again for a day, each time with its first moment: how old it is, refuses nothing.
    """
    fields = fields_of(callback.body)
    key = verify_notice(seller, fields)
    said = text_of(fields)
    notified_at = moment_of(said.get("notify_time", ""))
    if notified_at is None:
        raise Refused(Refusal.ENVELOPE)
    evidence = Evidence(NoticeSource.NOTICE, callback.body, key, notified_at)
    notice = open_notice(NoticeHeader(seller, callback.region, said.get("notify_id", "")), said)
    return VerifiedNotice(notice, evidence)


def _app_of(seller: Seller) -> str:
    return seller.appid


ALIPAY: Final = ChannelAdapter(
    mechanism=Mechanism.ALIPAY,
    setting="alipay_sellers",
    keys_field="alipay_public_keys",
    form=_FORM,
    accounts=_accounts,
    read=_read,
    open=AlipayClient,
    samples=SAMPLES,
    called_as=_app_of,
)
