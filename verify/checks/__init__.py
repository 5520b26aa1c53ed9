"""The questions to the books, each with a stable code."""

from verify.check import ConsistencyCheck
from verify.checks import (
    announced,
    assessed,
    attribution,
    bank,
    books,
    cash_back,
    channel_word,
    channel_bills,
    counters,
    covered,
    enrolled,
    events,
    money_in,
    ordered,
    passages,
    remitted,
    seals,
    sources,
)

CHECKS: tuple[ConsistencyCheck, ...] = (
    *books.CHECKS,
    *money_in.CHECKS,
    *channel_word.CHECKS,
    *ordered.CHECKS,
    *sources.CHECKS,
    *passages.CHECKS,
    *bank.CHECKS,
    *channel_bills.CHECKS,
    *cash_back.CHECKS,
    *enrolled.CHECKS,
    *assessed.CHECKS,
    *covered.CHECKS,
    *remitted.CHECKS,
    *attribution.CHECKS,
    *counters.CHECKS,
    *events.CHECKS,
    *announced.CHECKS,
    *seals.CHECKS,
)
