"""Why an enrolment has no bill: not priced yet, held, rejected."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import repository
from services.payment.bills.state import Superseded
from shared.domain.ids import age_of
from shared.errors import DomainError, ErrorCode

# Pricing takes part of a second. Where it stays behind for an hour, operations know; the identifier is then wrong.
_PRICED_WITHIN = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(minutes=1)  # between the machine that made an identifier and this one


class NotPricedYet(DomainError):
    """The identifier is so young that its price may be on its way.

    Who has waited a second asks again in a second, who has waited ten minutes in ten: pricing is behind, or the
    identifier is wrong, and then the answer changes when its hour is over.
    """

    code = ErrorCode.NOT_PRICED_YET
    retry_after_s = 1

    def __init__(self, detail: str | None = None, *, age: timedelta = timedelta()) -> None:
        super().__init__(detail)
        self.retry_after_s = max(1, int(min(age, _PRICED_WITHIN - age).total_seconds()))


class NotPriced(DomainError):
    """The enrolment was assessed, and held or rejected: it was noted before payment kept which of the two."""

    code = ErrorCode.NOT_PRICED


class HeldForDecision(DomainError):
    """The enrolment was assessed, and waits for a person's decision."""

    code = ErrorCode.ENROLMENT_HELD


class RejectedByPolicy(DomainError):
    """The enrolment was assessed, and the policy does not take it."""

    code = ErrorCode.ENROLMENT_REJECTED


WITHOUT_BILL = (NotPricedYet, NotPriced, HeldForDecision, RejectedByPolicy)
_BY_OUTCOME: Mapping[str | None, type[DomainError]] = {
    "HELD": HeldForDecision,
    "REJECTED": RejectedByPolicy,
    None: NotPriced,
}
_BY_END: Mapping[str | None, type[DomainError]] = {
    Superseded.ASSESSMENT_HELD: HeldForDecision,
    Superseded.ASSESSMENT_REJECTED: RejectedByPolicy,
}


async def why_without_bill(
    session: AsyncSession, enrolment_id: UUID, now: datetime, detail: str | None = None
) -> DomainError | None:
    """Why an enrolment has no bill in force; None where it has ended, or where nobody knows it.

    To be asked while no bill is locked: an end that is under way holds what this reads and waits for bills.
    """
    if await repository.ended(session, [enrolment_id]):
        return None
    bill = await repository.latest(session, enrolment_id)
    unpriced = await repository.unpriced(session, enrolment_id)
    # An assessment without a price that supersedes a bill is kept at the bill, any other by itself.
    if unpriced is not None and (bill is None or (unpriced.version or 0) > bill.version):
        return _BY_OUTCOME[unpriced.outcome](detail)
    if bill is not None:
        refusal = _BY_END.get(bill.superseded_because)
        return None if refusal is None else refusal(detail)
    age = age_of(enrolment_id, now)
    young = age is not None and -_CLOCKS_DIFFER <= age < _PRICED_WITHIN
    return NotPricedYet(detail, age=age) if young and age is not None else None
