"""Publishing township targets: checked against the declared total, versioned, announced."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.quota.targets import repository
from services.quota.targets.repository import TargetSet, TownTarget
from services.quota.targets.rules import county_of_targets, refuse_missing
from services.quota.targets.schemas import TargetsIn
from shared.contracts.event import Trace
from shared.contracts.quota import TargetsPublished
from shared.domain.ids import new_id
from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode
from shared.messaging.outbox.publication import publish


class TargetsAmendedMeanwhile(DomainError):
    """Somebody else published a version while this one was being checked."""

    code = ErrorCode.TARGETS_AMENDED_MEANWHILE


async def publish_targets(
    session: AsyncSession, caller_region: str, body: TargetsIn, trace: Trace
) -> tuple[TargetSet, bool]:
    """Put a target set in force and say whether it is new; the set already in force is answered as it stands."""
    county = county_of_targets(body, caller_region)
    current = await repository.current_set(session, county, body.benefit_year)
    before = [town for town in await repository.in_force(session, body.benefit_year) if covers(county, town.region)]
    towns = sorted(TownTarget(town.region, town.name, town.target) for town in body.towns)
    wanted = TargetSet(
        id=new_id(),
        region=county,
        version=current.version + 1 if current else 1,
        document=body.document,
        note=body.note,
        declared_total=body.declared_total,
    )
    same_head = current is not None and replace(wanted, id=current.id, version=current.version) == current
    if current is not None and same_head and towns == before:
        return current, False
    refuse_missing([town.region for town in towns], [town.region for town in before])
    if not await repository.add(session, wanted, body.benefit_year, towns, trace):
        raise TargetsAmendedMeanwhile
    announcement = TargetsPublished(
        target_set_id=wanted.id,
        region=county,
        benefit_year=body.benefit_year,
        document=body.document,
        total=body.declared_total,
        towns=len(towns),
    )
    await publish(session, [(announcement, trace)])
    return wanted, True
