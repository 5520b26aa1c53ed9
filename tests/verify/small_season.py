"""A small real season over HTTP: people, aid, WeChat, a duplicate, a stranger's money, cash, the treasury."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from services.composition import SERVICES
from services.console import SERVICE as CONSOLE
from services.payment.ledger.accounts import TAX_CHANNELS
from shared.domain.clock import SystemClock
from shared.web.dependencies import scopes_of
from simulator.wechat.bill_files import TradeRow
from tests.harness.channel_bills import bills_of
from tests.harness.eventually import eventually
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation
from tests.harness.institutions import address, agent, check_answer, signed, signed_file
from tests.harness.tax_peer import TOKEN, TaxPeer, tax_peer
from tests.harness.wechat_peer import (
    MCHID,
    WechatPeer,
    merchant,
    paid_notice,
    refund_id,
    refund_notice,
    wechat_peer,
)
from tests.services.payment.layouts.invented_files import TAX, tax_file, tax_line
from verify.examination import examine
from verify.report import ConsistencyReport

AMOUNTS = Path(__file__).parents[2] / "deploy/counties/luoshan-2024/example-amounts.yaml"
AT_WORK = tuple(service for service in SERVICES if service is not CONSOLE)
SCOPES = tuple({scope for service in AT_WORK for scope in scopes_of(service)})
EAST, WEST = "411521101201", "411521102201"
OCTOBER_8 = date(2023, 10, 8)
SUBSISTENCE, DESTITUTE = 3, 4  # sequences of people on the civil affairs bureau's rosters


@dataclass
class Season:
    """Every service at work, a client, and the peers."""

    installation: Installation
    http: httpx.AsyncClient
    wechat: WechatPeer
    tax: TaxPeer
    trades: list[TradeRow] = field(default_factory=list)

    async def post(self, path: str, body: Any) -> Any:
        """Call and expect a success."""
        answer = await self.http.post(path, json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    async def register(self, sequence: int, village: str = EAST) -> str:
        """Register a person; their enrolment."""
        body = {"document_number": a_number(sequence), "name": "张三", "birth_date": "1990-01-01"}
        enrolment = await self.post("/registration/v1/enrolments", body | {"region": village, "benefit_year": 2024})
        return str(enrolment["id"])

    async def order(self, *enrolments: str) -> dict[str, Any]:
        """Order what people owe, once they are billed."""

        async def ordered() -> httpx.Response | None:
            body = {"enrolment_ids": list(enrolments), "channel": "WECHAT"}
            answer = await self.http.post("/payment/v1/orders", json=body)
            return answer if answer.is_success else None

        answer = await eventually(ordered, within_s=30, message="billed and ordered")
        assert answer is not None
        found: dict[str, Any] = answer.json()
        return found

    async def says(self, path: str, **body: Any) -> Any:
        """The tax hall says something, signed."""
        content = json.dumps(body).encode()
        headers = signed("TAX", path, content, SystemClock().now())
        answer = await self.http.post(address("TAX", path), content=content, headers=headers)
        check_answer(answer, headers["canbao-nonce"])
        assert answer.is_success, (path, answer.text)
        return answer.json()

    async def brings(self, day: str, content: bytes) -> None:
        """The tax bureau's detail of a day comes, signed, and is worked."""
        path, headers = f"/payment/v1/channel-files/TAX/{day}", signed_file("TAX", content)
        answer = await self.http.put(path, content=content, headers=headers)
        assert answer.is_success, answer.text
        place = f"/payment/v1/channel-files/{answer.json()['id']}"

        async def worked() -> bool:
            return bool((await self.http.get(place)).json()["state"] == "DONE")

        await eventually(worked, within_s=30, message="the detail is worked")

    async def notify(self, order_no: str, amount_fen: int, **changes: Any) -> None:
        """The channel notifies of a payment."""
        transaction = changes.setdefault("transaction_id", f"42{len(self.trades):026d}")
        self.trades.append(TradeRow("2023-10-08 10:34:56", transaction, order_no, amount_fen))
        notice = paid_notice(order_no, amount_fen, **changes)
        path = f"/payment/v1/callbacks/wechat/{MCHID}"
        answer = await self.http.post(path, content=notice.body, headers=notice.headers)
        assert answer.status_code == 204, answer.text

    async def pay(self, *enrolments: str) -> dict[str, Any]:
        """Order and pay."""
        order = await self.order(*enrolments)
        await self.notify(order["order_no"], order["amount_fen"])
        return order

    async def refund_all(self) -> None:
        """An operator approves every refund that was put forward, and the channel says that it paid them."""

        async def put_forward() -> Any:
            return (await self.http.get("/payment/v1/refunds", params={"state": "REQUESTED"})).json()

        refunds = await eventually(put_forward, within_s=20, message="a refund is put forward")
        for refund in refunds:
            await self.post(f"/payment/v1/refunds/{refund['id']}/approve", None)
        await eventually(lambda: len(self.wechat.refunds) == len(refunds), within_s=20, message="the channel is asked")
        for asked in self.wechat.refunds:
            (of,) = [each for each in self.trades if each.transaction == asked["transaction_id"] and not each.refund_id]
            numbers = {"refund_id": refund_id(asked), "refund_no": asked["out_refund_no"]}
            back = replace(of, **numbers, refunded_fen=asked["amount"]["refund"], moment="2023-10-08 17:00:00")
            self.trades.append(back)
            notice = refund_notice(asked, success_time="2023-10-08T18:00:00+08:00")
            path = f"/payment/v1/callbacks/wechat/{MCHID}"
            answer = await self.http.post(path, content=notice.body, headers=notice.headers)
            assert answer.status_code == 204, answer.text

    async def collect(self, village: str, tag: str, *enrolments: str) -> str:
        """A village's cash, from receipts to the bank; the batch that may be remitted."""
        lines = [
            {"receipt_no": f"R{tag}-{place}", "enrolment_id": enrolment, "amount_fen": 38_000}
            for place, enrolment in enumerate(enrolments)
        ]
        total_fen = 38_000 * len(lines)
        receipts = [line | {"received_on": "2023-10-08"} for line in lines]
        await self.post("/payment/v1/cash-receipts", {"village": village, "receipts": receipts})
        batch = await self.post(
            "/payment/v1/collection-statements",
            {"statement_no": f"S{tag}", "village": village, "benefit_year": 2024, "lines": lines}
            | {"total_fen": total_fen},
        )
        slip = {"slip_no": f"J{tag}", "statement_no": f"S{tag}", "amount_fen": total_fen}
        await self.days_go_by()
        await self.post("/payment/v1/deposit-slips", slip | {"deposited_on": "2023-10-09"})
        await self.bank("DEPOSIT", f"J{tag}", total_fen)
        await self.reaches(batch["id"], "READY_TO_REMIT")
        return str(batch["id"])

    async def days_go_by(self) -> None:
        """Payment's business date moves on, and the channel has its bills of what it took and paid out."""
        if self.trades:
            trades, flows, paid_out = bills_of(self.trades, "2023-10-09")
            self.wechat.bills.put("TRADE", "2023-10-08", trades)
            self.wechat.bills.put("FUND_FLOW", "2023-10-08", flows)
            self.wechat.bills.put("FUND_FLOW", "2023-10-09", paid_out)
        self.wechat.bills.otherwise = "NO_STATEMENT_EXIST"
        await self.installation.set_business_date(date(2023, 10, 20), "payment")

    async def bank(self, kind: str, reference: str, amount_fen: int) -> None:
        """The bank books money, some days after it was paid in."""
        await self.days_go_by()
        line = {"line_no": 1, "kind": kind, "reference": reference, "amount_fen": amount_fen}
        body = {"statement_no": f"B-{reference.replace(':', '.')}", "booked_on": "2023-10-09", "lines": [line]}
        await self.post("/payment/v1/bank-statements", body)

    async def settle_online(self, amount_fen: int) -> str:
        """WeChat pays out the day; the batch that may be remitted."""
        await self.bank("SETTLEMENT", f"WECHAT:{MCHID}:2023-10-08", amount_fen)

        async def opened() -> Any:
            listed = (await self.http.get("/payment/v1/remittances", params={"kind": "ONLINE"})).json()
            batches = listed if isinstance(listed, list) else next(v for v in listed.values() if isinstance(v, list))
            return batches[0]["id"] if batches else None

        batch_id = str(await eventually(opened, within_s=20, message="the settlement opens a batch"))
        await self.reaches(batch_id, "READY_TO_REMIT")
        return batch_id

    async def reaches(self, batch_id: str, state: str) -> None:
        """Wait for a batch to be in a state."""

        async def there() -> bool:
            found = (await self.http.get(f"/payment/v1/remittances/{batch_id}")).json()
            assert found["state"] == state, found
            return True

        await eventually(there, within_s=20)

    async def remit(self, batch_id: str, *, serial: str | None = None, to_treasury: bool = False) -> None:
        """Bring a batch on its way, and all the way where asked."""
        batch = f"/payment/v1/remittances/{batch_id}"
        lines = await self.installation.sql(
            "payment", "SELECT enrolment_id, amount_fen FROM remittance_line WHERE batch_id = $1", batch_id
        )
        reference = serial or f"WECHAT/{MCHID}/2023-10-08"
        self.tax.receive(reference, {line["enrolment_id"]: line["amount_fen"] for line in lines})
        if serial:
            await self.post(f"{batch}/serial", {"collection_notice_serial": serial})
        await self.post(f"{batch}/fetch-detail", None)
        await self.post(f"{batch}/remit", {"remitted_on": "2023-10-10"})
        await self._lines_followed(batch)
        if to_treasury:
            await self.post(f"{batch}/treasury", {"received_on": "2023-10-11"})
            await self._lines_followed(batch)
            await self.post(f"{batch}/certificate", {"certificate_no": "WS-1", "issued_on": "2023-10-11"})
            await self._lines_followed(batch)

    async def _lines_followed(self, batch: str) -> None:
        """Wait until every line of a batch has taken the batch's step."""

        async def followed() -> bool:
            return not (await self.http.get(batch)).json()["lines_left"]

        await eventually(followed, within_s=60, message="the lines follow")

    async def bills_are_read(self) -> None:
        """Wait until the channel's bills of every day are read."""
        query = "SELECT count(*) FILTER (WHERE state = 'WANTED') = 0 AND max(bill_day) = '2023-10-19' FROM channel_bill"

        async def read() -> bool:
            return bool((await self.installation.sql("payment", query))[0][0])

        await eventually(read, within_s=60, message="the channel's bills are read")

    async def settled(self) -> ConsistencyReport:
        """Wait until nothing is on its way any more."""

        async def proven() -> ConsistencyReport | None:
            report = await examine(self.installation.settings)
            assert report.settled, [
                (c.code, c.verdict, c.rows or c.waiting) for c in report.checks if c.verdict != "OK"
            ]
            return report

        report = await eventually(proven, within_s=60, every_s=0.5)
        assert report is not None
        return report


async def pay_at_the_tax_hall_and_take_back(season: Season, sequence: int) -> None:
    """Somebody pays without an order; the hall takes it back, and what it takes back before it comes pays nothing."""
    person = {"document_type": "RESIDENT_ID", "document_number": a_number(sequence), "name": "张三"}

    async def due() -> Any:
        return (await season.says("bills/query", **person))["bills"]

    bills = await eventually(due, within_s=30, message="the hall sees the bill")
    assert [bill["due_fen"] for bill in bills] == [38_000]
    at = "2023-10-08T10:00:00+08:00"
    day = {"business_date": "2023-10-08", "amount_fen": 38_000}
    paying = {**person, **day, "channel": "TAX_HALL", "benefit_year": 2024, "paid_at": at}
    assert (await season.says("payments", **paying, sequence="1"))["state"] == "CREDITED"
    assert (await season.says("reversals", **day, sequence="1", reversed_at=at))["state"] == "REVERSED"
    assert (await season.says("reversals", **day, sequence="2", reversed_at=at))["state"] == "AWAITED"
    assert (await season.says("payments", **paying, sequence="2"))["state"] == "REVERSED"
    number = person["document_number"]
    lines = [
        tax_line(
            each if kind == "缴费" else f"R{each}", number=number, kind=kind, original="" if kind == "缴费" else each
        )
        for each in ("1", "2")
        for kind in ("缴费", "退费")
    ]
    await season.brings("2023-10-08", tax_file(*lines))


async def bring_twice(season: Season, enrolment_id: str) -> None:
    """A village brings the cash of somebody who had paid by WeChat, under a mistaken total that it then corrects."""
    line = {"receipt_no": "R9-0", "enrolment_id": enrolment_id, "amount_fen": 38_000}
    statement = {"statement_no": "S9", "village": WEST, "benefit_year": 2024, "lines": [line], "total_fen": 38_100}
    slip = {"slip_no": "J9", "statement_no": "S9", "amount_fen": 38_000, "deposited_on": "2023-10-09"}
    receipts = {"village": WEST, "receipts": [line | {"received_on": "2023-10-08"}]}
    await season.post("/payment/v1/cash-receipts", receipts)
    batch = await season.post("/payment/v1/collection-statements", statement)
    await season.days_go_by()
    await season.post("/payment/v1/deposit-slips", slip)
    await season.bank("DEPOSIT", "J9", 38_000)
    await season.reaches(batch["id"], "HELD")
    correction = {"reason": "合计抄错", "lines": [line], "total_fen": 38_000}
    await season.post(f"/payment/v1/remittances/{batch['id']}/corrections", correction)
    await season.reaches(batch["id"], "CLOSED_EMPTY")
    await season.settled()


async def hand_back(season: Season) -> None:
    """That cash is released, fetched and signed for."""
    of = {"village": WEST, "receipt_nos": ["R9-0"]}
    bureau = season.installation.caller("payment:refund", client="bureau")
    answer = await season.http.post("/payment/v1/cash-refunds/approvals", json=of, headers=bureau)
    assert answer.is_success, answer.text
    await season.post("/payment/v1/cash-refunds/fetches", of | {"fetched_on": "2023-10-20"})
    signed = {"village": WEST, "receipt_no": "R9-0", "returned_on": "2023-10-20", "signed_by": "SELF"}
    await season.post("/payment/v1/cash-refunds/returns", signed)
    await season.settled()


async def reverse_a_mistake(season: Season) -> None:
    """The bank's client enters a line that is none; another office approves that it is reversed."""
    await season.bank("DEPOSIT", "MISTAKE", 12_300)
    line = (await season.http.get("/payment/v1/bank-lines", params={"statement_no": "B-MISTAKE"})).json()["items"][0]
    proposed = await season.post(f"/payment/v1/bank-lines/{line['id']}/reversal", {"reason": "录错"})
    other = season.installation.caller(*SCOPES, client="bureau")
    approval = f"/payment/v1/approvals/{proposed['id']}/approval"
    answer = await season.http.post(approval, json={"because": "已与银行回单核对"}, headers=other)
    assert answer.is_success, answer.text
    await season.settled()


@asynccontextmanager
async def at_work(installation: Installation, folder: Path) -> AsyncIterator[Season]:
    """Every service at work on the eighth of October, with peers of the test's own."""
    async with wechat_peer() as wechat, tax_peer() as tax:
        equipped = installation.with_settings(
            wechat_merchants=(merchant(folder),),
            wechat_base_url=wechat.url,
            tax_base_url=tax.url,
            tax_token=SecretStr(TOKEN),
            policy_overrides=AMOUNTS,
            collecting_agents=(agent(folder, "TAX", *sorted(TAX_CHANNELS)).model_copy(update={"layout": TAX}),),
        )
        await equipped.set_business_date(OCTOBER_8, *(service.name for service in AT_WORK))
        async with equipped.http_client(*AT_WORK) as http:
            http.headers.update(equipped.caller(*SCOPES))
            yield Season(equipped, http, wechat, tax)


async def prepare(season: Season) -> None:
    """Regions, targets and rosters, as they are before anybody enrols."""
    towns = [{"code": EAST[:9], "name": "铁铺"}, {"code": WEST[:9], "name": "丽水"}]
    await season.post("/registration/v1/regions", {"regions": towns})
    targets = [{"region": town["code"], "name": town["name"], "target": 5} for town in towns]
    notice = {"benefit_year": 2024, "document": "罗政办〔2023〕52号", "note": "测试", "declared_total": 10}
    await season.post("/quota/v1/targets", notice | {"towns": targets})
    for identity, sequence in (("DIBAO", SUBSISTENCE), ("TEKUN", DESTITUTE)):
        line = {"document_number": a_number(sequence), "name": "张三", "region": EAST}
        certified = {"department": "民政局", "certified_on": "2023-09-28", "document": f"罗民〔2023〕{sequence}号"}
        await season.post("/subsidy/v1/rosters", certified | {"identity": identity, "lines": [line]})


async def play(season: Season) -> None:
    """Eight people, every way of paying, two batches: one in the treasury, one on its way."""
    await prepare(season)
    east = [await season.register(sequence) for sequence in (1, 2, SUBSISTENCE, DESTITUTE)]
    west = [await season.register(sequence, WEST) for sequence in (11, 12, 13, 14)]
    await pay_at_the_tax_hall_and_take_back(season, 14)
    family = await season.pay(east[0], east[1])
    await season.pay(east[2])  # 180 yuan, the county pays 200
    await season.pay(west[0])
    await season.notify(family["order_no"], family["amount_fen"])  # paid twice
    await season.notify("NOSUCHORDER01", 38_000)  # money of ours without a home
    await season.refund_all()
    taken_fen = 76_000 + 18_000 + 38_000 + 38_000
    online = await season.settle_online(taken_fen)
    cash = await season.collect(WEST, "1", west[1], west[2])
    await season.remit(online, to_treasury=True)
    await season.remit(cash, serial="ZJ2023-0001")
    await season.bills_are_read()
    await season.settled()
