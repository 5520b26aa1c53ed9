"""What is new of a refund that a channel reports with the sum of all refunds of its payment so far. Pure.

A refund of ours has its own sum, whatever else has gone back. Of any other the rest is new: the sum, less what our
books know of under the payment's lines, which nobody else turns back meanwhile. So each fen is taken once, in whatever
order the notices come; of two that come in the wrong order the first takes the sum of both, and the other nothing.

Whether the sum holds a refund of ours is known by their days. Of one day it is not: the channel's bill names both.
"""

from collections.abc import Sequence
from datetime import date

from services.payment.refunds.state import AT_CHANNEL, RefundState, asked_under
from services.payment.refunds.unasked.repository import RefundableLine


def is_open(lines: Sequence[RefundableLine]) -> bool:
    """Whether a refund of ours is on its way: whether a sum holds it already, nobody can say."""
    return any(line.refund_state in AT_CHANNEL for line in lines)


def newly_returned(lines: Sequence[RefundableLine], so_far_fen: int, day: date) -> int | None:
    """How much of a sum reported for a day is not in the books, in fen; none left where a greater sum came before.

    None where a refund of ours was paid on the same day: the sum may be with it or without it.
    """
    asked_for = [line for line in lines if line.refund_state == RefundState.PAID and _is_ours(line)]
    if any(line.refunded_on == day for line in asked_for):
        return None
    later = sum(line.amount_fen for line in asked_for if line.refunded_on is not None and line.refunded_on > day)
    refunded = sum(line.amount_fen for line in lines if line.refund_state == RefundState.PAID) - later
    return so_far_fen - refunded - sum(line.returned_fen for line in lines)


def _is_ours(line: RefundableLine) -> bool:
    return line.refund_no is not None and asked_under(line.refund_no) is not None
