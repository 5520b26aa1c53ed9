"""Assessments that a restoration of this database has lost: they are taken up again as others know them.

They were announced whole, and others have billed and collected by them. Priced again, a version that others know could
come to mean another price; and what somebody paid under it would not be here to be frozen.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.assessment import repository
from services.subsidy.assessment.repository import Assessed, EnrolmentSnapshot
from services.subsidy.changes.repository import PricingCause
from services.subsidy.pricing.pricer import as_announced, certified
from shared.contracts.event import Event, Trace
from shared.contracts.subsidy import ContributionAssessed
from shared.messaging.outbox.epochs import LostEvent, lost_keys, lost_of, settle_lost
from shared.messaging.outbox.publication import Announcements, publish_portion

_AT_ONCE = 500
_NAME = ContributionAssessed.name


async def take_up_lost(session: AsyncSession) -> int:
    """Take up the lost assessments of all enrolments that are here, and announce them again; returns how many.

    It belongs to the transaction that begins the epoch: until then nobody is priced, and afterwards who had paid under
    such a version finds it.
    """
    taken, after = 0, UUID(int=0)
    while keys := await lost_keys(session, _NAME, after=after, limit=_AT_ONCE):
        here = {one.id: one for one in await repository.lock_enrolments(session, keys)}
        announcements = await take_up(session, here, registered=False)
        await publish_portion(session, announcements)
        taken, after = taken + len(announcements), keys[-1]
    return taken


async def take_up(
    session: AsyncSession, enrolments: Mapping[UUID, EnrolmentSnapshot], *, registered: bool
) -> Announcements:
    """Record the lost assessments of these enrolments, new ones or known ones; what is to be announced of them."""
    waves: defaultdict[int, list[tuple[str, Assessed]]] = defaultdict(list)
    announcements: list[tuple[Event, Trace]] = []
    lost = await lost_of(session, _NAME, sorted(enrolments))
    for enrolment_id, of_one in groupby(lost, key=lambda each: each.key):
        snapshot = enrolments[enrolment_id]
        by_version = {
            event.version: (event, one) for one in of_one if (event := _event(one)).version > snapshot.version
        }
        for wave, (version, (event, one)) in enumerate(sorted(by_version.items())):
            trace = Trace.start(one.actor)
            waves[wave].append((event.pack, _as_announced(snapshot, version, event, trace)))
            announcements.append((event, trace))
    for wave, made in sorted(waves.items()):
        for pack in sorted({of for of, _ in made}):
            of_pack = [one for of, one in made if of == pack]
            await repository.record(session, pack, of_pack, registered=registered and wave == 0)
    await settle_lost(session, {(one.key, _NAME) for one in lost}, "ANNOUNCED_AGAIN")
    return announcements


def _event(lost: LostEvent) -> ContributionAssessed:
    return ContributionAssessed.model_validate(lost.payload)


def _as_announced(snapshot: EnrolmentSnapshot, version: int, event: ContributionAssessed, trace: Trace) -> Assessed:
    """The version as it was announced. Beside the first one, a roster is what it nearly always came from."""
    identities = tuple(certified(name, date.min, None) for name in event.identities)
    cause = PricingCause("REGISTERED" if version == 1 else "ROSTER_CHANGED", trace)
    return Assessed(replace(snapshot, version=version - 1), identities, as_announced(event), event.assessed_on, cause)
