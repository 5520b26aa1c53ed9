"""The names of payment's jobs, by which one part of the service starts another's work at once."""

from typing import Final

CREDITING: Final = "crediting"
REFUNDS: Final = "refunds"
CASH_MATCHING: Final = "cash-matching"
SHORTAGES: Final = "collector-shortages"
SETTLEMENTS: Final = "settlements"
PAYOUTS: Final = "payouts"
CHANNEL_BILLS: Final = "channel-bills"
REMITTANCE_LINES: Final = "remittance-lines"
TAX_DETAILS: Final = "tax-details"
CHANNEL_FILES: Final = "channel-files"
