"""What else arrives at a callback: money for an order nobody knows, other people's business, and probes."""

from dataclasses import replace
from random import Random

from simulator.actors.residents import deliver_notices
from simulator.wechat.notices import WechatNotice
from simulator.world import World


async def unknown_order(world: World) -> None:
    """Rightly signed, our merchant's, and for an order that canbao never made: ours, without a home."""
    number, transaction = f"UNKNOWN{world.day.today:%Y%m%d}", "4200999999999999999999999901"
    url = notify_url(world)
    await world.journal.put(
        "order", number, {"amount_fen": world.locality.standard_fen, "notify_url": url, "state": "NOTPAY"}
    )
    await world.journal.put("fate", transaction, {"fate": "UNATTRIBUTED", "people": []})
    notice = await world.account.pay(number, transaction, moment=world.day.moment(transaction))
    await deliver_notices(world, [notice, notice], Random(number))


async def not_ours(world: World) -> None:
    """Rightly signed notices about another merchant's money and about another currency: kept apart, no transfer."""
    for place, change in enumerate(({"mchid": "1900009999"}, {"appid": "wx0000000000000000"}), start=1):
        await world.notice_sender.deliver(_foreign(world, place, dict(change)))
    euros = _foreign(world, 3, {})
    euros.plain["amount"] = {"total": 100, "payer_total": 100, "currency": "EUR", "payer_currency": "EUR"}
    await world.notice_sender.deliver(euros)
    await world.journal.put("quarantined", "count", 3)


async def probe(world: World) -> None:
    """Signature probes must be refused like any bad signature."""
    for place in range(3):
        status = await world.notice_sender.probe(notify_url(world))
        if not 400 <= status < 500:
            await world.complain(f"probe {place}", f"answered {status}")


def notify_url(world: World) -> str:
    """Our merchant's notification address."""
    return f"{world.notify_base}/payment/v1/callbacks/wechat/{world.account.mchid}"


def _foreign(world: World, place: int, change: dict[str, str]) -> WechatNotice:
    moment = world.day.moment(f"foreign {place}")
    plain = {
        "appid": world.account.appid,
        "mchid": world.account.mchid,
        "out_trade_no": f"FOREIGN{place:06d}",
        "transaction_id": f"4200888888888888888888888{place:03d}",
        "trade_type": "NATIVE",
        "trade_state": "SUCCESS",
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": moment,
        "payer": {"openid": "oStranger"},
        "amount": {"total": 100, "payer_total": 100, "currency": "CNY", "payer_currency": "CNY"},
    }
    notice = WechatNotice(f"EV-FOREIGN-{place}", "TRANSACTION.SUCCESS", "transaction", plain, notify_url(world), moment)
    return replace(notice, plain=plain | change)
