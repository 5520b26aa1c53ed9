"""Residents: they ask for an order, scan it, and sometimes pay twice, too late, or although they had cancelled."""

import asyncio
import time
from collections.abc import Iterable
from datetime import date
from random import Random
from typing import Any

from simulator import clients
from simulator.actors.clerks import enrolment
from simulator.happened import Happened, note
from simulator.peer_endpoint import RequestRefused
from simulator.people import Resident
from simulator.plan import Purchase
from simulator.portions import is_after_match
from simulator.troubles import Trouble
from simulator.wechat.notices import WechatNotice
from simulator.world import World, each, report_progress

STORM = 50
LAST_SECOND = 24 * 3600 - 1
_PATIENCE_S = 30.0


async def ask_orders(world: World, purchases: Iterable[Purchase]) -> None:
    """Ask for an order for each purchase, where its members could be registered."""

    async def one(purchase: Purchase) -> None:
        await ask_order(world, f"{purchase.key}-1", purchase.members, purchase.amount_fen)
        if purchase.trouble is Trouble.CROSSED:
            await _cancel_and_pay_anyway(world, purchase)
        elif purchase.trouble is Trouble.SHORT:
            await _pay_short(world, purchase)

    await each(purchases, one)


async def pay(world: World, purchases: Iterable[Purchase], chance: Random) -> None:
    """Pay, in no order; the channel notifies more than once, and of some payments only days later."""
    shuffled = [p for p in purchases if not world.done(f"paid {p.key}")]
    chance.shuffle(shuffled)
    counted = len(world.journal.all("told"))

    async def one(purchase: Purchase) -> None:
        nonlocal counted
        if await _pay(world, purchase, chance):
            await world.journal.put("done", f"paid {purchase.key}", world.day.today.isoformat())
            counted += 1
            if counted % 25 == 0:
                report_progress("paid", count=counted)

    await each(shuffled, one, at_once=32)


async def _pay(world: World, purchase: Purchase, chance: Random) -> bool:
    attempt = 2 if purchase.trouble in (Trouble.CROSSED, Trouble.SHORT) else 1
    order = world.journal.get("asked", f"{purchase.key}-{attempt}")
    if order is None:
        return False
    notices = [await _take(world, order, purchase, "CREDITED", 1)]
    if purchase.trouble is Trouble.CONSOLE:
        # Which of the two is credited is known before the second: that one is given back by its own number.
        if not (await deliver_notices(world, notices, chance) and await _is_credited(world, order)):
            return False
        notices = []
    if purchase.trouble in (Trouble.TWICE, Trouble.CONSOLE):
        notices.append(await _take(world, order, purchase, "SUSPENSE", 2))
    if purchase.trouble in (Trouble.LATE_NOTICE, Trouble.AFTER_MATCH):
        return True
    copies = STORM if purchase.trouble is Trouble.STORM else purchase.copies
    return await deliver_notices(world, notices * copies, chance)


async def _is_credited(world: World, order: dict[str, Any]) -> bool:
    """Whether canbao shows the order as paid, within a payer's patience."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        shown = await world.endpoints[clients.RESIDENTS].get(f"/payment/v1/orders/{order['order_no']}")
        if shown["state"] == "CONFIRMED":
            return True
        await asyncio.sleep(0.1)
    await world.complain(f"order {order['order_no']}", "its first payment is not credited")
    return False


async def deliver_late_notices(world: World, chance: Random) -> None:
    """Deliver the outstanding notices: the late ones, and whatever an interruption left; not what comes later still."""
    late = [each for each in _untold(world) if not is_after_match(world.journal.get("fate", each) or {})]
    await deliver_notices(world, [world.account.notice(transaction) for transaction in late] * 2, chance)


def outstanding(world: World) -> list[str]:
    """Payments whose notices come only when bank and bill have agreed on their days."""
    return [each for each in _untold(world) if is_after_match(world.journal.get("fate", each) or {})]


async def deliver_after_match(world: World, chance: Random) -> None:
    """Deliver them now."""
    late = outstanding(world)
    if await deliver_notices(world, [world.account.notice(transaction) for transaction in late], chance):
        for transaction in late:
            taken = world.journal.get("transaction", transaction)
            day, fen = date.fromisoformat(taken["day"]), taken["amount_fen"]
            await note(world, Happened.NOTICE_AFTER_MATCH, transaction, day=day, fen=fen)


def _untold(world: World) -> list[str]:
    happened = world.journal.all("transaction")
    return [transaction for transaction in happened if world.journal.get("told", transaction) is None]


async def deliver_notices(world: World, notices: list[WechatNotice], chance: Random) -> bool:
    """Deliver notices until each is acknowledged, and remember that they are."""
    notified = await world.notice_sender.deliver_all(notices, chance)
    if notified:
        for transaction in sorted({str(notice.plain["transaction_id"]) for notice in notices}):
            await world.journal.put("told", transaction, True)
    return notified


async def _take(world: World, order: dict[str, Any], purchase: Purchase, fate: str, time_no: int) -> WechatNotice:
    transaction = f"4200{purchase.key.replace('-', '')}{time_no:02d}".ljust(28, "0")
    people = [member.index for member in purchase.members]
    await world.journal.put("fate", transaction, {"fate": fate, "people": people, "trouble": purchase.trouble})
    cut_off = purchase.trouble is Trouble.CUT_OFF
    moment = world.day.at(LAST_SECOND) if cut_off else world.day.moment(transaction)
    return await world.account.pay(order["order_no"], transaction, moment=moment)


async def ask_order(world: World, key: str, members: tuple[Resident, ...], expected_fen: int) -> dict[str, Any] | None:
    """Ask once; a bill may need a moment after registration, and a wrong amount is a complaint."""
    known: dict[str, Any] | None = world.journal.get("asked", key)
    if known is not None:
        return known
    people = [enrolment(world, member) for member in members]
    if None in people:
        return None
    body = {"enrolment_ids": people, "channel": "WECHAT"}
    try:
        order = await world.endpoints[clients.RESIDENTS].post_when_billed("/payment/v1/orders", body)
    except RequestRefused as refusal:
        await world.complain(f"order {key}", str(refusal))
        return None
    if order["amount_fen"] != expected_fen:
        await world.complain(f"order {key}", f"asked {order['amount_fen']} fen, expected {expected_fen}")
    asked = {"order_no": order["order_no"], "amount_fen": order["amount_fen"]}
    await world.journal.put("asked", key, asked)
    return asked


async def _cancel_and_pay_anyway(world: World, purchase: Purchase) -> None:
    """The person cancels; the channel had taken the money and says so. Then the person pays a second order."""
    order = world.journal.get("asked", f"{purchase.key}-1")
    if order is None:
        return

    async def cross() -> None:
        await world.endpoints[clients.RESIDENTS].post(f"/payment/v1/orders/{order['order_no']}/cancel", {})
        notice = await _take(world, order, purchase, "SUSPENSE", 8)
        await deliver_notices(world, [notice, notice], Random(purchase.key))

    await world.once(f"crossed {purchase.key}", cross)
    await ask_order(world, f"{purchase.key}-2", purchase.members, purchase.amount_fen)


async def _pay_short(world: World, purchase: Purchase) -> None:
    """A rightly signed notice of one fen too few; the money is suspended and the person pays a second order."""
    order = world.journal.get("asked", f"{purchase.key}-1")
    if order is None:
        return

    async def short() -> None:
        transaction = f"4200{purchase.key.replace('-', '')}09".ljust(28, "0")
        people = [member.index for member in purchase.members]
        await world.journal.put("fate", transaction, {"fate": "SUSPENSE", "people": people})
        notice = await world.account.pay(
            order["order_no"],
            transaction,
            moment=world.day.moment(transaction),
            amount_fen=order["amount_fen"] - 1,
        )
        await deliver_notices(world, [notice], Random(purchase.key))

    await world.once(f"short {purchase.key}", short)
    await ask_order(world, f"{purchase.key}-2", purchase.members, purchase.amount_fen)
