"""Registration: people's enrolments, from the application to the last covered day."""

from pathlib import Path

from services.registration.calendar import routes as calendar
from services.registration.calendar.service import daily_step
from services.registration.clients import routes as clients
from services.registration.enrolments import handlers, routes
from services.registration.regions import routes as regions
from services.registration.resources import RegistrationResources, open_resources
from services.registration.summary import router as summary
from shared.contracts.payment import (
    BillIssued,
    CashReturned,
    CertificateIssued,
    ContributionInTreasury,
    ContributionPaid,
    ContributionRemitted,
    ContributionReturned,
)
from shared.contracts.subsidy import ContributionAssessed
from shared.database.sealed import SealedColumn
from shared.messaging.consumer.loop import Subscription
from shared.service import Job, Service

SERVICE = Service[RegistrationResources](
    name="registration",
    routers=(clients.router, routes.router, calendar.router, regions.router, summary),
    subscriptions=(
        Subscription(ContributionAssessed, handlers.on_contributions_assessed),
        Subscription(BillIssued, handlers.on_bills_issued),
        Subscription(ContributionPaid, handlers.on_contributions_paid),
        Subscription(CashReturned, handlers.on_cash_returned),
        Subscription(ContributionRemitted, handlers.on_contributions_remitted),
        Subscription(ContributionReturned, handlers.on_contributions_returned),
        Subscription(ContributionInTreasury, handlers.on_contributions_in_treasury),
        Subscription(CertificateIssued, handlers.on_certificates_issued),
    ),
    jobs=(Job("daily", daily_step),),
    migrations=Path(__file__).parent / "migrations",
    resources=open_resources,
    public_paths=frozenset({"/v1/token"}),
    sealed=(SealedColumn("enrolment", "document_number"),),
)
