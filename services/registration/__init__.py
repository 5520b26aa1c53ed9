"""Registration: people's enrolments, from the application to the last covered day.

| Folder | What it does | Routes | Events | Jobs |
| --- | --- | --- | --- | --- |
| clients | the systems that may call, and their tokens | yes | | |
| applications | registers people, one or many at once | yes | | |
| enrolments | records what others announce of enrolments; shows, explains and counts them | yes | 8 | counts, names |
| periods | when cover begins and ends, decided from values alone | | | |
| calendar | the business date, and the beginning and end of cover on its day | yes | | daily |
| regions | the directory of towns and villages | yes | | |
| imports | people entered by file, a command | | | |
| summary | figures for the console | yes | | |
"""

from pathlib import Path

from services.registration.applications import routes as applications
from services.registration.calendar import jobs as calendar_jobs
from services.registration.calendar import routes as calendar
from services.registration.clients import routes as clients
from services.registration.enrolments import handlers as enrolment_handlers
from services.registration.enrolments import routes as enrolments
from services.registration.enrolments.counts import jobs as count_jobs
from services.registration.enrolments.names import jobs as name_jobs
from services.registration.regions import routes as regions
from services.registration.resources import SEALED, RegistrationResources, open_resources
from services.registration.summary import routes as summary
from shared.service import Service

SERVICE = Service[RegistrationResources](
    name="registration",
    routers=(
        clients.ROUTER,
        applications.ROUTER,
        enrolments.ROUTER,
        calendar.ROUTER,
        regions.ROUTER,
        summary.ROUTER,
    ),
    subscriptions=enrolment_handlers.SUBSCRIPTIONS,
    jobs=(*calendar_jobs.JOBS, *count_jobs.JOBS, *name_jobs.JOBS),
    migrations=Path(__file__).parent / "migrations",
    resources=open_resources,
    public_paths=frozenset({"/v1/token"}),
    sealed=SEALED,
)
