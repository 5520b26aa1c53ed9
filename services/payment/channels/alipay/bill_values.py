"""Values in Alipay's bills, each with a tab behind it against spreadsheets: sums of yuan, moments, numbers, totals."""

import re
from datetime import datetime
from functools import lru_cache

from services.payment.channels.alipay.values import moment_of
from services.payment.channels.bills import BillFault, FaultyBill

_YUAN = re.compile(r"([-+]?)([0-9]{1,13})(?:\.([0-9]{1,2}))?", re.ASCII)
_NUMBER = re.compile(r"[\x21-\x7e]{1,64}")
_KEPT = 4096


@lru_cache(maxsize=_KEPT)
def fen_of(yuan: str) -> int:
    """A sum in fen, negative where money goes back; raises FaultyBill."""
    found = _YUAN.fullmatch(yuan)
    if found is None:
        raise FaultyBill(BillFault.WRONG_LINE, "a sum of money is not one")
    fen = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -fen if found[1] == "-" else fen


@lru_cache(maxsize=_KEPT)
def billed_moment(written: str) -> datetime:
    """A moment of Beijing time; raises FaultyBill."""
    moment = moment_of(written)
    if moment is None:
        raise FaultyBill(BillFault.WRONG_LINE, "a moment is not one")
    return moment


def number_of(written: str) -> str:
    """A number by which something is known; raises FaultyBill."""
    if _NUMBER.fullmatch(written) is None:
        raise FaultyBill(BillFault.WRONG_LINE, "a number is not one")
    return written
