"""A channel's days for every test that asks for them."""

import pytest

from tests.services.payment.bank.billed_days import BilledDays
from tests.services.payment.running_payment import RunningPayment


@pytest.fixture
def days(payment: RunningPayment) -> BilledDays:
    """The days of payment's channel, as its bills have them."""
    return BilledDays(payment)
