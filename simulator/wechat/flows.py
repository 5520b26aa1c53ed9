"""The merchant's balance at the channel: what it books of each payment and refund, and what it pays out of that.

A payment of a day's last second is booked in the first ones of the next. What a day's bookings come to is paid out to
the bank account at five the next morning (提现), now and then in two parts; where more was given back than taken, it is
made good from there at the same time (充值).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from simulator.wechat.account import ChannelAccount, refund_id

_LAST_SECOND, _BOOKED_WITHIN = "23:59:59", timedelta(seconds=2)
_PAID_OUT_AT = ("05:00:00", "05:30:00")


@dataclass(frozen=True, slots=True)
class BalanceFlow:
    """A payment or refund as the balance has it: when, under which number, for which order or refund."""

    moment: str
    number: str
    business: str
    amount_fen: int
    voucher: str
    transaction: str


@dataclass(frozen=True, slots=True)
class ChannelPayout:
    """Money on its way to the bank account, and the bookings that it consists of."""

    moment: str
    number: str
    amount_fen: int
    flows: tuple[BalanceFlow, ...]

    @property
    def business(self) -> str:
        """What bills call it."""
        return "提现" if self.amount_fen > 0 else "充值"


async def pay_out_in_two_parts(account: ChannelAccount, day: str) -> None:
    """Have a day paid out twice; to be said before the day is over."""
    await account.journal.put("two payouts", day, True)


def flows_of(account: ChannelAccount, day: str) -> list[BalanceFlow]:
    """What the channel books on a day, in its order."""
    around = ((date.fromisoformat(day) - timedelta(days=1)).isoformat(), day)
    found = [flow for each in around for flow in _moved_on(account, each) if flow.moment[:10] == day]
    return sorted(found, key=lambda flow: (flow.moment, flow.number))


def settled_fen(account: ChannelAccount, day: str) -> int:
    """What a day's bookings come to: taken less given back."""
    return sum(flow.amount_fen for flow in flows_of(account, day))


def payouts_of(account: ChannelAccount, day: str) -> list[ChannelPayout]:
    """What is paid out of a day's bookings, the next morning; nothing where they come to nothing."""
    flows = flows_of(account, day)
    parts = [flows]
    if account.journal.get("two payouts", day) and (cut := _cut(flows)):
        parts = [flows[:cut], flows[cut:]]
    next_day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    number = f"20{account.mchid}{day.replace('-', '')}"
    return [
        ChannelPayout(f"{next_day} {at}", f"{number}{place or ''}", fen, tuple(part))
        for place, (at, part) in enumerate(zip(_PAID_OUT_AT, parts, strict=False))
        if (fen := sum(flow.amount_fen for flow in part))
    ]


def _cut(flows: list[BalanceFlow]) -> int | None:
    """How many bookings the first of two payouts has: about half, so that both are money and no sum comes again."""
    sums = list(accumulate(flow.amount_fen for flow in flows))
    places = [
        place
        for place, fen in enumerate(sums, start=1)
        if 0 < fen < sums[-1] and sums.count(fen) == 1 and 2 * fen != sums[-1]
    ]
    return min(places, key=lambda place: abs(2 * place - len(flows)), default=None)


def _moved_on(account: ChannelAccount, day: str) -> list[BalanceFlow]:
    taken = [
        BalanceFlow(_booked(each["moment"]), number, "交易", each["amount_fen"], each["order"], number)
        for number, each in account.taken_on(day).items()
    ]
    return taken + [
        BalanceFlow(
            _booked(each["moment"]), refund_id(number), "退款", -each["amount_fen"], number, each["transaction"]
        )
        for number, each in account.given_back_on(day).items()
    ]


def _booked(moment: str) -> str:
    """When the channel books what happened at a moment, as bills write it."""
    happened = datetime.fromisoformat(moment)
    if f"{happened:%H:%M:%S}" == _LAST_SECOND:
        happened += _BOOKED_WITHIN
    return f"{happened:%Y-%m-%d %H:%M:%S}"
