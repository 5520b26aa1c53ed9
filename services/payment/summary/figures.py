"""Sums over where money stands, and over what stands apart from it."""

from collections.abc import Sequence

from services.payment.refunds.state import RefundState
from services.payment.summary.repository import FiguresOfReason, RefundFigures, TownFigures, WaitingFigures
from services.payment.summary.schemas import (
    CountAndAmount,
    CountAndAmountByReason,
    CountAndAmountOfReason,
    RefundsOut,
    Standing,
    UnattributedOut,
)


def standing(towns: Sequence[TownFigures]) -> dict[str, int]:
    """The figures of townships together, by name."""
    return {name: sum(getattr(town, name) for town in towns) for name in Standing.model_fields}


def unattributed(towns: Sequence[TownFigures]) -> UnattributedOut:
    """Money whose region names no township: what it owes or earned, and where it lies now."""
    return UnattributedOut(
        **standing(towns),
        count=sum(town.items for town in towns),
        fen=sum(town.taken_fen + town.suspense_fen + town.refund_payable_fen for town in towns),
    )


def by_reason(figures: Sequence[FiguresOfReason]) -> CountAndAmountByReason:
    """The sum, and what each reason has of it."""
    total = sum_of(figures)
    reasons = [CountAndAmountOfReason(reason=each.reason, count=each.count, fen=each.fen) for each in figures]
    return CountAndAmountByReason(count=total.count, fen=total.fen, by_reason=reasons)


def refunds(figures: Sequence[RefundFigures]) -> RefundsOut:
    """Refunds by state; those that are paid are not under way any more."""
    under_way = sum_of([each for each in figures if each.state != RefundState.PAID])
    by_state = {each.state: sum_of([each]) for each in figures}
    return RefundsOut(count=under_way.count, fen=under_way.fen, by_state=by_state)


def sum_of(figures: Sequence[FiguresOfReason | RefundFigures | WaitingFigures]) -> CountAndAmount:
    """How many there are, and how much they come to."""
    return CountAndAmount(count=sum(each.count for each in figures), fen=sum(each.fen for each in figures))
