"""Subsidy: which identities departments certified, and therefore who pays how much of each contribution.

| Folder | What it does | Routes | Events | Jobs |
| --- | --- | --- | --- | --- |
| rosters | records rosters and withdrawals; lists certified people without insurance | yes | | |
| changes | queues people to price again: a roster, the day or the policy changed | | | turn of the day, policy change |
| pricing | what the policy makes of a person; equal people are priced once | | | |
| assessment | prices people, first and again; shows assessments and previews cases | yes | 5 | reassess |
| counts | how many people have a price, and how many lines are in force, kept as they change | | | subsidy counts |
| summary | figures for the console | yes | | |
"""

from pathlib import Path

from services.subsidy.assessment import handlers as assessment_handlers
from services.subsidy.assessment import reassessment_job
from services.subsidy.assessment import routes as assessment
from services.subsidy.changes import jobs as change_jobs
from services.subsidy.counts import jobs as count_jobs
from services.subsidy.resources import SubsidyResources, open_resources
from services.subsidy.rosters import routes as rosters
from services.subsidy.summary import routes as summary
from shared.database.sealed import SealedColumn
from shared.service import Service

SERVICE = Service[SubsidyResources](
    name="subsidy",
    routers=(rosters.ROUTER, assessment.ROUTER, summary.ROUTER),
    subscriptions=assessment_handlers.SUBSCRIPTIONS,
    jobs=(*reassessment_job.JOBS, *change_jobs.JOBS, *count_jobs.JOBS),
    migrations=Path(__file__).parent / "migrations",
    resources=open_resources,
    sealed=(SealedColumn("roster_line", "document_number"),),
)
