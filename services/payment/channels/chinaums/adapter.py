"""ChinaUMS as a channel: its merchants, its calls, and its answers.

It takes the word SUCCESS for a notice that is kept, and sends it again after anything else. Its notices carry no time:
one that comes again is known by its number, which stays the same.
"""

from collections.abc import Sequence
from typing import Final

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.callback import Callback, CallbackForm
from services.payment.channels.chinaums.client import ChinaumsClient
from services.payment.channels.chinaums.form import read_form
from services.payment.channels.chinaums.keys import ChinaumsMerchant, load_chinaums_merchant
from services.payment.channels.chinaums.notice import open_notice
from services.payment.channels.chinaums.openapi import ANSWERS, FAILED, NOTICE, TAKEN
from services.payment.channels.chinaums.samples import SAMPLES
from services.payment.channels.chinaums.signature import verify
from services.payment.notices.notice import Evidence, NoticeSource, VerifiedNotice
from shared.policy.mechanisms import Mechanism
from shared.settings import Settings

_FORM = CallbackForm(
    path="/v1/callbacks/chinaums/{mid}",
    merchant_parameter="mid",
    taken=TAKEN,
    failed=FAILED,
    failed_media_type="text/plain",
    responses=ANSWERS,
    request=NOTICE,
)


def _accounts(settings: Settings) -> Sequence[ChinaumsMerchant]:
    return [load_chinaums_merchant(merchant) for merchant in settings.chinaums_merchants]


def _read(merchant: ChinaumsMerchant, callback: Callback) -> VerifiedNotice:
    """Read a notice's form once, check its signature, then read what it says; raises Refused."""
    fields = read_form(callback.body)
    key_name = verify(merchant.notice_keys, fields)
    evidence = Evidence(NoticeSource.NOTICE, callback.body, key_name, callback.now)
    return VerifiedNotice(open_notice(merchant, fields, callback.region), evidence)


CHINAUMS: Final = ChannelAdapter(
    mechanism=Mechanism.CHINAUMS,
    setting="chinaums_merchants",
    keys_field="notice_keys",
    form=_FORM,
    accounts=_accounts,
    read=_read,
    open=ChinaumsClient,
    samples=SAMPLES,
    notice_is_proof=False,
)
