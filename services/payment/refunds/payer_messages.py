"""The message that a payer reads beside money that comes back."""

from services.payment.suspense.reasons import SuspenseReason

# WeChat Pay shows it in the refund's message; at most 80 bytes, which is 26 characters.
_PAYER_READS = {
    SuspenseReason.UNKNOWN_ORDER: "缴费订单不存在，款项退回",
    SuspenseReason.ORDER_OF_OTHER_MERCHANT: "缴费订单与收款方不符，款项退回",
    SuspenseReason.SECOND_TRANSACTION: "重复缴费，款项退回",
    SuspenseReason.WRONG_AMOUNT: "缴费金额与应缴不符，款项退回",
    SuspenseReason.ORDER_CANCELLED: "缴费订单已取消，款项退回",
    SuspenseReason.AFTER_EXPIRY: "缴费订单已过期，款项退回",
    SuspenseReason.BILL_ALREADY_PAID: "已缴费，重复款项退回",
    SuspenseReason.BILL_SUPERSEDED: "应缴金额已变更，款项退回",
    SuspenseReason.OUTSIDE_EVERY_ROW: "不在缴费期内，款项退回",
    SuspenseReason.AMOUNT_NOT_DUE_THAT_DAY: "缴费金额与当日应缴不符，款项退回",
    SuspenseReason.SAME_TRANSACTION_OTHER_ORDER: "交易号重复，款项退回",
    SuspenseReason.SAME_TRANSACTION_OTHER_AMOUNT: "交易金额不符，款项退回",
    SuspenseReason.ORDER_LOST: "缴费订单查无记录，款项退回",
    SuspenseReason.NOT_REGISTERED: "未办理参保登记，款项退回",
    SuspenseReason.NAME_DIFFERS: "姓名与参保登记不符，款项退回",
    SuspenseReason.NEEDS_TREASURY_REFUND: "经国库办理退库",
}


def payer_reason(reason: str) -> str:
    """Why the money comes back, in the payer's words."""
    return _PAYER_READS[SuspenseReason(reason)]
