"""The season from its first day to the last latecomer: what happens on each of its days, and in what order."""

from datetime import date
from functools import partial
from random import Random

from simulator.actors import (
    bank,
    bureau,
    clerks,
    console,
    departments,
    handing_back,
    latecomers,
    remittance,
    residents,
    reversal,
    season_end,
    stories,
    strangers,
)
from simulator.actors.quiet import wait_for_the_day, wait_until_bills_are_read, wait_until_credited
from simulator.plan import Purchase
from simulator.wechat.flows import pay_out_in_two_parts
from simulator.world import World, report_progress

_STRANGERS_AT = 2


class DayIsOver(ValueError):
    """The season cannot be held at this day: it has not begun by then, or has gone on already; in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh, self.en = zh, en


async def play(world: World, until: date | None = None) -> bool:
    """Live through every day; what the journal says was done is not done again.

    With ``until``, hold at that day instead of going past it, and return False. Raises DayIsOver where that cannot be.
    """
    steps = world.locality.calendar.steps
    if until is not None:
        _refuse(world, until)
    for step, day in enumerate(steps):
        if until is not None and day > until:
            world.day.today = until
            await bureau.advance_date(world)
            await wait_for_the_day(world)
            await world.journal.put("held", "day", until.isoformat())
            return False
        world.day.today = day
        if world.done(f"day {step}"):
            continue
        report_progress("day", date=day.isoformat(), step=step + 1, steps=len(steps))
        await _live_through(world, step)
        await world.journal.put("done", f"day {step}", day.isoformat())
    return True


def _refuse(world: World, until: date) -> None:
    """Raise DayIsOver for a day before the season, or before a day that was begun or held at already."""
    steps = world.locality.calendar.steps
    begun = [day for step, day in enumerate(steps) if world.done(f"date {step}")]
    if until < steps[0]:
        raise DayIsOver(
            f"演练从 {steps[0]} 开始，不能停在 {until}",
            f"the season begins on {steps[0]}, it cannot be held at {until}",
        )
    held = world.journal.get("held", "day")
    reached = max([*begun, *([date.fromisoformat(held)] if held else [])], default=until)
    if reached > until:
        raise DayIsOver(
            f"演练已到 {reached}，不能停在 {until}；另用 --data 指定新目录即可重新开始",
            f"the season has reached {reached}, it cannot be held at {until}: name a new folder by --data",
        )


async def _live_through(world: World, step: int) -> None:
    await world.once(f"date {step}", lambda: bureau.advance_date(world))
    await wait_for_the_day(world)
    if step == 0:
        await world.once("regions", lambda: bureau.enter_regions(world))
        await world.once("targets", lambda: bureau.publish_targets(world))
        await world.once("rosters", lambda: departments.send_rosters(world))
    await world.once(f"correction {step}", lambda: departments.send_correction(world, step))
    await _morning(world, step)
    await clerks.register(world, [r for r in world.plan.county.residents if r.registers_at == step])
    await _pay_online(world, step)
    await _pay_cash(world, step)
    await wait_until_credited(world)
    await world.once(f"console {step}", lambda: console.give_back(world))
    await world.once(f"refunds {step}", lambda: latecomers.approve_refunds(world))
    if step == world.locality.calendar.last:
        await stories.ask_when_covered(world)
        await handing_back.miss_what_is_owed(world)


async def _morning(world: World, step: int) -> None:
    """What the last step left for today: late notices, the bank's statements, money on its way up."""
    if step == 0:
        return
    await wait_until_bills_are_read(world)
    await residents.deliver_late_notices(world, Random(f"late {step}"))
    await wait_until_credited(world)
    await world.once(f"bank {step}", lambda: bank.book(world, step))
    await _notices_after_match(world, step)
    await wait_until_credited(world)
    if step == world.locality.calendar.last:
        await season_end.close(world)
    await remittance.carry_up(world, step)
    await handing_back.hand_back(world)


async def _notices_after_match(world: World, step: int) -> None:
    """Notices that come when bank and bill have agreed on everything else of their day."""
    if residents.outstanding(world):
        await reversal.wait_until_compared(world, bank.statements_since(world, step - 1))
        await residents.deliver_after_match(world, Random(f"after match {step}"))


async def _pay_online(world: World, step: int) -> None:
    calendar = world.locality.calendar
    today: list[Purchase] = [purchase for purchase in world.plan.purchases if purchase.step == step]
    await residents.ask_orders(world, today)
    if step == world.plan.bank.in_two_parts:
        await pay_out_in_two_parts(world.account, calendar.steps[step].isoformat())
    await residents.pay(world, today, Random(f"pay {world.plan.county.seed} {step}"))
    if step == _STRANGERS_AT:
        await world.once("unknown order", lambda: strangers.unknown_order(world))
        await world.once("not ours", lambda: strangers.not_ours(world))
        await world.once("probe", lambda: strangers.probe(world))
        await world.once("refused", lambda: latecomers.on_hold(world))
    if calendar.steps[step] == calendar.last_day:
        await world.once("after hours: order", lambda: latecomers.ask_on_the_last_day(world))
    if step == calendar.turn_of_year:
        await world.once("after hours: paid", lambda: latecomers.pay_after_midnight(world))
    if step == calendar.last:
        await world.once("too late", lambda: latecomers.come_too_late(world))


async def _pay_cash(world: World, step: int) -> None:
    await world.once(f"cash {step}", lambda: clerks.take_cash(world, step))
    for collection in world.plan.collections:
        if collection.step == step and clerks.brought(world, collection):
            await world.once(f"hand in {collection.key}", partial(clerks.hand_in, world, collection))
