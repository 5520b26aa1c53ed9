"""Payment's proposals over HTTP."""

from services.payment.attributions import service as attributions
from services.payment.differences import service as differences
from services.payment.reversals import service as reversals
from shared.approvals.routes import approval_routes

ROUTER = approval_routes(
    (*reversals.ACTS, *attributions.ACTS, *differences.ACTS), read="payment:read", approve="payment:approve"
)
