"""Merchants whose statement or keys cannot be used as they are."""

from prometheus_client import Gauge

from services.payment.merchants.holder import HoldsMerchants
from shared.service import ServiceContext

_FAULTY = Gauge("canbao_merchants_faulty", "Merchants that work with their last good keys, or not at all")


async def read_merchants(context: ServiceContext[HoldsMerchants]) -> None:
    """Set the gauge."""
    _FAULTY.set(len(context.resources.merchants.faults))
