"""Money that an institution collected without an order, as its route or its file brings it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.payment.crediting.direct.service import credit_direct, reverse_direct
from services.payment.crediting.direct.state import (
    DirectKey,
    DirectOutcome,
    DirectPayment,
    DirectReversal,
    DirectSource,
)
from shared.contracts.event import Trace
from shared.domain.clock import SHANGHAI
from tests.harness.assessments import DUE_FEN
from tests.harness.installation import COUNTY
from tests.services.payment.running_payment import TODAY, RunningPayment

AT = datetime(2023, 10, 8, 15, 0, tzinfo=SHANGHAI)


def token_of(person: UUID) -> str:
    """The token under which a billed person is known."""
    return f"token-{person.hex}"


def collected(person: UUID | str, sequence: str = "1", **changes: Any) -> DirectPayment:
    """An institution's payment of what a person owes."""
    fields: dict[str, Any] = {
        "channel": "HRB_BANK_COUNTER",
        "institution": "HRB",
        "business_date": TODAY,
        "sequence": sequence,
        "person_token": token_of(person) if isinstance(person, UUID) else person,
        "name_token": None,
        "benefit_year": 2024,
        "amount_fen": DUE_FEN,
        "paid_at": AT,
        "region": COUNTY,
        "source": DirectSource.FILE,
        "trace": Trace.start("institution:HRB"),
    }
    return DirectPayment(**fields | changes)


def taken_back(payment: DirectPayment, **changes: Any) -> DirectReversal:
    """The reversal of a payment."""
    fields: dict[str, Any] = {
        "institution": payment.institution,
        "business_date": payment.business_date,
        "sequence": payment.sequence,
        "amount_fen": payment.amount_fen,
        "reversed_at": payment.paid_at,
        "region": payment.region,
        "source": payment.source,
        "trace": Trace.start("institution:HRB"),
    }
    return DirectReversal(**fields | changes)


async def credit(payment: RunningPayment, *words: DirectPayment) -> dict[DirectKey, DirectOutcome]:
    """Bring payments as one portion of a file."""
    async with payment.running.database.transaction(COUNTY) as session:
        return await credit_direct(session, words)


async def reverse(payment: RunningPayment, *words: DirectReversal) -> dict[DirectKey, DirectOutcome]:
    """Bring reversals as one portion of a file."""
    async with payment.running.database.transaction(COUNTY) as session:
        return await reverse_direct(session, words)


def said(outcomes: dict[DirectKey, DirectOutcome]) -> Sequence[tuple[str, str, str | None]]:
    """Each number with what became of it, in order of the numbers."""
    return [(key.sequence, one.state.value, one.reason) for key, one in sorted(outcomes.items())]


def days_later(day: date, days: int) -> date:
    """A business date after another one."""
    return date.fromordinal(day.toordinal() + days)
