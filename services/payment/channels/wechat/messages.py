"""WeChat's messages about money, field by field: what each field has to be, to the letter.

Nothing is made into something else: a number is no text, a text no number, and a number of seconds no time. Whatever is
not in WeChat's own form is kept in quarantine; a person may have it read once more (``unread_messages``).
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

# RFC 3339, as WeChat writes it: a date, a time and a zone, all of them.
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def _written_in_full(value: object) -> object:
    """Left to itself, pydantic reads a number, and a text of digits, as seconds or milliseconds since 1970."""
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        raise ValueError("no time with its date and zone")
    return value


Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Amount = Annotated[int, Field(gt=0, le=10**12)]
Moment = Annotated[
    AwareDatetime,
    Field(strict=False, ge=datetime(2010, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    BeforeValidator(_written_in_full),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class PaidPart(_Part):
    """The order's amount is ``total``: ``payer_total`` is lower where the payer used coupons."""

    total: Amount
    currency: Code = "CNY"


class PaymentPart(_Part):
    """What every message about a payment says."""

    out_trade_no: Code
    transaction_id: Code
    trade_state: Code
    success_time: Moment
    amount: PaidPart


class PaymentMessage(PaymentPart):
    """Of a payment to a merchant, by a notice or an answer."""

    appid: Code
    mchid: Code


class PartnersPaymentMessage(PaymentPart):
    """From a service provider (服务商), who collects for another merchant."""

    sp_appid: Code
    sp_mchid: Code
    sub_appid: Code | None = None
    sub_mchid: Code


class RefundedPart(_Part):
    """What goes back."""

    refund: Amount


class RefundPart(_Part):
    """What every message about a refund says."""

    out_trade_no: Code
    transaction_id: Code
    out_refund_no: Code
    refund_id: Code | None = None
    refund_status: Code
    success_time: Moment | None = None
    amount: RefundedPart


class RefundMessage(RefundPart):
    """Of a merchant's refund, by a notice or an answer."""

    mchid: Code


class PartnersRefundMessage(RefundPart):
    """Of a refund by a service provider."""

    sp_mchid: Code
    sub_mchid: Code
