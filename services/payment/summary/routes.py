"""The summary over HTTP."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from services.payment.notices import repository as notices
from services.payment.summary import repository
from services.payment.summary.repository import (
    HeldFigures,
    NoticeFigures,
    RefundFigures,
    SuspendedFigures,
    TownFigures,
)
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
from shared.web.dependencies import CurrentContext, Snapshot, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/summary", dependencies=[requires("payment:read")])
async def summarise(
    session: Snapshot, context: CurrentContext[object], benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> SummaryOut:
    """Where a benefit year's money stands, by township, and what stands apart from it."""
    found = await repository.summary(session, benefit_year)
    waiting = await notices.money_at_risk(session)
    return SummaryOut(
        business_date=await business_date(session, context.clock),
        benefit_year=benefit_year,
        towns=[TownOut(region=town.town, **_standing([town])) for town in found.towns if town.town is not None],
        unattributed=_unattributed([town for town in found.towns if town.town is None]),
        callbacks=CallbacksOut(
            received=found.received,
            waiting=waiting.notices,
            waiting_fen=waiting.fen,
            oldest_waiting_s=int(waiting.oldest_s),
        ),
        suspense=_piles(found.suspense),
        quarantine=_piles([one for one in found.notices if one.state == "QUARANTINED"]),
        parked=_sum([one for one in found.notices if one.state == "PARKED"]),
        refunds=_refunds(found.refunds),
        held=_sum([found.held]),
        messages=(await bus_stats_in(session)).out(),
    )


def _standing(towns: Sequence[TownFigures]) -> dict[str, int]:
    return {name: sum(getattr(town, name) for town in towns) for name in Standing.model_fields}


def _unattributed(towns: Sequence[TownFigures]) -> UnattributedOut:
    """Money whose region names no township: what it owes or earned, and where it lies now."""
    return UnattributedOut(
        **_standing(towns),
        count=sum(town.items for town in towns),
        fen=sum(town.taken_fen + town.suspense_fen + town.refund_payable_fen for town in towns),
    )


def _piles(figures: Sequence[SuspendedFigures | NoticeFigures]) -> Piles:
    total = _sum(figures)
    reasons = [Reasoned(reason=each.reason or "", count=each.count, fen=each.fen) for each in figures]
    return Piles(count=total.count, fen=total.fen, by_reason=reasons)


def _refunds(figures: Sequence[RefundFigures]) -> RefundsOut:
    unpaid = _sum([each for each in figures if each.state != "PAID"])
    by_state = {each.state: _sum([each]) for each in figures}
    return RefundsOut(count=unpaid.count, fen=unpaid.fen, by_state=by_state)


def _sum(figures: Sequence[SuspendedFigures | NoticeFigures | RefundFigures | HeldFigures]) -> Pile:
    return Pile(count=sum(each.count for each in figures), fen=sum(each.fen for each in figures))
