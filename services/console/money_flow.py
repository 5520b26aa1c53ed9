"""The money's way as one bar: each part lies in exactly one place."""

from dataclasses import dataclass

from services.console.figures import Figures, permille
from services.console.summaries import MoneyPosition, PaymentSummary

STAGES = ("village_cash", "channel", "pending", "in_transit", "treasury")
NO_MONEY = MoneyPosition()


@dataclass(frozen=True, slots=True)
class FlowSegment:
    """One part of the money's way: its amount and its place in the bar, in per mille."""

    key: str
    label: str
    amount: str
    share: str
    starts: int
    filled: int


def total_money(payment: PaymentSummary) -> MoneyPosition:
    """All the money, what belongs to no township included."""
    return MoneyPosition.total([*payment.towns, payment.unattributed or NO_MONEY])


def money_flow(money: MoneyPosition, figures: Figures) -> tuple[FlowSegment, ...]:
    """The parts in the order of the way."""
    amounts = {key: getattr(money, f"{key}_fen") for key in STAGES}
    # The bar is drawn from the amounts as they are written: its widths must not say more than they do.
    whole, starts, passed, segments = sum(map(figures.rounded_fen, amounts.values())), 0, 0, []
    for key, fen in amounts.items():
        passed += figures.rounded_fen(fen)
        ends = permille(passed, whole)  # of the way so far, so that the last part ends where the bar ends
        label, share = figures.translate(f"flow.{key}"), figures.share(fen, whole)
        segments.append(FlowSegment(key, label, figures.yuan(fen), share, starts, ends - starts))
        starts = ends
    return tuple(segments)


def flow_sum(money: MoneyPosition, figures: Figures) -> str:
    """What all parts make, and how much of it is not premium."""
    whole = _lying(money)
    apart = whole - money.taken_fen
    key = "flow.apart" if apart else "flow.sum"
    return figures.translate(key, yuan=figures.yuan(whole), apart=figures.yuan(apart))


def _lying(money: MoneyPosition) -> int:
    return sum(getattr(money, f"{key}_fen") for key in STAGES)
