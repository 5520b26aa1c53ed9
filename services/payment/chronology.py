"""Which days of one money must follow which: the one place that says it. Pure.

An endpoint or job that takes a day of money asks here. What our own clerks enter out of order is refused; what a bank
or a channel says out of order is a fact that we keep and hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum


class MoneyDay(Enum):
    """A day in the life of one money, by its name in Chinese and English."""

    RECEIVED = ("收款日", "received")
    DEPOSITED = ("缴存日", "deposited")
    BOOKED = ("入账日", "booked")
    PAID = ("缴费日", "paid")
    SETTLED = ("结算到账日", "settled")
    SENT_BACK = ("上一批次退回日", "sent back before")
    REMITTED = ("上解日", "remitted")
    IN_TREASURY = ("入库日", "in the treasury")
    CERTIFIED = ("完税证明开具日", "certified")
    RETURNED = ("国库退回日", "returned")
    RECALLED = ("收据收回日", "recalled")
    RELEASED = ("批准退还日", "released")
    FETCHED = ("领取现金日", "fetched")
    SIGNED_FOR = ("签收日", "signed for")
    REFUNDED = ("退款日", "refunded")

    @property
    def zh(self) -> str:
        """The name in Chinese."""
        return self.value[0]

    @property
    def en(self) -> str:
        """The name in English."""
        return self.value[1]


class MoneyPath(Enum):
    """The ways that money takes: on each, no known day lies before an earlier one of the list."""

    VILLAGE_CASH = (
        MoneyDay.RECEIVED,
        MoneyDay.DEPOSITED,
        MoneyDay.BOOKED,
        MoneyDay.SENT_BACK,
        MoneyDay.REMITTED,
        MoneyDay.IN_TREASURY,
        MoneyDay.CERTIFIED,
    )
    CHANNEL = (
        MoneyDay.PAID,
        MoneyDay.SETTLED,
        MoneyDay.SENT_BACK,
        MoneyDay.REMITTED,
        MoneyDay.IN_TREASURY,
        MoneyDay.CERTIFIED,
    )
    # The tax bureau's own channels: its certificate comes with the payment, its remittance after it.
    TAX_BUREAU = (MoneyDay.PAID, MoneyDay.CERTIFIED, MoneyDay.REMITTED, MoneyDay.IN_TREASURY)
    SENT_BACK = (MoneyDay.REMITTED, MoneyDay.RETURNED)
    CASH_GIVEN_BACK = (
        MoneyDay.RECEIVED,
        MoneyDay.RECALLED,
        MoneyDay.RELEASED,
        MoneyDay.FETCHED,
        MoneyDay.SIGNED_FOR,
    )
    REFUND = (MoneyDay.PAID, MoneyDay.REFUNDED)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A day that lies before one that it must follow."""

    day: MoneyDay
    on: date
    before: MoneyDay
    before_on: date

    def __str__(self) -> str:
        zh = f"{self.day.zh} {self.on} 早于{self.before.zh} {self.before_on}"
        return f"{zh} · {self.day.en} {self.on} < {self.before.en} {self.before_on}"


def contradiction(path: MoneyPath, days: Mapping[MoneyDay, date | None]) -> Contradiction | None:
    """The first day of a money that lies before one that it must follow; days not known yet contradict nothing.

    On the tax bureau's own channels payment and certificate are one day.
    """
    latest: tuple[MoneyDay, date] | None = None
    for name in path.value:
        day = days.get(name)
        if day is None:
            continue
        if latest is not None and day < latest[1]:
            return Contradiction(name, day, *latest)
        latest = (name, day)
    paid, certified = days.get(MoneyDay.PAID), days.get(MoneyDay.CERTIFIED)
    if path is MoneyPath.TAX_BUREAU and paid is not None and certified is not None and paid < certified:
        return Contradiction(MoneyDay.PAID, paid, MoneyDay.CERTIFIED, certified)
    return None


def entered_late(received_on: date, today: date, limit_days: int) -> bool:
    """Whether a receipt of that day may no longer be entered by one person alone."""
    return received_on < today - timedelta(days=limit_days)
