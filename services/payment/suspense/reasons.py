"""Why a payment could not be credited to a bill."""

from enum import StrEnum


class SuspenseReason(StrEnum):
    """Why a payment could not be credited to a bill."""

    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    ORDER_OF_OTHER_MERCHANT = "ORDER_OF_OTHER_MERCHANT"
    SECOND_TRANSACTION = "SECOND_TRANSACTION"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    AFTER_EXPIRY = "AFTER_EXPIRY"
    BILL_ALREADY_PAID = "BILL_ALREADY_PAID"
    BILL_SUPERSEDED = "BILL_SUPERSEDED"
    OUTSIDE_EVERY_ROW = "OUTSIDE_EVERY_ROW"
    AMOUNT_NOT_DUE_THAT_DAY = "AMOUNT_NOT_DUE_THAT_DAY"
    SAME_TRANSACTION_OTHER_ORDER = "SAME_TRANSACTION_OTHER_ORDER"
    SAME_TRANSACTION_OTHER_AMOUNT = "SAME_TRANSACTION_OTHER_AMOUNT"
    ORDER_LOST = "ORDER_LOST"
    NOT_REGISTERED = "NOT_REGISTERED"
    NAME_DIFFERS = "NAME_DIFFERS"
    NEEDS_TREASURY_REFUND = "NEEDS_TREASURY_REFUND"


# The bill is settled or gone, so this money is never kept: a refund is requested at once; an operator approves it.
AUTO_REFUND_REASONS = frozenset(
    {
        SuspenseReason.BILL_ALREADY_PAID,
        SuspenseReason.SECOND_TRANSACTION,
        SuspenseReason.ORDER_CANCELLED,
        SuspenseReason.BILL_SUPERSEDED,
    }
)
