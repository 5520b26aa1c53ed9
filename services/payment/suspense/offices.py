"""Whose turn it is with suspended money: the office that has to act, by its reason and region. Pure."""

from enum import StrEnum
from typing import Final

from services.payment.suspense.reasons import AUTO_REFUND_REASONS, SuspenseReason

# A region of a township or village; what has a shorter code is the county's or above.
TOWNSHIP_LENGTH: Final = 9


class SuspenseOffice(StrEnum):
    """The office that has to act on suspended money."""

    TOWNSHIP = "TOWNSHIP"
    COUNTY_AGENCY = "COUNTY_AGENCY"
    REFUND_DESK = "REFUND_DESK"
    TAX_BUREAU = "TAX_BUREAU"


# Who knows the person finds out what the money is for; without a township nobody does, and the county looks.
_BY_PERSON: Final = frozenset(
    {
        SuspenseReason.WRONG_AMOUNT,
        SuspenseReason.AFTER_EXPIRY,
        SuspenseReason.OUTSIDE_EVERY_ROW,
        SuspenseReason.AMOUNT_NOT_DUE_THAT_DAY,
        SuspenseReason.NAME_DIFFERS,
    }
)
# The same as an expression over the columns of suspense, for lists that are narrowed to one office.
OFFICE_SQL: Final = f"""
    CASE WHEN reason = '{SuspenseReason.NEEDS_TREASURY_REFUND}' THEN '{SuspenseOffice.TAX_BUREAU}'
         WHEN reason IN ({", ".join(f"'{each}'" for each in sorted(AUTO_REFUND_REASONS))})
             THEN '{SuspenseOffice.REFUND_DESK}'
         WHEN reason IN ({", ".join(f"'{each}'" for each in sorted(_BY_PERSON))})
              AND length(region) >= {TOWNSHIP_LENGTH} THEN '{SuspenseOffice.TOWNSHIP}'
         ELSE '{SuspenseOffice.COUNTY_AGENCY}' END
"""


def office_for(reason: SuspenseReason, region: str) -> SuspenseOffice:
    """The office that has to act on money suspended for this reason in this region."""
    if reason is SuspenseReason.NEEDS_TREASURY_REFUND:
        return SuspenseOffice.TAX_BUREAU
    if reason in AUTO_REFUND_REASONS:
        return SuspenseOffice.REFUND_DESK
    if reason in _BY_PERSON and len(region) >= TOWNSHIP_LENGTH:
        return SuspenseOffice.TOWNSHIP
    return SuspenseOffice.COUNTY_AGENCY
