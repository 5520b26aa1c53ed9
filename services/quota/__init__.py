"""Quota: the townships' enrolment targets (任务数) and how far each of them is.

| Folder | What it does | Routes | Events | Jobs |
| --- | --- | --- | --- | --- |
| targets | checks and publishes the townships' targets | yes | | |
| progress | counts people by village; shows towns and the county beside their targets | yes | 6 | |
"""

from pathlib import Path

from services.quota.progress import handlers as progress_handlers
from services.quota.progress import routes as progress
from services.quota.targets import routes as targets
from shared.service import Service

SERVICE = Service[None](
    name="quota",
    routers=(targets.ROUTER, progress.ROUTER),
    subscriptions=progress_handlers.SUBSCRIPTIONS,
    migrations=Path(__file__).parent / "migrations",
)
