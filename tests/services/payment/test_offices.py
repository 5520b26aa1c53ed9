"""Whoever collects money cannot also say that it has arrived: each step of its way belongs to another office."""

import pytest
from fastapi.routing import APIRoute

from services.payment import SERVICE
from shared.domain.ids import new_id
from shared.web.dependencies import scope_of
from tests.harness.installation import COUNTY
from tests.services.payment.till import Till

OFFICES = {
    "POST /v1/orders": "payment:write",
    "POST /v1/orders/{order_no}/cancel": "payment:write",
    "POST /v1/cash-receipts": "payment:collect",
    "POST /v1/collection-statements": "payment:collect",
    "POST /v1/deposit-slips": "payment:collect",
    "POST /v1/remittances/{batch_id}/corrections": "payment:collect",
    "POST /v1/cash-refunds/approvals": "payment:refund",
    "POST /v1/cash-refunds/fetches": "payment:collect",
    "POST /v1/cash-refunds/returns": "payment:collect",
    "POST /v1/bank-statements": "payment:bank",
    "POST /v1/remittances/{batch_id}/serial": "payment:tax",
    "POST /v1/remittances/{batch_id}/fetch-detail": "payment:tax",
    "POST /v1/remittances/{batch_id}/remit": "payment:tax",
    "POST /v1/remittances/{batch_id}/certificate": "payment:tax",
    "POST /v1/remittances/{batch_id}/treasury": "payment:treasury",
    "POST /v1/remittances/{batch_id}/return": "payment:treasury",
    "POST /v1/suspense/{suspense_id}/refund": "payment:refund",
    "POST /v1/refunds/{refund_id}/approve": "payment:refund",
    "POST /v1/quarantine/{notice_id}/retry": "payment:operate",
}
OF_THE_WHOLE_AREA = {"payment:bank", "payment:tax", "payment:treasury"}


def test_each_door_that_moves_money_asks_for_the_scope_of_its_office() -> None:
    doors = {
        f"{method} {route.path}": scope_of(route)
        for router in SERVICE.routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if method != "GET" and route.path not in SERVICE.public_paths
    }
    assert doors == OFFICES


@pytest.mark.parametrize("door", [door for door, scope in OFFICES.items() if scope in OF_THE_WHOLE_AREA])
async def test_no_town_takes_a_step_that_belongs_to_the_whole_area(till: Till, door: str) -> None:
    path = "/payment" + door.partition(" ")[2].replace("{batch_id}", str(new_id()))
    town, village = (till.installation.caller(OFFICES[door], region=region) for region in ("411521101", "411521101201"))
    for headers in (town, village):
        answer = await till.doors.post(path, json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "POOLING_AREA_REQUIRED")
    county = await till.doors.post(path, json={}, headers=till.installation.caller(OFFICES[door], region=COUNTY))
    assert county.status_code in (404, 422)


@pytest.mark.parametrize("door", OFFICES)
async def test_every_other_offices_scope_leaves_the_door_shut(till: Till, door: str) -> None:
    path = "/payment" + door.partition(" ")[2]
    for name in ("batch_id", "suspense_id", "refund_id", "notice_id", "order_no"):
        path = path.replace("{" + name + "}", str(new_id()))
    others = sorted({*OFFICES.values(), "payment:read"} - {OFFICES[door]})
    answer = await till.doors.post(path, json={}, headers=till.installation.caller(*others))
    assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE_MISSING")
