"""Quota: the townships' enrolment targets (任务数) and how far each of them is."""

from pathlib import Path

from services.quota.progress import handlers
from services.quota.progress.routes import router as progress_router
from services.quota.targets.routes import router as targets_router
from shared.contracts.registration import (
    BusinessDateAdvanced,
    EnrolmentPaid,
    EnrolmentReadmitted,
    EnrolmentRegistered,
    EnrolmentRejected,
    EnrolmentTerminated,
)
from shared.messaging.consumer.loop import Subscription
from shared.service import Service

SERVICE = Service[None](
    name="quota",
    routers=(targets_router, progress_router),
    subscriptions=(
        Subscription(EnrolmentRegistered, handlers.on_registered),
        Subscription(EnrolmentPaid, handlers.on_paid),
        Subscription(EnrolmentRejected, handlers.on_rejected),
        Subscription(EnrolmentReadmitted, handlers.on_readmitted),
        Subscription(EnrolmentTerminated, handlers.on_terminated),
        Subscription(BusinessDateAdvanced, handlers.on_business_date),
    ),
    migrations=Path(__file__).parent / "migrations",
)
