"""What ChinaUMS itself knows: bills asked for, money taken and given back, what it pays out for a day."""

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator.chinaums.notices import ChinaumsNotice, code_address, of_page, payment_details, scanned
from simulator.chinaums.signatures import ChinaumsPlatform
from simulator.day import SeasonDay
from simulator.journal import Journal

UNKNOWN = "NO_ORDER"


class BillRefused(Exception):
    """An answer other than SUCCESS, with the channel's own code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class ChinaumsAccount:
    """One merchant's account at the channel, kept in the journal."""

    journal: Journal
    day: SeasonDay
    platform: ChinaumsPlatform
    _of_bill: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _of_day: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for number, taken in self.journal.all("ums payment").items():
            self._of_bill[taken["bill"]].append(number)
            self._of_day[taken["moment"][:10]].append(("ums payment", number))
        for number, given in self.journal.all("ums refund").items():
            self._of_day[given["moment"][:10]].append(("ums refund", number))

    async def open(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Take a bill; asking again with the same content gives the same code to scan."""
        number = str(asked["billNo"])
        if not number.startswith(self.platform.source) or not 6 < len(number) < 32 or not number.isalnum():
            raise BillRefused("INVALID_BILL_NO")
        known = self.journal.get("ums bill", number)
        if known is None:
            chance = Random(number)
            known = {
                "number": number,
                "date": asked["billDate"],
                "amount_fen": asked["totalAmount"],
                "description": asked.get("billDesc", ""),
                "notify_url": asked["notifyUrl"],
                "code_id": f"{self.platform.source}{chance.randrange(10**18):018d}",
                "status": "UNPAID",
            }
            await self.journal.put("ums bill", number, known)
        if known["status"] != "UNPAID" or known["amount_fen"] != asked["totalAmount"]:
            raise BillRefused("BILL_NOT_PAYABLE")
        address = code_address(known["code_id"])
        return {"billNo": number, "billDate": known["date"], "billQRCode": address, "qrCodeId": known["code_id"]}

    async def close(self, code_id: str) -> dict[str, Any]:
        """Close a code that nobody paid."""
        found = [bill for bill in self.journal.all("ums bill").values() if bill["code_id"] == code_id]
        if not found:
            raise BillRefused("NO_QRCODE")
        if found[0]["status"] == "PAID":
            raise BillRefused("BILL_NOT_PAYABLE")
        await self.journal.put("ums bill", found[0]["number"], {**found[0], "status": "CLOSED"})
        return {"qrCodeId": code_id}

    async def pay(self, number: str, *, moment: str, amount_fen: int | None = None) -> str:
        """Take a payer's money for a bill; the number of the payment. A payment that crosses a closing is taken."""
        bill = self._bill(number)
        payment = f"{number}{len(self._of_bill[number])}"
        chance = Random(payment)
        taken: dict[str, Any] = {
            "number": payment,
            "bill": number,
            "amount_fen": bill["amount_fen"] if amount_fen is None else amount_fen,
            "moment": moment,
            "sequence": f"{chance.randrange(10**11):011d}N",
            "target": f"42{chance.randrange(10**26):026d}",
            "payer": f"payer-{payment[-8:]}",
            "notify_id": f"{chance.getrandbits(128):032x}",
            "notify_url": bill["notify_url"],
        }
        if bill["status"] == "UNPAID" and taken["amount_fen"] == bill["amount_fen"]:
            await self.journal.put("ums bill", number, {**bill, "status": "PAID"})
        self._of_bill[number].append(payment)
        self._of_day[moment[:10]].append(("ums payment", payment))
        await self.journal.put("ums payment", payment, taken)
        return payment

    def notice(self, payment: str, *, of_a_page: bool = False) -> ChinaumsNotice:
        """The notice of a payment."""
        taken = self.journal.get("ums payment", payment)
        say = of_page if of_a_page else scanned
        return ChinaumsNotice(say(self._bill(taken["bill"]), taken, self.platform), taken["notify_url"])

    def question(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What a query of the bill answers; it is found by its number and its day."""
        bill = self._bill(str(asked["billNo"]))
        if bill["date"] != asked["billDate"]:
            raise BillRefused(UNKNOWN)
        said = {
            "billNo": bill["number"],
            "billDate": bill["date"],
            "billStatus": bill["status"],
            "billQRCode": code_address(bill["code_id"]),
            "totalAmount": bill["amount_fen"],
        }
        for payment in self._of_bill[bill["number"]][:1]:
            said["billPayment"] = payment_details(self.journal.get("ums payment", payment))
        return said

    async def refund(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Accept to give money back; the same number again is the same refund, never a second one."""
        number, wanted = str(asked["refundOrderId"]), asked["refundAmount"]
        known = self.journal.get("ums refund", number)
        if known is None:
            bill, payment = self._bill(str(asked["billNo"])), str(asked["merOrderId"])
            taken = self.journal.get("ums payment", payment)
            if bill["date"] != asked["billDate"] or taken is None or taken["bill"] != bill["number"]:
                raise BillRefused(UNKNOWN)
            given = [each for each in self.journal.all("ums refund").values() if each["payment"] == payment]
            if sum(each["amount_fen"] for each in given) + wanted > taken["amount_fen"]:
                raise BillRefused("REFUND_AMOUNT_EXCEEDED")
            moment = self.day.moment(number)[:19].replace("T", " ")
            known = {"payment": payment, "bill": bill["number"], "amount_fen": wanted, "moment": moment}
            self._of_day[moment[:10]].append(("ums refund", number))
            await self.journal.put("ums refund", number, known)
        return self._refund_answer(number, known) | {"refundStatus": "PROCESSING"}

    def refund_question(self, number: str) -> dict[str, Any]:
        """What a query of the refund answers."""
        known = self.journal.get("ums refund", number)
        if known is None:
            raise BillRefused(UNKNOWN)
        return self._refund_answer(number, known) | {"refundStatus": "SUCCESS", "refundPayTime": known["moment"]}

    def moved_on(self, day: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Payments and refunds of a day in their order: what it is, under which number, and the facts."""
        found = [(kind, number, self.journal.get(kind, number)) for kind, number in self._of_day.get(day, ())]
        return sorted(found, key=lambda each: (each[2]["moment"], each[0], each[1]))

    def _refund_answer(self, number: str, known: dict[str, Any]) -> dict[str, Any]:
        said = {"billNo": known["bill"], "merOrderId": known["payment"], "refundOrderId": number}
        return said | {"refundAmount": known["amount_fen"], "targetSys": "UAC"}

    def _bill(self, number: str) -> dict[str, Any]:
        bill: dict[str, Any] | None = self.journal.get("ums bill", number)
        if bill is None:
            raise BillRefused(UNKNOWN)
        return bill
