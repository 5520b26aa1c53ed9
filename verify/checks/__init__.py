"""The questions to the books, each with a stable code."""

from verify.check import ConsistencyCheck
from verify.checks import (
    assessed,
    attribution,
    bank,
    books,
    cash_back,
    channel_bills,
    counters,
    enrolled,
    events,
    money_in,
    remitted,
    seals,
)

CHECKS: tuple[ConsistencyCheck, ...] = (
    *books.CHECKS,
    *money_in.CHECKS,
    *bank.CHECKS,
    *channel_bills.CHECKS,
    *cash_back.CHECKS,
    *enrolled.CHECKS,
    *assessed.CHECKS,
    *remitted.CHECKS,
    *attribution.CHECKS,
    *counters.CHECKS,
    *events.CHECKS,
    *seals.CHECKS,
)
