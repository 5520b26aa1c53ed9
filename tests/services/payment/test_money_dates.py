"""Every date of money that an endpoint takes meets the other dates of that money (D1): refused, or held by name.

The dates are found in the OpenAPI document: a new one has no case here and turns this red.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import date
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.payment import SERVICE
from tests.harness.assessments import DUE_FEN, VILLAGE
from tests.harness.installation import Installation
from tests.harness.tax_peer import TOKEN, TaxPeer, tax_peer
from tests.harness.village_cash import TAX_HALL, Village, bill

SERIAL = "ZJ2023100001"
BROUGHT_FEN = 20_000
RECEIPT = "R1-0001"
SCOPES = (*TAX_HALL, "payment:approve", "payment:refund")
# Fields of a day that says nothing about money.
NOT_OF_MONEY: set[str] = set()


@pytest.fixture
async def peer() -> AsyncIterator[TaxPeer]:
    async with tax_peer() as peer:
        yield peer


@pytest.fixture
async def village(installation: Installation, peer: TaxPeer) -> AsyncIterator[Village]:
    """Three people paid cash on the eighth, the first of them too little; the tax bureau answers."""
    connected = installation.with_settings(tax_base_url=peer.url, tax_token=SecretStr(TOKEN))
    people = await bill(connected, 3)
    async with connected.http_client(SERVICE) as http:
        yield Village(connected, http, people, amounts={people[0]: BROUGHT_FEN})


async def refused(village: Village, path: str, body: Any, code: str) -> str:
    """Post, and expect a refusal that names the days; what it says."""
    answer: httpx.Response = await village.post(path, body, scopes=SCOPES)
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    return str(answer.json()["detail"])


async def confirmed(village: Village, peer: TaxPeer) -> str:
    """A batch of money that the bank booked on the tenth, up to the confirmed detail."""
    batch = await village.ready()
    await village.done(f"remittances/{batch}/serial", {"collection_notice_serial": SERIAL})
    peer.receive(SERIAL, dict.fromkeys(village.people[1:], DUE_FEN))
    await village.done(f"remittances/{batch}/fetch-detail", None)
    return batch


async def remitted(village: Village, peer: TaxPeer) -> str:
    batch = await confirmed(village, peer)
    await village.done(f"remittances/{batch}/remit", {"remitted_on": "2023-10-12"})
    return batch


async def released(village: Village) -> None:
    """The cash of the receipt that failed import may be fetched: from the business date, the thirty-first."""
    await village.ready()
    body = {"village": VILLAGE, "receipt_nos": [RECEIPT]}
    await village.done("cash-refunds/approvals", body, scopes=SCOPES, client="refunds")


async def receipt_day(village: Village, peer: TaxPeer) -> None:
    await village.installation.set_business_date(date(2024, 3, 20), "payment")
    body = village.receipts()
    body["receipts"][0]["received_on"] = "2023-12-29"
    detail = await refused(village, "cash-receipts", body, "RECEIPT_ENTERED_LATE")
    assert (RECEIPT in detail, "2023-12-29" in detail) == (True, True)
    assert await village.balances() == {}


async def proposed_receipt_day(village: Village, peer: TaxPeer) -> None:
    body = village.receipts() | {"reason": "存根迟交"}
    await refused(village, "late-receipts", body, "RECEIPTS_NOT_LATE")


async def slip_day(village: Village, peer: TaxPeer) -> None:
    await village.hand_in()
    detail = await refused(village, "deposit-slips", village.slip(deposited_on="2023-10-07"), "DATES_OUT_OF_ORDER")
    assert "缴存日 2023-10-07 早于收款日 2023-10-08 · deposited 2023-10-07 < received 2023-10-08" in detail
    assert RECEIPT in detail


async def corrected_slip_day(village: Village, peer: TaxPeer) -> None:
    batch = await village.hand_in()
    await village.deposit(amount_fen=DUE_FEN)
    await village.batch(batch, "HELD")
    slip = {"slip_no": "J9", "amount_fen": village.total_fen, "deposited_on": "2023-10-07"}
    correction = {"reason": "拿错了缴款单", "slips": [slip]}
    detail = await refused(village, f"remittances/{batch}/corrections", correction, "DATES_OUT_OF_ORDER")
    assert RECEIPT in detail


async def booked_day(village: Village, peer: TaxPeer) -> None:
    batch = await village.hand_in()
    await village.done("deposit-slips", village.slip())
    await village.bank("J1", village.total_fen, booked_on="2023-10-03")
    held = await village.batch(batch, "HELD")
    (difference,) = held["differences"]
    assert (difference["kind"], difference["reference"], difference["ours_on"], difference["theirs_on"]) == (
        "BOOKED_BEFORE_DEPOSITED",
        "J1",
        "2023-10-09",
        "2023-10-03",
    )
    assert difference["zh"]
    assert difference["en"]
    assert "pending" not in await village.balances()


async def remitted_day(village: Village, peer: TaxPeer) -> None:
    batch = await confirmed(village, peer)
    detail = await refused(
        village, f"remittances/{batch}/remit", {"remitted_on": "2023-10-09"}, "DATE_BEFORE_PREVIOUS_STEP"
    )
    assert detail.endswith("上解日 2023-10-09 早于入账日 2023-10-10 · remitted 2023-10-09 < booked 2023-10-10")


async def treasury_day(village: Village, peer: TaxPeer) -> None:
    batch = await remitted(village, peer)
    body = {"received_on": "2023-10-11"}
    detail = await refused(village, f"remittances/{batch}/treasury", body, "DATE_BEFORE_PREVIOUS_STEP")
    assert "入库日 2023-10-11 早于上解日 2023-10-12" in detail


async def certificate_day(village: Village, peer: TaxPeer) -> None:
    batch = await remitted(village, peer)
    await village.done(f"remittances/{batch}/treasury", {"received_on": "2023-10-13"})
    body = {"certificate_no": "WS-1", "issued_on": "2023-10-12"}
    detail = await refused(village, f"remittances/{batch}/certificate", body, "DATE_BEFORE_PREVIOUS_STEP")
    assert "完税证明开具日 2023-10-12 早于入库日 2023-10-13" in detail


async def returned_day(village: Village, peer: TaxPeer) -> None:
    batch = await remitted(village, peer)
    body = {"returned_on": "2023-10-11", "reason": "预算科目有误"}
    detail = await refused(village, f"remittances/{batch}/return", body, "DATE_BEFORE_PREVIOUS_STEP")
    assert "国库退回日 2023-10-11 早于上解日 2023-10-12" in detail


async def fetched_day(village: Village, peer: TaxPeer) -> None:
    await released(village)
    body = {"village": VILLAGE, "receipt_nos": [RECEIPT], "fetched_on": "2023-10-30"}
    detail = await refused(village, "cash-refunds/fetches", body, "CASH_REFUND_DATE_TOO_EARLY")
    assert "领取现金日 2023-10-30 早于批准退还日 2023-10-31" in detail


async def signed_day(village: Village, peer: TaxPeer) -> None:
    await released(village)
    fetch = {"village": VILLAGE, "receipt_nos": [RECEIPT], "fetched_on": "2023-10-31"}
    await village.done("cash-refunds/fetches", fetch)
    body = {"village": VILLAGE, "receipt_no": RECEIPT, "returned_on": "2023-10-30", "signed_by": "SELF"}
    detail = await refused(village, "cash-refunds/returns", body, "CASH_REFUND_DATE_TOO_EARLY")
    assert "签收日 2023-10-30 早于领取现金日 2023-10-31" in detail


CASES: Mapping[str, Callable[[Village, TaxPeer], Awaitable[None]]] = {
    "/v1/cash-receipts receipts.received_on": receipt_day,
    "/v1/late-receipts receipts.received_on": proposed_receipt_day,
    "/v1/deposit-slips deposited_on": slip_day,
    "/v1/remittances/{batch_id}/corrections slips.deposited_on": corrected_slip_day,
    "/v1/bank-statements booked_on": booked_day,
    "/v1/remittances/{batch_id}/remit remitted_on": remitted_day,
    "/v1/remittances/{batch_id}/treasury received_on": treasury_day,
    "/v1/remittances/{batch_id}/certificate issued_on": certificate_day,
    "/v1/remittances/{batch_id}/return returned_on": returned_day,
    "/v1/cash-refunds/fetches fetched_on": fetched_day,
    "/v1/cash-refunds/returns returned_on": signed_day,
}


# Of payments through a channel, which a village does not take.
ELSEWHERE = {
    "/v1/settlement-attributions settlement_day": "bank/test_parts_of_a_day.py: what was not paid yet has no such day"
}


def dates(schema: Mapping[str, Any], schemas: Mapping[str, Any], place: tuple[str, ...] = ()) -> Iterator[str]:
    """The fields of a body that are days, by their names from the top."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if schema.get("format") == "date":
        yield ".".join(place)
    for name, field in schema.get("properties", {}).items():
        yield from dates(field, schemas, (*place, name))
    for inner in (*schema.get("anyOf", ()), *((schema["items"],) if "items" in schema else ())):
        yield from dates(inner, schemas, place)


async def test_every_day_of_money_that_is_taken_in_has_its_case(village: Village) -> None:
    document = (await village.http.get("/payment/openapi.json")).json()
    schemas = document["components"]["schemas"]
    found = {
        f"{path.removeprefix('/payment')} {field}"
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for field in dates(content["schema"], schemas)
    }
    assert found - NOT_OF_MONEY == CASES.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_day_out_of_order_is_refused_or_held_by_name(
    case: Callable[[Village, TaxPeer], Awaitable[None]], village: Village, peer: TaxPeer
) -> None:
    """D1: no endpoint takes a day of money that lies before one that it must follow."""
    await case(village, peer)


async def test_a_receipt_that_is_entered_after_its_slip_holds_the_statement(village: Village) -> None:
    """D1: the slip knew nothing of the receipt yet; the comparison does."""
    batch = await village.done("collection-statements", village.statement())
    await village.done("deposit-slips", village.slip(deposited_on="2023-10-07"))
    await village.done("cash-receipts", village.receipts())
    await village.bank("J1", village.total_fen)
    held = await village.batch(batch["id"], "HELD")
    assert {(one["kind"], one["receipt_no"], one["theirs_on"]) for one in held["differences"]} == {
        ("DEPOSITED_BEFORE_RECEIVED", village.receipt_no(person), "2023-10-07") for person in village.people
    }
    assert await village.balances() == {"village_cash": village.total_fen, "unapplied": -village.total_fen}

    slip = village.slip()
    del slip["statement_no"]
    await village.done(f"remittances/{batch['id']}/corrections", {"reason": "缴款单日期录错", "slips": [slip]})
    await village.batch(batch["id"], "READY_TO_REMIT")


async def test_late_receipts_are_entered_by_two_people(village: Village) -> None:
    """D1: a receipt of before a closed window, months later, is no single person's word."""
    await village.installation.set_business_date(date(2024, 3, 20), "payment")
    body = village.receipts() | {"reason": "收款人住院，存根迟交", "evidence": "村委会说明 2024-03"}
    proposal = await village.done("late-receipts", body)
    assert (proposal["act"], proposal["state"]) == ("enter_late_receipts", "WAITING")
    assert (await village.done("late-receipts", body))["id"] == proposal["id"]
    assert await village.balances() == {}

    path, because = f"approvals/{proposal['id']}/approval", {"because": "已核对存根"}
    own = await village.post(path, because, scopes=SCOPES, client="clerk")
    assert own.json()["code"] == "APPROVAL_OF_OWN_ACT"
    await village.done(path, because, scopes=SCOPES, client="supervisor")
    assert await village.balances() == {"village_cash": village.total_fen, "unapplied": -village.total_fen}
    rows = await village.installation.sql(
        "payment", "SELECT actor, entered_on, entry_days, late_approval::text AS approval FROM cash_receipt"
    )
    assert {tuple(row.values()) for row in rows} == {("clerk", date(2024, 3, 20), 30, proposal["id"])}
    again = await village.done("cash-receipts", village.receipts())
    assert (again["recorded"], again["repeated"]) == (0, 3)
