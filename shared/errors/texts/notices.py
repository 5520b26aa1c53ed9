"""Refusals about notices in quarantine."""

from shared.errors.spec import Spec

NOTICE_NOT_RETRIABLE = Spec(
    409,
    "隔离区中没有可重新处理的此条通知",
    "No such notice in quarantine can be processed again",
    "仅限原因为 UNPROCESSABLE、UNKNOWN_MERCHANT 或已能读懂的 UNREADABLE 通知；其他的查清后由两人了结（/closing）",
    "Only notices with the reason UNPROCESSABLE or UNKNOWN_MERCHANT, or UNREADABLE ones that can be read by now; "
    "two people close any other once it is explained (/closing)",
)
NOTICE_NOT_QUARANTINED = Spec(
    409,
    "该通知不在隔离区",
    "The notice is not in quarantine",
    "已入账、正在重新处理或已了结，见 /payment/v1/quarantine",
    "It was credited, is being processed again, or is closed; see /payment/v1/quarantine",
)
NOTICE_NOT_CLOSED = Spec(
    409,
    "该通知未曾了结",
    "The notice is not closed",
    "只有已了结的通知可以重新打开，见 /payment/v1/quarantine/closed",
    "Only a closed notice is taken up again; see /payment/v1/quarantine/closed",
)
NOTICE_CLOSING_NEEDS_EVIDENCE = Spec(
    409,
    "该通知是本方未付订单的付款，了结须附凭证",
    "The notice is a payment of an unpaid order of ours: closing it needs evidence",
    "在 evidence 填写说明款项去向的凭证，如渠道退款单号；能入账的应重新处理",
    "Name in evidence the paper that shows where the money went; process it again where it can be credited",
)
