"""The summary over HTTP."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query

from services.payment.notices import repository as notices
from services.payment.summary import repository
from services.payment.summary.schemas import (
    CallbacksOut,
    Pile,
    Piles,
    Reasoned,
    RefundsOut,
    Standing,
    SummaryOut,
    TownOut,
    UnattributedOut,
)
from shared.database.business_date import business_date
from shared.messaging.topics.stats import bus_stats_in
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/summary", dependencies=[requires("payment:read")])
async def summarise(
    session: Session, running: CurrentContext, benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> SummaryOut:
    """Where a benefit year's money stands, by township, and what stands apart from it."""
    found = await repository.summary(session, benefit_year)
    towns: list[dict[str, Any]] = orjson.loads(found.towns)
    set_aside: list[dict[str, Any]] = orjson.loads(found.notices)
    waiting = await notices.money_at_risk(session)
    return SummaryOut(
        business_date=await business_date(session, running.clock),
        benefit_year=benefit_year,
        towns=[TownOut(region=town["town"], **_figures(town)) for town in towns if town["town"] is not None],
        unattributed=_unattributed([town for town in towns if town["town"] is None]),
        callbacks=CallbacksOut(
            received=found.received,
            waiting=waiting.notices,
            waiting_fen=waiting.fen,
            oldest_waiting_s=int(waiting.oldest_s),
        ),
        suspense=_piles(orjson.loads(found.suspense)),
        quarantine=_piles([one for one in set_aside if one["state"] == "QUARANTINED"]),
        parked=_sum(one for one in set_aside if one["state"] == "PARKED"),
        refunds=_refunds(orjson.loads(found.refunds)),
        held=Pile(**orjson.loads(found.held)),
        messages=(await bus_stats_in(session)).out(),
    )


def _figures(town: dict[str, Any]) -> dict[str, int]:
    return {name: int(value) for name, value in town.items() if name not in ("town", "items")}


def _unattributed(rows: list[dict[str, Any]]) -> UnattributedOut:
    """Money whose region names no township: what it owes or earned, and where it lies now."""
    return UnattributedOut(
        **{name: sum(int(row[name]) for row in rows) for name in Standing.model_fields},
        count=sum(int(row["items"]) for row in rows),
        fen=sum(int(row["taken_fen"] + row["suspense_fen"] + row["refund_payable_fen"]) for row in rows),
    )


def _piles(rows: list[dict[str, Any]]) -> Piles:
    total = _sum(rows)
    reasons = [Reasoned(reason=row["reason"] or "", count=row["count"], fen=row["fen"]) for row in rows]
    return Piles(count=total.count, fen=total.fen, by_reason=reasons)


def _refunds(rows: list[dict[str, Any]]) -> RefundsOut:
    unpaid = _sum(row for row in rows if row["state"] != "PAID")
    by_state = {row["state"]: Pile(count=row["count"], fen=row["fen"]) for row in rows}
    return RefundsOut(count=unpaid.count, fen=unpaid.fen, by_state=by_state)


def _sum(rows: Any) -> Pile:
    kept = list(rows)
    return Pile(count=sum(row["count"] for row in kept), fen=sum(row["fen"] for row in kept))
