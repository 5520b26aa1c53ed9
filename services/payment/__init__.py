"""The payment service: what is owed, what comes in, where it stands, and its way to the treasury."""

from pathlib import Path

from services.payment.bank import routes as bank
from services.payment.bank import settlement
from services.payment.bills import handlers as bills_handlers
from services.payment.bills import routes as bills
from services.payment.callbacks import routes as callbacks
from services.payment.cash import match_job
from services.payment.cash import routes as cash
from services.payment.cash_refunds import routes as cash_refunds
from services.payment.crediting import routes as crediting
from services.payment.crediting.metrics import read_money_at_risk
from services.payment.crediting.worker import retry_parked, work_notices
from services.payment.job_names import CREDITING, REFUNDS
from services.payment.ledger import balances
from services.payment.orders import channel_query, expiry
from services.payment.orders import routes as orders
from services.payment.refunds import routes as refunds
from services.payment.refunds.submission import submit_refunds
from services.payment.remittance import routes as remittance
from services.payment.resources import PaymentResources
from services.payment.summary import routes as summary
from services.payment.suspense import routes as suspense
from shared.service import Job, Service

SERVICE = Service(
    name="payment",
    routers=(
        callbacks.router,
        crediting.router,
        bills.ROUTER,
        orders.ROUTER,
        suspense.router,
        refunds.router,
        cash.router,
        cash_refunds.router,
        bank.router,
        remittance.ROUTER,
        cash.corrections_router,
        summary.router,
    ),
    subscriptions=(*bills_handlers.SUBSCRIPTIONS, *expiry.SUBSCRIPTIONS),
    jobs=(
        Job(CREDITING, work_notices, interval_s=0.5),
        Job("parked refund notices", retry_parked, interval_s=60.0),
        Job(REFUNDS, submit_refunds),
        *channel_query.JOBS,
        *expiry.JOBS,
        match_job.JOB,
        balances.JOB,
        settlement.JOB,
    ),
    migrations=Path(__file__).parent / "migrations",
    resources=PaymentResources,
    public_paths=frozenset({callbacks.PATH}),
    gauges={"money at risk": read_money_at_risk},
)
