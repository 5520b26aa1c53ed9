"""What is attributed to which settlement day, as it is asked for and kept with its approval."""

from typing import Annotated

from pydantic import Field

from services.payment.schemas import DocumentIn
from shared.web.fields import Day, FreeText, SingleLineText, example

Number = Annotated[SingleLineText, Field(max_length=64)]


class Attribution(DocumentIn):
    """A transaction, or one refund of it, and the day that the channel settled it with."""

    channel: Number
    merchant_id: Number
    transaction_id: Number
    refund_no: Number | None = None
    settlement_day: Day


class AttributionIn(Attribution):
    """The same, why, and the paper that shows it."""

    model_config = example(
        channel="WECHAT",
        merchant_id="1900000109",
        transaction_id="4200000001202310082359590001",
        settlement_day="2023-10-09",
        reason="23:59:59 付款，渠道计入次日结算",
        evidence="商户平台账单截图 2023-10-09",
    )

    reason: FreeText
    evidence: SingleLineText | None = None
