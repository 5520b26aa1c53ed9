"""Payment's proposals over HTTP."""

from services.payment.cash import late_receipts
from services.payment.reversals import service as reversals
from shared.approvals.routes import approval_routes

ROUTER = approval_routes((*reversals.ACTS, *late_receipts.ACTS), read="payment:read", approve="payment:approve")
