"""Suspended money over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.suspense import repository
from services.payment.suspense.schemas import SuspenseOut
from services.payment.suspense.state import SuspenseState
from shared.web.dependencies import Session, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


@ROUTER.get("/v1/suspense", dependencies=[requires("payment:read")])
async def list_suspense(
    session: Session,
    state: SuspenseState | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[SuspenseOut]:
    """Suspended money with its reasons, oldest first; ``after`` is the last id of the page before."""
    rows = await repository.listed(session, state=state, after=after, limit=limit)
    return [SuspenseOut.model_validate(row) for row in rows]
