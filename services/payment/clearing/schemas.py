"""What is in clearing, as HTTP shows it."""

from datetime import date

from pydantic import BaseModel


class ClearingOut(BaseModel):
    """One kind: its limit in days, since when the oldest waits, and what has waited beyond the limit."""

    kind: str
    limit_days: int
    oldest_on: date | None
    too_old: int
    fen: int


class ClearingPage(BaseModel):
    """Every kind, on the business date."""

    business_date: date
    items: list[ClearingOut]
