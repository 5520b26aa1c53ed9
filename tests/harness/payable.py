"""People in bulk with an order each to pay: registered and billed over HTTP, ordered in one statement.

The order's endpoint asks the channel once per order; what is under test begins after that, so the orders are written as
that endpoint leaves them (AWAITING, with a code), all at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx

from services.composition import SERVICES
from shared.domain.identity_number import check_digit
from shared.web.dependencies import scopes_of
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.timeouts import stretched
from tests.harness.wechat_peer import APPID, MCHID

TODAY = date(2023, 10, 8)
SCOPES = tuple({scope for service in SERVICES for scope in scopes_of(service)})
TOWNS = ("411521101", "411521102", "411521103", "411521104")
VILLAGES = tuple(f"{town}{village}" for town in TOWNS for village in (201, 202, 203, 204, 205))
_AT_ONCE = 500
_AIDED_EVERY = 10
_PER_DAY = 900

_ORDER = """
    WITH due AS MATERIALIZED (
        SELECT gen_random_uuid() AS order_id, bill.*, (priced.row ->> 'due_fen')::bigint AS fen,
               (priced.row ->> 'pay_until')::date AS last_day
        FROM bill CROSS JOIN LATERAL jsonb_array_elements(bill.schedule) AS priced (row)
        WHERE bill.state = 'OPEN'
          AND $1 BETWEEN (priced.row ->> 'pay_from')::date AND (priced.row ->> 'pay_until')::date
          AND NOT EXISTS (SELECT FROM order_line WHERE order_line.bill_id = bill.id)
    ), ordered AS (
        INSERT INTO payment_order (id, order_no, channel, merchant_id, appid, benefit_year, state, amount_fen, code_url,
                                   opened_at, expires_at, last_day, region, actor, correlation_id)
        SELECT order_id, replace(order_id::text, '-', ''), 'WECHAT', $2, $3, benefit_year, 'AWAITING', fen,
               'weixin://wxpay/bizpayurl?pr=' || left(order_id::text, 8), now(), now() + interval '2 hours',
               last_day, region, actor, correlation_id
        FROM due
        RETURNING order_no, amount_fen, id
    ), lines AS (
        INSERT INTO order_line (order_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, open, region,
                                actor, correlation_id)
        SELECT order_id, id, enrolment_id, person_token, benefit_year, fen, true, region, actor, correlation_id FROM due
    )
    SELECT ordered.order_no, ordered.amount_fen, due.enrolment_id
    FROM ordered JOIN due ON due.order_id = ordered.id ORDER BY ordered.order_no
"""


@dataclass(frozen=True, slots=True)
class Payable:
    """An order that waits for its one person's money."""

    order_no: str
    amount_fen: int
    enrolment_id: UUID


async def payable(
    installation: Installation, base_urls: Mapping[str, str], count: int, *, within_s: float = 120
) -> list[Payable]:
    """So many more people of twenty villages, every tenth on a roster of civil affairs, and an order for each.

    ``base_urls`` says where each service listens; registration, subsidy and payment must be at work.
    """
    await registered(installation, base_urls, count, within_s=within_s)
    return await _orders(installation)


async def registered(
    installation: Installation, base_urls: Mapping[str, str], count: int, *, within_s: float = 120
) -> None:
    """The same people, registered and billed, and nobody has ordered anything."""
    known = (await installation.sql("registration", "SELECT count(*) FROM enrolment"))[0][0]
    async with httpx.AsyncClient(
        headers=installation.caller(*SCOPES), trust_env=False, timeout=stretched(60)
    ) as client:

        async def post(service: str, path: str, body: Any) -> None:
            answer = await client.post(f"{base_urls[service]}/{service}/v1/{path}", json=body)
            assert answer.is_success, (path, answer.status_code, answer.text)

        await post("registration", "regions", {"regions": [{"code": town, "name": f"镇{town[-3:]}"} for town in TOWNS]})
        for first in range(known, known + count, _AT_ONCE):
            some = [person(sequence) for sequence in range(first, min(first + _AT_ONCE, known + count))]
            aided = [{key: one[key] for key in ("document_number", "name", "region")} for one in some[::_AIDED_EVERY]]
            await post("subsidy", "rosters", _roster(aided, some[0]["document_number"]))
            await post("registration", "enrolments/batch", {"enrolments": some})

    async def billed() -> bool:
        bills = await installation.sql("payment", "SELECT count(*) FROM bill WHERE state <> 'SUPERSEDED'")
        assert bills[0][0] == known + count, f"{bills[0][0]} of {known + count} are billed"
        return True

    await eventually(billed, within_s=within_s, every_s=0.2)


async def _orders(installation: Installation) -> list[Payable]:
    rows: Sequence[Any] = await installation.sql("payment", _ORDER, TODAY, MCHID, APPID)
    await installation.sql("payment", "ANALYZE payment_order, order_line, bill")
    return [Payable(row["order_no"], row["amount_fen"], row["enrolment_id"]) for row in rows]


def person(sequence: int) -> dict[str, Any]:
    """The application of one of them, by their place."""
    born = date(1950, 1, 1) + timedelta(days=sequence // _PER_DAY)
    seventeen = f"411521{born:%Y%m%d}{sequence % _PER_DAY + 100:03d}"
    return {
        "document_number": seventeen + check_digit(seventeen),
        "name": "张三",
        "birth_date": born.isoformat(),
        "region": VILLAGES[sequence % len(VILLAGES)],
        "benefit_year": 2024,
    }


def _roster(lines: list[dict[str, str]], document: str) -> dict[str, Any]:
    named = {"identity": "DIBAO", "department": "民政局", "certified_on": "2023-09-28"}
    return named | {"document": f"罗民〔2023〕{document[-8:]}号", "lines": lines}
