"""The bank of the tax pending account (税务待报解账户): a statement each morning, of what it really received."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from simulator import clients
from simulator.actors import clerks, reversal
from simulator.happened import Happened, note
from simulator.wechat.flows import flows_of, payouts_of
from simulator.world import World

_NEXT = timedelta(days=1)


async def book(world: World, step: int) -> None:
    """A statement of each morning since the last step: the channel's payouts, and the deposits of the day before."""
    since = world.locality.calendar.steps[step - 1]
    for day in _days(since, world.day.today):
        lines = [{"line_no": place, **line} for place, line in enumerate(_lines(world, day), start=1)]
        if not lines:
            continue
        if day == since and step - 1 == world.plan.bank.mistyped and lines[0]["kind"] == "SETTLEMENT":
            lines = await _mistype(world, day, lines)
        await _enter(world, day, lines)
        await _note(world, day)
    for collection in world.plan.collections:
        numbers = (clerks.slip_no(collection), clerks.slip_no(collection, topped_up=True))
        if sum(world.journal.get("booked", number) or 0 for number in numbers) == collection.amount_fen:
            await world.journal.put("matched", collection.key, True)


def statements_since(world: World, step: int) -> list[str]:
    """The numbers of the statements that hold a payout since a step."""
    days = _days(world.locality.calendar.steps[step], world.day.today)
    return [_statement_no(day) for day in days if flows_of(world.account, day.isoformat())]


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days)]


def _statement_no(day: date) -> str:
    return f"BK{day:%Y%m%d}"


async def _enter(world: World, day: date, lines: list[dict[str, Any]]) -> None:
    await world.endpoints[clients.BANK].post(
        "/payment/v1/bank-statements",
        {"statement_no": _statement_no(day), "booked_on": (day + _NEXT).isoformat(), "lines": lines},
    )
    for line in lines:
        if line["kind"] == "DEPOSIT":
            await world.journal.put("booked", str(line["reference"]), line["amount_fen"])


async def _mistype(world: World, day: date, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Enter two digits of a payout the wrong way round and have that reversed; returns the right lines."""
    first, others = lines[0], lines[1:]
    await _enter(world, day, [first | {"amount_fen": _with_digits_swapped(first["amount_fen"])}, *others])
    await reversal.reverse(world, _statement_no(day), first["line_no"])
    await note(world, Happened.STATEMENT_REVERSED, day.isoformat(), day=day, fen=first["amount_fen"])
    return [*others, first | {"line_no": len(lines) + 1}]


def _with_digits_swapped(fen: int) -> int:
    """The amount with the first two digits that differ from each other swapped; a digit more where all are the same."""
    digits = str(fen)
    for place in range(len(digits) - 1):
        if digits[place] != digits[place + 1]:
            return int(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])
    return int(digits + digits[0])


def _lines(world: World, day: date) -> Iterable[dict[str, Any]]:
    yield from _settlement(world, day)
    for number, slip in world.journal.all("slip").items():
        if slip["deposited_on"] == day.isoformat():
            yield {"kind": "DEPOSIT", "reference": number, "amount_fen": slip["amount_fen"]}


def _settlement(world: World, day: date) -> Iterable[dict[str, Any]]:
    """One line for each payout; for a day on which as much was given back as taken, one of nothing."""
    reference = f"WECHAT:{world.account.mchid}:{day.isoformat()}"
    payouts = payouts_of(world.account, day.isoformat())
    for payout in payouts:
        yield {"kind": "SETTLEMENT", "reference": reference, "amount_fen": payout.amount_fen}
    if not payouts and flows_of(world.account, day.isoformat()):
        yield {"kind": "SETTLEMENT", "reference": reference, "amount_fen": 0}


async def _note(world: World, day: date) -> None:
    payouts = payouts_of(world.account, day.isoformat())
    if len(payouts) > 1:
        fen = sum(payout.amount_fen for payout in payouts)
        await note(world, Happened.PAID_OUT_IN_TWO_PARTS, day.isoformat(), day=day, fen=fen)
    for flow in flows_of(world.account, day.isoformat()):
        taken = world.journal.get("transaction", flow.transaction)
        if flow.amount_fen > 0 and taken["day"] != day.isoformat():
            paid_on = date.fromisoformat(taken["day"])
            await note(world, Happened.PAID_IN_THE_LAST_SECOND, flow.number, day=paid_on, fen=flow.amount_fen)
