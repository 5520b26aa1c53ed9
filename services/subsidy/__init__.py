"""Subsidy: which identities departments certified, and therefore who pays how much of each contribution."""

from pathlib import Path

from services.subsidy.assessment import handlers
from services.subsidy.assessment.policy_change import POLICY_CHANGE
from services.subsidy.assessment.preview import router as preview_router
from services.subsidy.assessment.reassessing import REASSESS
from services.subsidy.assessment.routes import router as assessment_router
from services.subsidy.assessment.turning import TURNING
from services.subsidy.resources import SubsidyResources, open_resources
from services.subsidy.rosters.routes import router as rosters_router
from services.subsidy.summary import router as summary_router
from shared.contracts.registration import (
    BusinessDateAdvanced,
    EnrolmentPaid,
    EnrolmentPaymentCorrected,
    EnrolmentRegistered,
    EnrolmentTerminated,
)
from shared.database.sealed import SealedColumn
from shared.messaging.consumer.loop import Subscription
from shared.service import Service

SERVICE = Service[SubsidyResources](
    name="subsidy",
    routers=(rosters_router, assessment_router, preview_router, summary_router),
    subscriptions=(
        Subscription(EnrolmentRegistered, handlers.on_registered),
        Subscription(EnrolmentPaid, handlers.on_paid),
        Subscription(EnrolmentPaymentCorrected, handlers.on_payment_corrected),
        Subscription(EnrolmentTerminated, handlers.on_terminated),
        Subscription(BusinessDateAdvanced, handlers.on_business_date),
    ),
    jobs=(REASSESS, TURNING, POLICY_CHANGE),
    migrations=Path(__file__).parent / "migrations",
    resources=open_resources,
    sealed=(SealedColumn("roster_line", "document_number"),),
)
