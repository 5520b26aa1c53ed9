"""Payment's figures alone: sums of townships, reasons and refunds, without a database."""

from dataclasses import replace

from services.payment.summary.figures import by_reason, refunds, standing, sum_of, unattributed
from services.payment.summary.repository import FiguresOfReason, RefundFigures, TownFigures, WaitingFigures
from services.payment.summary.schemas import CountAndAmount

TOWN = TownFigures(
    town="411521101",
    paid_count=3,
    taken_fen=114_000,
    aided_fen=28_000,
    village_cash_fen=38_000,
    channel_fen=76_000,
    pending_fen=0,
    in_transit_fen=0,
    treasury_fen=0,
    suspense_fen=5,
    refund_payable_fen=7,
    items=4,
)


def test_townships_are_summed_figure_by_figure() -> None:
    together = standing([TOWN, replace(TOWN, taken_fen=1)])
    assert (together["taken_fen"], together["paid_count"], together["suspense_fen"]) == (114_001, 6, 10)
    assert "items" not in together


def test_money_of_no_township_is_worth_what_was_taken_and_what_waits() -> None:
    nowhere = unattributed([replace(TOWN, town=None)])
    assert (nowhere.count, nowhere.fen, nowhere.channel_fen) == (4, 114_012, 76_000)
    assert (unattributed([]).count, unattributed([]).fen) == (0, 0)


def test_reasons_stand_below_their_sum() -> None:
    found = by_reason([FiguresOfReason("AMOUNT_MISMATCH", 2, 300), FiguresOfReason("UNKNOWN_ORDER", 1, 40)])
    assert (found.count, found.fen) == (3, 340)
    assert [(each.reason, each.count, each.fen) for each in found.by_reason] == [
        ("AMOUNT_MISMATCH", 2, 300),
        ("UNKNOWN_ORDER", 1, 40),
    ]


def test_a_paid_refund_is_named_and_not_counted_as_under_way() -> None:
    found = refunds([RefundFigures("APPROVED", 2, 300), RefundFigures("PAID", 9, 900)])
    assert (found.count, found.fen) == (2, 300)
    assert found.by_state == {"APPROVED": CountAndAmount(count=2, fen=300), "PAID": CountAndAmount(count=9, fen=900)}


def test_what_waits_is_summed() -> None:
    assert sum_of([WaitingFigures(1, 10), WaitingFigures(2, 20)]) == CountAndAmount(count=3, fen=30)
