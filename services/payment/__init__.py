"""Payment: what is owed, what comes in, where it stands, and its way to the treasury.

| Folder | What it does | Routes | Events | Jobs |
| --- | --- | --- | --- | --- |
| bills | what an enrolment owes under one assessment; reviews of settled bills | yes | 2 | |
| orders | attempts to collect bills through a channel | yes | 1 | queries, withdrawn, last days, no merchant, lost |
| merchants | merchants as data: opened, changed, given up, keys rotated, by two people | yes | | |
| channels | the payment channels: signatures, messages and answers | | | |
| callbacks | takes a channel's notices and makes them durable | yes | | |
| notices | the rows of notices, written together in one commit | | | |
| crediting | what stored notices mean for orders, bills and the books | yes | | crediting, parked refund notices |
| payments | the rows of payments and of their lines | | | |
| suspense | money that pays no bill | yes | | |
| refunds | suspended money on its way back to the payer | yes | | refunds |
| cash | money that villages collect: receipts, statements, slips and their match | yes | | cash-matching |
| receipts | the rows of cash receipts | | | |
| cash_refunds | cash whose import failed, on its way back to the person | yes | | |
| bank | the statements of the tax pending account; settlements of channels | yes | | settlements |
| shortages | deposits that are short: accepted by two people, owed by the collector | yes | | collector-shortages |
| reversals | bank lines entered wrongly, taken back by two people | yes | | |
| payouts | the channels' payouts, met with the bank's lines | yes | | payouts, questions about billed payments |
| differences | what differs from the channels' bills, with owner and age | yes | | |
| attributions | payments and refunds that a channel settled with another day, said by two people | yes | | |
| closings | notices in quarantine about which nothing more is to be done, by two people | yes | | |
| look_alikes | numbers of documents that look alike, resolved by two people | yes | | |
| approvals | what needs a second person: the list, and the decisions | yes | | |
| statements | the rows of the bank's statements | | | |
| channel_bills | the channel's own daily bills: fetched, checked, stored line by line | yes | | channel-bills |
| batches | remittance batches, their lines, steps and differences | | | |
| remittance | the way of batches to the treasury; their lines follow in portions | yes | | lines, tax details |
| clearing | how long money has waited where it only passes through | yes | | |
| ledger | the books: transfers and their sums | | | ledger sums |
| summary | where the money stands, for the console | yes | | |
"""

from pathlib import Path

from services.payment.approvals import routes as approvals
from services.payment.attributions import routes as attributions
from services.payment.bank import routes as bank
from services.payment.bank import settlement
from services.payment.batches.audited import REMITTANCE_BATCH
from services.payment.bills import handlers as bill_handlers
from services.payment.bills import routes as bills
from services.payment.callbacks import routes as callbacks
from services.payment.cash import match_job
from services.payment.cash import routes as cash
from services.payment.cash.audited import CASH_RECEIPT, DEPOSIT_SLIP
from services.payment.cash_refunds import routes as cash_refunds
from services.payment.channel_bills import job as channel_bill_job
from services.payment.channel_bills import routes as channel_bills
from services.payment.channel_bills.audited import BILLED_MERCHANT, CHANNEL_BILL, READ_BILL
from services.payment.channel_bills.metrics import read_channel_bills
from services.payment.clearing import routes as clearing
from services.payment.clearing.metrics import read_clearing
from services.payment.closings import routes as closings
from services.payment.crediting import routes as crediting
from services.payment.crediting import worker as crediting_worker
from services.payment.crediting.metrics import read_money_at_risk, read_quarantine
from services.payment.differences import routes as differences
from services.payment.differences.audited import SETTLEMENT_DIFFERENCE
from services.payment.differences.metrics import read_differences
from services.payment.ledger import balances
from services.payment.ledger.audited import TRANSFER
from services.payment.look_alikes import routes as look_alikes
from services.payment.merchants import routes as merchants
from services.payment.merchants.audited import MERCHANT_VERSION
from services.payment.merchants.metrics import read_merchants
from services.payment.notices.audited import RAW_NOTICE
from services.payment.orders import channel_query, expiry, lost
from services.payment.orders import routes as orders
from services.payment.orders.metrics import read_orders
from services.payment.payouts import bill_job, channel_questions
from services.payment.payouts import routes as payouts
from services.payment.payouts.audited import PAYOUT
from services.payment.refunds import routes as refunds
from services.payment.refunds import submission
from services.payment.refunds.metrics import read_refunds
from services.payment.refunds.unasked.audited import UNASKED_REFUND
from services.payment.remittance import portions
from services.payment.remittance import routes as remittance
from services.payment.remittance.audited import REMITTANCE_MOVE
from services.payment.remittance.detail_fetches import job as detail_fetch_job
from services.payment.resources import PaymentResources
from services.payment.reversals import routes as reversals
from services.payment.shortages import repayment
from services.payment.shortages import routes as shortages
from services.payment.statements.audited import BANK_LINE
from services.payment.summary import routes as summary
from services.payment.suspense import routes as suspense
from shared.service import Service

SERVICE = Service[PaymentResources](
    name="payment",
    routers=(
        *callbacks.ROUTERS,
        closings.ROUTER,
        crediting.ROUTER,
        bills.ROUTER,
        orders.ROUTER,
        suspense.ROUTER,
        refunds.ROUTER,
        cash.ROUTER,
        cash_refunds.ROUTER,
        bank.ROUTER,
        channel_bills.ROUTER,
        shortages.ROUTER,
        reversals.ROUTER,
        attributions.ROUTER,
        payouts.ROUTER,
        differences.ROUTER,
        look_alikes.ROUTER,
        merchants.ROUTER,
        remittance.ROUTER,
        summary.ROUTER,
        clearing.ROUTER,
        approvals.ROUTER,
    ),
    subscriptions=(*bill_handlers.SUBSCRIPTIONS, *expiry.SUBSCRIPTIONS),
    jobs=(
        *crediting_worker.JOBS,
        *submission.JOBS,
        *channel_query.JOBS,
        *expiry.JOBS,
        *lost.JOBS,
        *match_job.JOBS,
        *repayment.JOBS,
        *balances.JOBS,
        *settlement.JOBS,
        *bill_job.JOBS,
        *channel_questions.JOBS,
        *channel_bill_job.JOBS,
        *portions.JOBS,
        *detail_fetch_job.JOBS,
    ),
    migrations=Path(__file__).parent / "migrations",
    resources=PaymentResources,
    public_paths=callbacks.PATHS,
    gauges={
        "money at risk": read_money_at_risk,
        "quarantine": read_quarantine,
        "channel bills": read_channel_bills,
        "differences": read_differences,
        "merchants": read_merchants,
        "orders": read_orders,
        "refunds": read_refunds,
        "clearing": read_clearing,
    },
    audited=(
        TRANSFER,
        RAW_NOTICE,
        BANK_LINE,
        BILLED_MERCHANT,
        CHANNEL_BILL,
        READ_BILL,
        PAYOUT,
        SETTLEMENT_DIFFERENCE,
        UNASKED_REFUND,
        CASH_RECEIPT,
        DEPOSIT_SLIP,
        REMITTANCE_BATCH,
        REMITTANCE_MOVE,
        MERCHANT_VERSION,
    ),
)
