"""Which receipts the money in the account stands for, and which wait. Pure; amounts in fen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.payment.receipts.receipt import StoredReceipt


@dataclass(frozen=True, slots=True)
class Coverage:
    """The receipts that the account covers wholly, those that wait, and what it holds of the first of them."""

    covered: tuple[StoredReceipt, ...]
    waiting: tuple[StoredReceipt, ...]
    surplus_fen: int


def cover(receipts: Sequence[StoredReceipt], first: Collection[StoredReceipt], booked_fen: int) -> Coverage:
    """Let the money cover whole receipts: ``first`` those whose cash goes back, then in the order of collection.

    The first receipt that is not covered wholly waits, and so do all after it: nobody chooses whose money is there.
    """
    order = in_order(receipts, first)
    left, covered = booked_fen, 0
    while covered < len(order) and order[covered].amount_fen <= left:
        left -= order[covered].amount_fen
        covered += 1
    return Coverage(tuple(order[:covered]), tuple(order[covered:]), left)


def in_order(receipts: Sequence[StoredReceipt], first: Collection[StoredReceipt]) -> list[StoredReceipt]:
    """The order in which money covers receipts."""
    return sorted(receipts, key=lambda each: (each not in first, each.received_on, each.receipt_no))


def pieces(receipts: Sequence[StoredReceipt], counted_fen: int, more_fen: int) -> list[tuple[StoredReceipt, int]]:
    """What of each receipt is covered by ``more_fen`` after ``counted_fen``, in the receipts' order."""
    found, begin = [], 0
    for receipt in receipts:
        end = begin + receipt.amount_fen
        fen = min(end, counted_fen + more_fen) - max(begin, counted_fen)
        if fen > 0:
            found.append((receipt, fen))
        begin = end
    return found
