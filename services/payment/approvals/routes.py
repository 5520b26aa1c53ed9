"""Payment's proposals over HTTP."""

from services.payment.attributions import service as attributions
from services.payment.cash import late_receipts
from services.payment.closings import service as closings
from services.payment.differences import service as differences
from services.payment.look_alikes import service as look_alikes
from services.payment.merchants import service as merchants
from services.payment.payouts import release as payouts
from services.payment.reversals import service as reversals
from services.payment.shortages import acceptance as shortages
from shared.approvals.routes import approval_routes

ROUTER = approval_routes(
    (
        *reversals.ACTS,
        *shortages.ACTS,
        *payouts.ACTS,
        *attributions.ACTS,
        *differences.ACTS,
        *closings.ACTS,
        *late_receipts.ACTS,
        *look_alikes.ACTS,
        *merchants.ACTS,
    ),
    read="payment:read",
    approve="payment:approve",
)
