"""Reading progress: towns and the county are sums of villages, set beside the targets in force."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.quota.progress import repository
from services.quota.progress.completion import Counts
from services.quota.progress.schemas import (
    CountyProgress,
    ProgressFigures,
    ProgressOut,
    TargetDocumentOut,
    TownProgress,
    Unattributed,
    VillageOut,
)
from services.quota.targets import repository as targets
from shared.messaging.topics.stats import bus_stats_in
from shared.policy.institutions.completion import completion_percent, over, remaining


async def progress(session: AsyncSession, region: str, benefit_year: int) -> ProgressOut:
    """How far each township of a region is in a benefit year."""
    documents = await repository.target_documents(session, benefit_year)
    wanted = await targets.in_force(session, benefit_year)
    counted = await repository.by_town(session, benefit_year, most=2 * targets.MAX_TOWNS)
    outside = await repository.outside(session, benefit_year)
    towns = [
        TownProgress(region=town.region, name=town.name, **_figures(counted.get(town.region, Counts()), town.target))
        for town in wanted
    ]
    known = {town.region for town in wanted}
    strays = Counts.total(counts for town, counts in counted.items() if town not in known)
    everyone = Counts.total(counted.values())
    return ProgressOut(
        benefit_year=benefit_year,
        notices=[TargetDocumentOut.model_validate(document, from_attributes=True) for document in documents],
        towns=towns,
        unattributed=Unattributed(
            **_people(strays),
            villages=[VillageOut(region=village.region, **_people(village.counts)) for village in outside],
        ),
        county=CountyProgress(region=region, **_figures(everyone, sum(town.target for town in wanted))),
        messages=(await bus_stats_in(session)).out(),
    )


def _figures(counts: Counts, target: int) -> dict[str, Any]:
    figures = ProgressFigures(
        **_people(counts),
        target=target,
        percent=completion_percent(counts.enrolled, target),
        remaining=remaining(counts.enrolled, target),
        over=over(counts.enrolled, target),
    )
    return figures.model_dump()


def _people(counts: Counts) -> dict[str, int]:
    return {"registered": counts.registered, "enrolled": counts.enrolled, "terminated": counts.terminated}
