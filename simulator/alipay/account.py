"""What Alipay itself knows: codes handed out, trades, money taken and given back, what it owes the bank account."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from simulator.alipay.notices import AlipayNotice
from simulator.day import SeasonDay
from simulator.journal import Journal

CODE, WAITING, PAID, CLOSED = "CODE", "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED"
_ORDER, _TRADE, _REFUND = "alipay order", "alipay trade", "alipay refund"


class AlipayRefusal(Exception):
    """An answer other than success, with Alipay's own finer code."""

    def __init__(self, sub_code: str) -> None:
        super().__init__(sub_code)
        self.sub_code = sub_code


def yuan(fen: int) -> str:
    """A sum as Alipay writes it."""
    return f"{fen // 100}.{fen % 100:02d}" if fen >= 0 else f"-{yuan(-fen)}"


def fen(amount: str) -> int:
    """A sum as a request writes it."""
    whole, _, places = amount.partition(".")
    return int(whole) * 100 + int(places.ljust(2, "0"))


def written(moment: str) -> str:
    """A moment of Beijing time as Alipay writes it."""
    return moment[:19].replace("T", " ")


@dataclass(slots=True)
class AlipayAccount:
    """One seller's account, kept in the journal; with ``hold_refunds`` a refund is accepted and not carried out yet."""

    journal: Journal
    day: SeasonDay
    app_id: str
    seller_id: str
    hold_refunds: bool = False
    _of_day: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for kind in (_TRADE, _REFUND):
            for number, moved in self.journal.all(kind).items():
                if moved["day"]:
                    self._of_day[moved["day"]].append((kind, number))

    async def precreate(self, asked: dict[str, Any], notify_url: str) -> dict[str, str]:
        """Hand out a code; until somebody scans it there is no trade."""
        number = await self._open(asked, notify_url, CODE)
        return {"out_trade_no": number, "qr_code": f"https://qr.alipay.com/bax{number[-16:]}"}

    async def create(self, asked: dict[str, Any], notify_url: str) -> dict[str, str]:
        """Open a trade for a payer inside Alipay, or in a browser."""
        number = await self._open(asked, notify_url, WAITING)
        return {"out_trade_no": number, "trade_no": self._trade_no(number)}

    async def close(self, number: str) -> dict[str, str]:
        """Close a trade that nobody paid; of a code that nobody scanned there is none."""
        order = self._traded(number)
        if order["state"] != WAITING:
            raise AlipayRefusal("ACQ.TRADE_STATUS_ERROR")
        await self.journal.put(_ORDER, number, {**order, "state": CLOSED})
        return {"out_trade_no": number, "trade_no": self._trade_no(number)}

    async def scan(self, number: str) -> None:
        """Somebody scans a code: now there is a trade."""
        order = self.journal.get(_ORDER, number)
        if order["state"] == CODE:
            await self.journal.put(_ORDER, number, {**order, "state": WAITING})

    async def pay(self, number: str, *, moment: str, received_fen: int | None = None) -> AlipayNotice:
        """Take a payer's money and owe the seller a notice; ``received_fen`` is less where the seller's coupon paid."""
        await self.scan(number)
        order, trade_no = self.journal.get(_ORDER, number), self._trade_no(number)
        if self.journal.get(_TRADE, trade_no) is None:
            taken = {"order": number, "amount_fen": order["amount_fen"], "moment": moment, "day": moment[:10]}
            taken["received_fen"] = order["amount_fen"] if received_fen is None else received_fen
            await self.journal.put(_ORDER, number, {**order, "state": PAID})
            self._of_day[moment[:10]].append((_TRADE, trade_no))
            await self.journal.put(_TRADE, trade_no, taken)
        return self.notice(number)

    def notice(self, number: str) -> AlipayNotice:
        """The notice of a payment."""
        return self._notice(number, f"paid{self._trade_no(number)}", {"refund_fee": "0.00"})

    def closed_notice(self, number: str) -> AlipayNotice:
        """The notice that a trade has ended unpaid."""
        ended = {"gmt_close": written(self.day.moment(number))}
        closed = self._notice(number, f"closed{self._trade_no(number)}", ended)
        said = {name: value for name, value in closed.fields.items() if name != "gmt_payment"}
        return AlipayNotice(said, closed.notify_url)

    def refund_notice(self, refund_no: str) -> AlipayNotice:
        """The notice of a refund, to the payment's own address, with the sum of all refunds of the trade so far."""
        given = self.journal.get(_REFUND, refund_no)
        taken = self.journal.get(_TRADE, given["trade"])
        so_far = given["so_far_fen"]
        said = {
            "refund_fee": yuan(so_far),
            "gmt_refund": f"{written(given['moment'])}.320",
            "out_biz_no": refund_no,
            "trade_status": CLOSED if so_far == taken["amount_fen"] else PAID,
        }
        if so_far == taken["amount_fen"]:
            said["gmt_close"] = written(given["moment"])
        return self._notice(taken["order"], f"back{refund_no}", said)

    def question(self, number: str) -> dict[str, str]:
        """What a query of the order answers."""
        order = self._traded(number)
        said = {
            "out_trade_no": number,
            "trade_no": self._trade_no(number),
            "trade_status": self._status(number, order),
            "total_amount": yuan(order["amount_fen"]),
            "buyer_logon_id": "ali***@canary.example",
        }
        taken = self.journal.get(_TRADE, self._trade_no(number))
        return said if taken is None else said | {"send_pay_date": written(taken["moment"])}

    async def refund(self, asked: dict[str, Any]) -> dict[str, str]:
        """Give money back; the same number again is the same refund, and without a number it is the order's."""
        trade_no = asked.get("trade_no") or self._trade_no(str(asked.get("out_trade_no")))
        taken = self.journal.get(_TRADE, trade_no)
        if taken is None:
            raise AlipayRefusal("ACQ.TRADE_NOT_EXIST")
        number = asked.get("out_request_no") or taken["order"]
        known = self.journal.get(_REFUND, number)
        moved = known is None and not self.hold_refunds
        if known is None:
            amount_fen = fen(asked["refund_amount"])
            if self._returned_fen(trade_no) + amount_fen > taken["amount_fen"]:
                raise AlipayRefusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            held = {"trade": trade_no, "amount_fen": amount_fen, "moment": "", "day": "", "so_far_fen": 0}
            await self.journal.put(_REFUND, number, held)
            if not self.hold_refunds:
                await self.carry_out(number)
        return {
            "out_trade_no": taken["order"],
            "trade_no": trade_no,
            "fund_change": "Y" if moved else "N",
            "refund_fee": yuan(self._returned_fen(trade_no)),
        }

    async def carry_out(self, number: str) -> AlipayNotice:
        """Let a refund that was accepted reach the payer."""
        given = self.journal.get(_REFUND, number)
        so_far = self._returned_fen(given["trade"]) + given["amount_fen"]
        day = self.day.today.isoformat()
        given = {**given, "moment": self.day.moment(number), "day": day, "so_far_fen": so_far}
        self._of_day[day].append((_REFUND, number))
        await self.journal.put(_REFUND, number, given)
        return self.refund_notice(number)

    def refund_question(self, asked: dict[str, Any]) -> dict[str, str]:
        """What a query of the refund answers: nothing of one that was never asked for, or is not carried out."""
        number, trade_no = str(asked.get("out_request_no")), str(asked.get("trade_no"))
        if self.journal.get(_TRADE, trade_no) is None:
            raise AlipayRefusal("ACQ.TRADE_NOT_EXIST")
        known = self.journal.get(_REFUND, number)
        if known is None or not known["day"] or known["trade"] != trade_no:
            return {}
        taken = self.journal.get(_TRADE, trade_no)
        said = {
            "out_trade_no": taken["order"],
            "trade_no": trade_no,
            "out_request_no": number,
            "refund_amount": yuan(known["amount_fen"]),
            "total_amount": yuan(taken["amount_fen"]),
            "refund_status": "REFUND_SUCCESS",
        }
        wants_moment = "gmt_refund_pay" in asked.get("query_options", ())
        return said | ({"gmt_refund_pay": written(known["moment"])} if wants_moment else {})

    def taken_on(self, day: str) -> dict[str, dict[str, Any]]:
        """Paid trades of a day, by their numbers."""
        return self._moved(_TRADE, day)

    def given_back_on(self, day: str) -> dict[str, dict[str, Any]]:
        """Refunds of a day, by their numbers."""
        return self._moved(_REFUND, day)

    def trade(self, trade_no: str) -> dict[str, Any]:
        """A paid trade."""
        taken: dict[str, Any] = self.journal.get(_TRADE, trade_no)
        return taken

    def _moved(self, kind: str, day: str) -> dict[str, dict[str, Any]]:
        return {number: self.journal.get(kind, number) for of, number in self._of_day.get(day, ()) if of == kind}

    async def _open(self, asked: dict[str, Any], notify_url: str, state: str) -> str:
        number, amount_fen = str(asked["out_trade_no"]), fen(asked["total_amount"])
        known = self.journal.get(_ORDER, number)
        if known is None:
            known = {"amount_fen": amount_fen, "notify_url": notify_url, "state": state}
            await self.journal.put(_ORDER, number, known)
        if known["state"] in (PAID, CLOSED):
            raise AlipayRefusal("ACQ.TRADE_HAS_SUCCESS" if known["state"] == PAID else "ACQ.TRADE_HAS_CLOSE")
        if known["amount_fen"] != amount_fen:
            raise AlipayRefusal("ACQ.CONTEXT_INCONSISTENT")
        return number

    def _traded(self, number: str) -> dict[str, Any]:
        order: dict[str, Any] | None = self.journal.get(_ORDER, number)
        if order is None or order["state"] == CODE:
            raise AlipayRefusal("ACQ.TRADE_NOT_EXIST")
        return order

    def _status(self, number: str, order: dict[str, Any]) -> str:
        trade_no = self._trade_no(number)
        if order["state"] == PAID and self._returned_fen(trade_no) == order["amount_fen"]:
            return CLOSED
        return str(order["state"])

    def _returned_fen(self, trade_no: str) -> int:
        refunds = self.journal.all(_REFUND).values()
        return sum(given["amount_fen"] for given in refunds if given["trade"] == trade_no and given["day"])

    def _trade_no(self, number: str) -> str:
        return f"2023100822001{sum(ord(c) * 131**i for i, c in enumerate(number)) % 10**15:015d}"

    def _notice(self, number: str, notify_id: str, changes: dict[str, str]) -> AlipayNotice:
        order, trade_no = self.journal.get(_ORDER, number), self._trade_no(number)
        taken = self.journal.get(_TRADE, trade_no) or {"moment": self.day.moment(number), "received_fen": 0}
        fields = {
            "notify_id": notify_id,
            "notify_time": written(taken["moment"]),
            "notify_type": "trade_status_sync",
            "version": "1.0",
            "app_id": self.app_id,
            "auth_app_id": self.app_id,
            "seller_id": self.seller_id,
            "buyer_logon_id": "ali***@canary.example",
            "subject": "城乡居民基本医疗保险 2024",
            "out_trade_no": number,
            "trade_no": trade_no,
            "trade_status": str(order["state"]),
            "total_amount": yuan(order["amount_fen"]),
            "receipt_amount": yuan(taken["received_fen"]),
            "buyer_pay_amount": yuan(taken["received_fen"]),
            "gmt_create": written(taken["moment"]),
            "gmt_payment": written(taken["moment"]),
            "body": "",
        }
        return AlipayNotice(fields | changes, order["notify_url"])
