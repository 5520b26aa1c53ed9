"""What is in clearing over HTTP."""

from fastapi import APIRouter

from services.payment.clearing import repository
from services.payment.clearing.schemas import ClearingOut, ClearingPage
from shared.database.business_date import business_date
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/clearing", dependencies=[requires("payment:read")])
async def show_clearing(session: Session, context: CurrentContext[object]) -> ClearingPage:
    """What waits of each kind in the caller's region, and how much of it beyond its limit."""
    today = await business_date(session, context.clock)
    limits = context.settings.clearing_days.model_dump()
    found = await repository.clearing(session, today, limits)
    items = [
        ClearingOut(
            kind=each.kind,
            limit_days=limits[each.kind],
            oldest_on=each.oldest_on,
            too_old=each.too_old,
            fen=each.fen,
        )
        for each in found
    ]
    return ClearingPage(business_date=today, items=items)
