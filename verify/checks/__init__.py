"""The questions to the books, each with a stable code."""

from verify.check import ConsistencyCheck
from verify.checks import (
    assessed,
    attribution,
    bank,
    books,
    cash_back,
    chronology,
    clearing,
    counters,
    enrolled,
    events,
    money_in,
    numbers,
    remitted,
    seals,
)

CHECKS: tuple[ConsistencyCheck, ...] = (
    *books.CHECKS,
    *money_in.CHECKS,
    *bank.CHECKS,
    *cash_back.CHECKS,
    *chronology.CHECKS,
    *clearing.CHECKS,
    *enrolled.CHECKS,
    *assessed.CHECKS,
    *remitted.CHECKS,
    *numbers.CHECKS,
    *attribution.CHECKS,
    *counters.CHECKS,
    *events.CHECKS,
    *seals.CHECKS,
)
