"""Payment's proposals over HTTP."""

from services.payment.cash import late_receipts
from services.payment.look_alikes import service as look_alikes
from services.payment.reversals import service as reversals
from shared.approvals.routes import approval_routes

ROUTER = approval_routes(
    (*reversals.ACTS, *late_receipts.ACTS, *look_alikes.ACTS), read="payment:read", approve="payment:approve"
)
