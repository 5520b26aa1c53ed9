"""Who collects money cannot also say that it has arrived: each step of its way belongs to another office."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from services.payment import SERVICE
from shared.domain.ids import new_id
from shared.web.dependencies import scope_of
from tests.harness.installation import COUNTY, Installation
from tests.services.payment.running_payment import RunningPayment, running_payment

OFFICES = {
    "POST /v1/orders": "payment:write",
    "POST /v1/orders/{order_no}/cancel": "payment:write",
    "POST /v1/cash-receipts": "payment:collect",
    "POST /v1/late-receipts": "payment:collect",
    "POST /v1/look-alikes/{look_alike_id}/resolution": "payment:operate",
    "POST /v1/collection-statements": "payment:collect",
    "POST /v1/deposit-slips": "payment:collect",
    "POST /v1/remittances/{batch_id}/short-acceptance": "payment:bank",
    "POST /v1/payouts/{payout_id}/release": "payment:bank",
    "POST /v1/payouts/{payout_id}/holding": "payment:bank",
    "POST /v1/remittances/{batch_id}/corrections": "payment:collect",
    "POST /v1/cash-refunds/approvals": "payment:refund",
    "POST /v1/cash-refunds/fetches": "payment:collect",
    "POST /v1/cash-refunds/returns": "payment:collect",
    "POST /v1/bank-statements": "payment:bank",
    "POST /v1/bank-lines/{line_id}/reversal": "payment:bank",
    "POST /v1/approvals/{approval_id}/approval": "payment:approve",
    "POST /v1/approvals/{approval_id}/refusal": "payment:approve",
    "POST /v1/approvals/{approval_id}/withdrawal": "payment:read",
    "POST /v1/remittances/{batch_id}/serial": "payment:tax",
    "POST /v1/remittances/{batch_id}/fetch-detail": "payment:tax",
    "POST /v1/remittances/{batch_id}/remit": "payment:tax",
    "POST /v1/remittances/{batch_id}/certificate": "payment:tax",
    "POST /v1/remittances/{batch_id}/treasury": "payment:treasury",
    "POST /v1/remittances/{batch_id}/return": "payment:treasury",
    "POST /v1/suspense/{suspense_id}/refund": "payment:refund",
    "POST /v1/refunds/{refund_id}/approve": "payment:refund",
    "POST /v1/quarantine/{notice_id}/retry": "payment:operate",
    "POST /v1/quarantine/{notice_id}/closing": "payment:operate",
    "POST /v1/quarantine/{notice_id}/reopening": "payment:operate",
    "POST /v1/settlement-attributions": "payment:bank",
    "POST /v1/suspense/{suspense_id}/office": "payment:operate",
    "POST /v1/suspense/{suspense_id}/match": "payment:operate",
    "POST /v1/suspense/{suspense_id}/return": "payment:operate",
    "POST /v1/suspense/{suspense_id}/carry-over": "payment:operate",
    "POST /v1/settlement-differences/{difference_id}/closing": "payment:bank",
}
OF_THE_WHOLE_AREA = {"payment:bank", "payment:tax", "payment:treasury"}


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    """Payment that answers: no job has a part in what is refused."""
    async with running_payment(installation, tmp_path, role="web") as opened:
        yield opened


def test_each_endpoint_that_moves_money_asks_for_the_scope_of_its_office() -> None:
    scopes = {
        f"{method} {route.path}": scope_of(route)
        for router in SERVICE.routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if method != "GET" and route.path not in SERVICE.public_paths
    }
    assert scopes == OFFICES


@pytest.mark.parametrize("endpoint", [endpoint for endpoint, scope in OFFICES.items() if scope in OF_THE_WHOLE_AREA])
async def test_no_town_takes_a_step_that_belongs_to_the_whole_area(payment: RunningPayment, endpoint: str) -> None:
    path = "/payment" + re.sub(r"\{\w+\}", str(new_id()), endpoint.partition(" ")[2])
    town, village = (
        payment.installation.caller(OFFICES[endpoint], region=region) for region in ("411521101", "411521101201")
    )
    for headers in (town, village):
        answer = await payment.http.post(path, json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "POOLING_AREA_REQUIRED")
    county = await payment.http.post(
        path, json={}, headers=payment.installation.caller(OFFICES[endpoint], region=COUNTY)
    )
    assert county.status_code in (404, 422)


@pytest.mark.parametrize("endpoint", OFFICES)
async def test_every_other_offices_scope_is_refused(payment: RunningPayment, endpoint: str) -> None:
    path = "/payment" + endpoint.partition(" ")[2]
    for name in ("batch_id", "suspense_id", "refund_id", "notice_id", "order_no", "payout_id"):
        path = path.replace("{" + name + "}", str(new_id()))
    others = sorted({*OFFICES.values(), "payment:read"} - {OFFICES[endpoint]})
    answer = await payment.http.post(path, json={}, headers=payment.installation.caller(*others))
    assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE_MISSING")
