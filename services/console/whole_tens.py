"""A snapshot as other machines may see it: people rounded down to whole tens before anything is made of them.

What is subtracted, shared, cumulated or drawn from rounded counts says no more than they do. Counts that only stand in
a sentence, and are compared with nothing but zero, are rounded where they are written.
"""

from collections.abc import Sequence
from dataclasses import replace

from services.console.figures import percent, tens
from services.console.summaries import (
    CountyQuota,
    EnrolledDay,
    QuotaProgress,
    RegistrationSummary,
    Snapshot,
    TownEnrolment,
)


def rounded(snapshot: Snapshot) -> Snapshot:
    """The county's people in whole tens; townships are added up first, so that their rests are not lost one by one."""
    registration, quota = snapshot.registration, snapshot.quota
    if registration.summary is not None:
        registration = replace(registration, summary=_registration(registration.summary))
    if quota.summary is not None:
        quota = replace(quota, summary=_quota(quota.summary))
    return replace(snapshot, registration=registration, quota=quota)


def rounded_days(days: Sequence[EnrolledDay]) -> tuple[EnrolledDay, ...]:
    """Days whose sum up to any of them is the true sum in whole tens."""
    found, summed, before = [], 0, 0
    for each in sorted(days, key=lambda each: each.day):
        summed += each.enrolled
        found.append(EnrolledDay(day=each.day, enrolled=tens(summed) - before))
        before = tens(summed)
    return tuple(found)


def _registration(summary: RegistrationSummary) -> RegistrationSummary:
    county = TownEnrolment(
        region="",
        registered=tens(sum(town.registered for town in summary.towns)),
        enrolled=tens(sum(town.enrolled for town in summary.towns)),
    )
    days = summary.enrolled_by_day
    update = {
        "towns": (county,),
        "enrolled_by_day": None if days is None else rounded_days(days),
        "year_before": rounded_days(summary.year_before),
    }
    return summary.model_copy(update=update)


def _quota(progress: QuotaProgress) -> QuotaProgress:
    target, enrolled = tens(progress.county.target), tens(progress.county.enrolled)
    county = CountyQuota(
        target=target,
        registered=tens(progress.county.registered),
        enrolled=enrolled,
        percent=percent(enrolled, target) if target else None,
        remaining=max(target - enrolled, 0),
        over=max(enrolled - target, 0),
    )
    return progress.model_copy(update={"county": county})
