"""Subsidy in figures over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.subsidy.resources import SubsidyResources
from services.subsidy.summary import repository
from services.subsidy.summary.figures import by_funder, by_identity, people_by
from services.subsidy.summary.schemas import CollectionWindowOut, SubsidySummaryOut
from shared.messaging.topics.stats import bus_stats_in
from shared.policy.pack import Pack
from shared.policy.payment_window import collection_days
from shared.web.dependencies import CurrentContext, Snapshot, requires
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["summary"])


@ROUTER.get("/v1/summary", dependencies=[requires("subsidy:read")])
async def summary(
    session: Snapshot, context: CurrentContext[SubsidyResources], benefit_year: Annotated[int, Query(ge=2000, le=2100)]
) -> SubsidySummaryOut:
    """People by outcome, reason and identity, and the sums of each funder."""
    counts = await repository.price_counts(session, benefit_year)
    outcomes = people_by(counts, lambda count: count.outcome)
    pack = context.resources.pack
    return SubsidySummaryOut(
        benefit_year=benefit_year,
        pack=pack.id,
        document=pack.document,
        amounts=pack.overrides_label,
        collection_window=_collection_window(pack) if benefit_year == pack.benefit_year else None,
        outcomes=outcomes,
        held=outcomes.get("HELD", 0),
        reasons=people_by(counts, lambda count: count.reason_code),
        identities=by_identity(counts),
        funders=by_funder(counts),
        roster_lines=await repository.lines_in_force(session),
        messages=(await bus_stats_in(session)).out(),
    )


def _collection_window(pack: Pack) -> CollectionWindowOut | None:
    days = collection_days(pack)
    return None if days is None else CollectionWindowOut(first=days[0], last=days[1])
