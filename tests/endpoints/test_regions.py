"""Other people's regions: in the path, the query and the body, a caller from elsewhere finds and changes nothing."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from tests.endpoints.server import SCOPES, VILLAGE, Served
from tests.harness.cluster import SERVICES
from tests.harness.conformance import must_be_documented
from tests.harness.timeouts import stretched

ELSEWHERE = "411503"  # another county of the same city
Ask = Callable[[dict[str, str]], Any]


@pytest.fixture
async def stranger(county: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Every right, in another county."""
    async with httpx.AsyncClient(
        base_url=county.base_url,
        headers=county.caller(*SCOPES, region=ELSEWHERE),
        trust_env=False,
        timeout=stretched(30),
        event_hooks={"response": [must_be_documented]},
    ) as client:
        yield client


_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"


async def _rows(county: Served) -> dict[str, int]:
    """How many rows each table of each service holds; what all services have is the events', who move by themselves."""
    sql = county.installation.sql
    tables = {each: {row["relname"] for row in await sql(each, _TABLES)} for each in SERVICES}
    moving = set.intersection(*tables.values())
    counted: dict[str, int] = {}
    for database, names in tables.items():
        counts = (f"SELECT '{name}' AS name, count(*) AS rows FROM \"{name}\"" for name in sorted(names - moving))
        counted |= {f"{database}.{row['name']}": row["rows"] for row in await sql(database, " UNION ALL ".join(counts))}
    return counted


WHOLE_AREA = {"serial", "fetch-detail", "remit", "treasury", "certificate", "return"}
PATHS = [
    ("GET", "/registration/v1/enrolments/{enrolment_id}", None),
    ("GET", "/subsidy/v1/enrolments/{enrolment_id}/assessment", None),
    ("GET", "/subsidy/v1/rosters/{roster_id}", None),
    (
        "POST",
        "/subsidy/v1/rosters/{roster_id}/withdrawals",
        {"document_number": "411521199003074513", "withdrawn_on": "2023-10-01", "reason": "x"},
    ),
    ("GET", "/payment/v1/bills/{enrolment_id}", None),
    ("GET", "/payment/v1/remittances/{batch_id}", None),
    ("POST", "/payment/v1/remittances/{batch_id}/serial", {"collection_notice_serial": "1"}),
    ("POST", "/payment/v1/remittances/{batch_id}/fetch-detail", None),
    ("POST", "/payment/v1/remittances/{batch_id}/remit", {"remitted_on": "2023-10-01"}),
    ("POST", "/payment/v1/remittances/{batch_id}/treasury", {"received_on": "2023-10-01"}),
    ("POST", "/payment/v1/remittances/{batch_id}/certificate", {"certificate_no": "1", "issued_on": "2023-10-01"}),
    ("POST", "/payment/v1/remittances/{batch_id}/return", {"returned_on": "2023-10-01", "reason": "x"}),
    ("POST", "/payment/v1/remittances/{batch_id}/corrections", {"reason": "x"}),
    (
        "POST",
        "/payment/v1/deposit-slips",
        {"slip_no": "D-9", "statement_no": "S-1", "amount_fen": 1, "deposited_on": "2023-10-01"},
    ),
]


@pytest.mark.parametrize(("method", "path", "body"), PATHS, ids=[path for _, path, _ in PATHS])
async def test_what_lies_elsewhere_is_not_found(
    county: Served, stranger: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    before = await _rows(county)
    answer = await stranger.request(method, path.format(**county.known), json=body)
    refusal = (403, "POOLING_AREA_REQUIRED") if path.rpartition("/")[2] in WHOLE_AREA else (404, "NOT_FOUND")
    if "/bills/" in path:
        refusal = (409, "NOT_PRICED_YET")  # what is answered for every identifier of this hour, known here or not
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert await _rows(county) == before


def _enrolment(**changes: Any) -> dict[str, Any]:
    person = {"document_number": "411521199003074513", "name": "张三", "birth_date": "1990-03-07"}
    return {**person, "region": VILLAGE, "benefit_year": 2025, **changes}


def _receipt(county: Served) -> dict[str, Any]:
    return {"receipt_no": "R-9", "enrolment_id": county.known["enrolment_id"], "amount_fen": 1}


BODIES: dict[str, tuple[str, Callable[[Served], Any], int]] = {
    "an enrolment": ("/registration/v1/enrolments", lambda _: _enrolment(), 404),
    "one of many": ("/registration/v1/enrolments/batch", lambda _: {"enrolments": [_enrolment()]}, 200),
    "a receipt": (
        "/payment/v1/cash-receipts",
        lambda county: {"village": VILLAGE, "receipts": [_receipt(county) | {"received_on": "2023-10-01"}]},
        409,
    ),
    "a statement": (
        "/payment/v1/collection-statements",
        lambda county: {
            "statement_no": "S-9", "village": VILLAGE, "benefit_year": 2024, "total_fen": 1,
            "lines": [_receipt(county)],
        },
        404,
    ),
    "an order": (
        "/payment/v1/orders",
        lambda county: {"enrolment_ids": [county.known["enrolment_id"]], "channel": "WECHAT"},
        409,
    ),
    "targets": (
        "/quota/v1/targets",
        lambda _: {
            "benefit_year": 2024, "document": "x", "declared_total": 1,
            "towns": [{"region": VILLAGE[:9], "name": "x", "target": 1}],
        },
        422,
    ),
    "a bank statement": (
        "/payment/v1/bank-statements",
        lambda _: {
            "statement_no": "B-9", "booked_on": "2023-10-01",
            "lines": [{"line_no": 1, "kind": "DEPOSIT", "reference": "D-9", "amount_fen": 1}],
        },
        403,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BODIES)
async def test_nothing_is_written_elsewhere(county: Served, stranger: httpx.AsyncClient, what: str) -> None:
    path, body, status = BODIES[what]
    before = await _rows(county)
    answer = await stranger.post(path, json=body(county))
    assert answer.status_code == status, answer.text
    assert VILLAGE not in answer.text.replace(VILLAGE[:9], "") or what == "targets"
    assert await _rows(county) == before


async def test_a_roster_takes_no_line_from_elsewhere(county: Served, stranger: httpx.AsyncClient) -> None:
    line = {"document_number": "411521199003074513", "name": "张三", "region": VILLAGE}
    roster = {"identity": "DIBAO", "department": "x", "document": "x", "certified_on": "2023-10-01", "lines": [line]}
    answer = await stranger.post("/subsidy/v1/rosters", json=roster)
    assert answer.status_code == 201
    assert (answer.json()["accepted"], answer.json()["refused"][0]["code"]) == (0, "UNKNOWN_REGION")


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        (f"/payment/v1/cash-receipts?village={VILLAGE}", "items"),
        ("/payment/v1/cash-receipts", "items"),
        ("/payment/v1/remittances", "items"),
        ("/payment/v1/bank-lines/unexplained", "items"),
        ("/registration/v1/summary?benefit_year=2024", "towns"),
        ("/payment/v1/summary?benefit_year=2024", "towns"),
        ("/quota/v1/progress?benefit_year=2024", "towns"),
        ("/subsidy/v1/summary?benefit_year=2024", "identities"),
    ],
)
async def test_lists_hold_nothing_from_elsewhere(
    county: Served, stranger: httpx.AsyncClient, path: str, rows: str
) -> None:
    answer = await stranger.get(path)
    assert answer.status_code == 200
    assert answer.json()[rows] == []
    assert county.known["enrolment_id"] not in answer.text
