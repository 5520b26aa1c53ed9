"""Posting to the books."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger import repository
from services.payment.ledger.repository import Balance, BookedTransfer
from services.payment.ledger.transfer import Dimensions, PostingContext, Transfer
from shared.contracts.event import Trace

Posting = Callable[[Dimensions, int, PostingContext], Transfer]
_AT_ONCE = 2_000


class TransferModified(Exception):
    """An idempotency key came again with another body: two facts claim to be one. A bug or an attack, never posted."""


async def post(session: AsyncSession, transfers: Sequence[Transfer]) -> int:
    """Post transfers in the caller's transaction; the same transfer again changes nothing. Returns how many are new.

    Raises TransferModified where a key stands for another body already.
    """
    wanted: dict[str, Transfer] = {}
    for transfer in transfers:
        first = wanted.setdefault(transfer.idempotency_key, transfer)
        if first is not transfer and repository.body_of(first) != repository.body_of(transfer):
            raise TransferModified(transfer.idempotency_key)
    posted = 0
    keys = sorted(wanted)
    for start in range(0, len(keys), _AT_ONCE):
        posted += await _post_some(session, {key: wanted[key] for key in keys[start : start + _AT_ONCE]})
    return posted


async def book_back(session: AsyncSession, keys: Sequence[str], back: Mapping[str, Posting], cause: UUID) -> None:
    """Book the reverse of what stands under these keys, dated as it was, so that no day shows what was not there.

    ``back`` gives the posting that takes each kind back; what was booked back before is left as it is.
    """
    for start in range(0, len(keys), _AT_ONCE):
        stood = await repository.booked(session, keys[start : start + _AT_ONCE])
        await post(session, [_reverse(transfer, back[transfer.kind], cause) for transfer in stood])


def _reverse(transfer: BookedTransfer, posting: Posting, cause: UUID) -> Transfer:
    context = PostingContext(
        key=transfer.key,
        effective_on=transfer.effective_on,
        caused_by=cause,
        trace=Trace(transfer.actor, transfer.correlation_id, cause),
        batch_id=transfer.batch_id,
    )
    return posting(transfer.dimensions, transfer.amount_fen, context)


async def balances(session: AsyncSession, benefit_year: int | None = None) -> list[Balance]:
    """The balance of every account per region, of one benefit year or of all."""
    return await repository.balances(session, benefit_year)


async def _post_some(session: AsyncSession, wanted: dict[str, Transfer]) -> int:
    new = await repository.insert(session, list(wanted.values()))
    known = [key for key in wanted if key not in new]
    if known:
        stored = await repository.stored_bodies(session, known)
        for key in known:
            # Under another region's row-level security the row would be invisible: not the same transfer either.
            if stored.get(key) != repository.body_of(wanted[key]):
                raise TransferModified(key)
    return len(new)
