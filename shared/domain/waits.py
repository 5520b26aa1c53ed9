"""Counting waits by the calendar, in one place for the rules that set them and the services that apply them."""

from calendar import monthrange
from datetime import date, timedelta


def same_day_later(day: date, months: int) -> date:
    """The same day some months later, or the last day of a month that is shorter (Civil Code 202)."""
    total = day.month - 1 + months
    year, month = day.year + total // 12, total % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def first_day_after(anchor: date, *, months: int, days: int) -> date:
    """The day after a wait: its anchor is not counted, and its last day is not covered (Civil Code 201 and 202)."""
    return same_day_later(anchor, months) + timedelta(days=days + 1)
