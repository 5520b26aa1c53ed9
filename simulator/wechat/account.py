"""What WeChat Pay itself knows: orders asked for, money taken and given back, what it owes the pending account."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from simulator.day import SeasonDay
from simulator.journal import Journal
from simulator.wechat.notices import WechatNotice, paid_plain


class ChannelRefusal(Exception):
    """An answer other than success, with the channel's own code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def refund_id(number: str) -> str:
    """The channel's own number of a refund."""
    return f"50{number[-26:]}"


@dataclass(slots=True)
class ChannelAccount:
    """One merchant's account at the channel, kept in the journal."""

    journal: Journal
    day: SeasonDay
    mchid: str
    appid: str
    _of_order: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _of_day: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for transaction, taken in self.journal.all("transaction").items():
            self._of_order[taken["order"]].append(transaction)
            self._of_day[taken["day"]].append(("transaction", transaction))
        for number, given in self.journal.all("refund").items():
            self._of_day[given["day"]].append(("refund", number))

    async def open(self, asked: dict[str, Any]) -> str:
        """Take an order; asking again with the same content gives the same code to scan."""
        number = asked["out_trade_no"]
        known = self.journal.get("order", number)
        if known is None:
            known = {
                "amount_fen": asked["amount"]["total"],
                "notify_url": asked["notify_url"],
                "attach": asked.get("attach"),
                "state": "NOTPAY",
            }
            await self.journal.put("order", number, known)
        if known["state"] != "NOTPAY" or known["amount_fen"] != asked["amount"]["total"]:
            codes = {"SUCCESS": "ORDERPAID", "CLOSED": "ORDER_CLOSED"}
            raise ChannelRefusal(400, codes.get(known["state"], "INVALID_REQUEST"))
        return f"weixin://wxpay/bizpayurl?pr={number[-12:]}"

    async def close(self, number: str) -> None:
        """Close an order that nobody paid; a payment that is crossing is not noticed, as happens."""
        order = self._order(number)
        if order["state"] == "SUCCESS":
            raise ChannelRefusal(400, "ORDERPAID")
        await self.journal.put("order", number, {**order, "state": "CLOSED"})

    async def pay(self, number: str, transaction: str, *, moment: str, amount_fen: int | None = None) -> WechatNotice:
        """Take a payer's money for an order and owe the merchant a notice; the same transaction happens once."""
        order = self._order(number)
        if self.journal.get("transaction", transaction) is None:
            paid_fen = order["amount_fen"] if amount_fen is None else amount_fen
            if order["state"] == "NOTPAY" and paid_fen == order["amount_fen"]:
                await self.journal.put("order", number, {**order, "state": "SUCCESS"})
            taken: dict[str, Any] = {"order": number, "amount_fen": paid_fen}
            taken |= {"moment": moment, "day": moment[:10], "notify_url": order["notify_url"]}
            self._of_order[number].append(transaction)
            self._of_day[taken["day"]].append(("transaction", transaction))
            await self.journal.put("transaction", transaction, taken)
        return self.notice(transaction)

    def notice(self, transaction: str) -> WechatNotice:
        """The notice of a payment."""
        taken = self.journal.get("transaction", transaction)
        plain = self._plain(transaction, taken)
        moment = taken["moment"]
        return WechatNotice(
            f"EV-{transaction}", "TRANSACTION.SUCCESS", "transaction", plain, taken["notify_url"], moment
        )

    def question(self, number: str) -> dict[str, Any]:
        """What a query of the order answers."""
        order = self._order(number)
        for transaction in self._of_order[number][:1]:
            return self.by_transaction(transaction)
        return {
            "appid": self.appid,
            "mchid": self.mchid,
            "out_trade_no": number,
            "trade_state": order["state"],
            "trade_state_desc": "",
            "amount": {"total": order["amount_fen"], "currency": "CNY"},
        }

    def by_transaction(self, transaction: str) -> dict[str, Any]:
        """What a query of the transaction answers."""
        taken = self.journal.get("transaction", transaction)
        if taken is None:
            raise ChannelRefusal(404, "ORDER_NOT_EXIST")
        return self._plain(transaction, taken)

    async def refund(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Accept to give money back; the same number again is the same refund, never a second one."""
        number, amount = asked["out_refund_no"], asked["amount"]
        known = self.journal.get("refund", number)
        if known is None:
            transaction = self._refundable(asked)
            taken = self.journal.get("transaction", transaction)
            given = sum(r["amount_fen"] for r in self.journal.all("refund").values() if r["transaction"] == transaction)
            if amount["total"] != taken["amount_fen"] or given + amount["refund"] > taken["amount_fen"]:
                raise ChannelRefusal(400, "PARAM_ERROR")
            known = await self._give_back(number, transaction, amount["refund"], asked["notify_url"])
        return self._refund_answer(number, known, "PROCESSING")

    async def refund_in_console(self, transaction: str) -> WechatNotice:
        """Give a payment back in the channel's console, under a number that the console makes; once."""
        number, taken = f"CONSOLE{transaction[-20:]}", self.journal.get("transaction", transaction)
        if self.journal.get("refund", number) is None:
            await self._give_back(number, transaction, taken["amount_fen"], taken["notify_url"])
        return self.refund_notice(number)

    async def _give_back(self, number: str, transaction: str, amount_fen: int, notify_url: str) -> dict[str, Any]:
        given: dict[str, Any] = {"transaction": transaction, "amount_fen": amount_fen, "notify_url": notify_url}
        given |= {"moment": self.day.moment(number), "day": self.day.today.isoformat()}
        self._of_day[given["day"]].append(("refund", number))
        await self.journal.put("refund", number, given)
        return given

    def refund_question(self, number: str) -> dict[str, Any]:
        """What a query of the refund answers: done once the payer has it, which is when the merchant is notified."""
        known = self.journal.get("refund", number)
        if known is None:
            raise ChannelRefusal(404, "RESOURCE_NOT_EXISTS")
        if self.journal.get("told", number) is None:
            return self._refund_answer(number, known, "PROCESSING")
        return self._refund_answer(number, known, "SUCCESS") | {"success_time": known["moment"]}

    def refund_notice(self, number: str) -> WechatNotice:
        """The notice that a refund has arrived at the payer."""
        known = self.journal.get("refund", number)
        taken = self.journal.get("transaction", known["transaction"])
        plain = {
            "mchid": self.mchid,
            "out_trade_no": taken["order"],
            "transaction_id": known["transaction"],
            "out_refund_no": number,
            "refund_id": refund_id(number),
            "refund_status": "SUCCESS",
            "success_time": known["moment"],
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": taken["amount_fen"],
                "refund": known["amount_fen"],
                "payer_total": taken["amount_fen"],
                "payer_refund": known["amount_fen"],
            },
        }
        return WechatNotice(f"ER-{number}", "REFUND.SUCCESS", "refund", plain, known["notify_url"], known["moment"])

    def taken_on(self, day: str) -> dict[str, dict[str, Any]]:
        """Transactions of a day, by their numbers."""
        return self._moved("transaction", day)

    def given_back_on(self, day: str) -> dict[str, dict[str, Any]]:
        """Refunds of a day, by their numbers."""
        return self._moved("refund", day)

    def _moved(self, kind: str, day: str) -> dict[str, dict[str, Any]]:
        return {number: self.journal.get(kind, number) for of, number in self._of_day.get(day, ()) if of == kind}

    def _order(self, number: str) -> dict[str, Any]:
        order: dict[str, Any] | None = self.journal.get("order", number)
        if order is None:
            raise ChannelRefusal(404, "ORDER_NOT_EXIST")
        return order

    def _refundable(self, asked: dict[str, Any]) -> str:
        if "transaction_id" in asked:
            if self.journal.get("transaction", asked["transaction_id"]) is None:
                raise ChannelRefusal(404, "RESOURCE_NOT_EXISTS")
            return str(asked["transaction_id"])
        for transaction in self._of_order[str(asked.get("out_trade_no"))][:1]:
            return transaction
        raise ChannelRefusal(404, "RESOURCE_NOT_EXISTS")

    def _refund_answer(self, number: str, known: dict[str, Any], status: str) -> dict[str, Any]:
        taken = self.journal.get("transaction", known["transaction"])
        return {
            "refund_id": refund_id(number),
            "out_refund_no": number,
            "transaction_id": known["transaction"],
            "out_trade_no": taken["order"],
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": known["moment"],
            "status": status,
            "amount": {"total": taken["amount_fen"], "refund": known["amount_fen"], "currency": "CNY"},
        }

    def _plain(self, transaction: str, taken: dict[str, Any]) -> dict[str, Any]:
        return paid_plain(
            taken["order"],
            transaction,
            taken["amount_fen"],
            moment=taken["moment"],
            mchid=self.mchid,
            appid=self.appid,
        )
