"""Payment's proposals over HTTP."""

from services.payment.closings import service as closings
from services.payment.reversals import service as reversals
from shared.approvals.routes import approval_routes

ROUTER = approval_routes((*reversals.ACTS, *closings.ACTS), read="payment:read", approve="payment:approve")
