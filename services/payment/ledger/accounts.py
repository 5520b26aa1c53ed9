"""The accounts of the books. Debits increase the first group (assets), credits the others (liabilities, income)."""

from typing import Final

# Assets: where the money is, or who owes it.
VILLAGE_CASH: Final = "village_cash"
PENDING: Final = "pending"  # 税务待报解账户
COLLECTOR_SHORT: Final = "collector_short"  # cash of receipts that their collector did not pay in, and owes
IN_TRANSIT: Final = "in_transit"  # 上解, not yet 入国库
TREASURY: Final = "treasury"
TAX_DIRECT: Final = "tax_direct"  # collected by the tax bureau's own channels, straight into the treasury
REFUNDED_UNASKED: Final = "refunded_unasked"  # given back by a channel on its own, to be recovered or explained

# Liabilities: money that is not ours to keep.
UNAPPLIED: Final = "unapplied"
SUSPENSE: Final = "suspense"
REFUND_PAYABLE: Final = "refund_payable"

# Income of a benefit year.
PREMIUM: Final = "premium"
AIDED: Final = "aided"


def channel(name: str) -> str:
    """The asset account of a channel that holds money for us until it settles, such as ``channel:WECHAT``."""
    return f"channel:{name}"


# The tax bureau collects into the treasury itself: what comes through these never lies in the pending account.
TAX_CHANNELS: Final = frozenset({"TAX_HALL", "ETAX", "HENAN_TAX_APP", "SUZHOU_TAX_WECHAT", "WANSHITONG"})


def collector(name: str) -> str:
    """The asset account of a collector: the tax bureau for its own channels, else the channel itself."""
    return TAX_DIRECT if name in TAX_CHANNELS else channel(name)


def funder(name: str) -> str:
    """The asset account of a funder that owes its share of individual contributions."""
    return f"funder:{name}"
