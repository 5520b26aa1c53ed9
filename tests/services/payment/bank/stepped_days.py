"""Payment whose jobs are run by the test itself, one after the other: what has to happen has happened at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from services.payment.bank import settlement
from services.payment.channel_bills.job import fetch_bills
from services.payment.crediting.worker import work_notices
from services.payment.payouts import bill_job
from tests.harness.installation import Installation
from tests.services.payment.running_payment import TODAY, RunningPayment, running_payment

_ENOUGH = 50


class SteppedPayment(RunningPayment):
    """Payment that takes calls and callbacks only; its notices, bills and the bank's lines are worked when asked."""

    async def worked(self) -> None:
        """Work whatever waits, until nothing does; raises where it never ends."""
        for _ in range(_ENOUGH):
            if not (
                await work_notices(self.running)
                or await fetch_bills(self.running)
                or await settlement.step(self.running)
                or await bill_job.step(self.running)
            ):
                return
        raise AssertionError("something is worked again and again")


@asynccontextmanager
async def stepped_payment(
    installation: Installation, folder: Path, *, today: date = TODAY
) -> AsyncIterator[SteppedPayment]:
    """Run payment's endpoints alone; the merchant's bills begin on that day."""
    async with running_payment(installation, folder, role="web", today=today) as opened:
        stepped = SteppedPayment(opened.installation, opened.running, opened.http, opened.peer)
        await stepped.worked()
        yield stepped
