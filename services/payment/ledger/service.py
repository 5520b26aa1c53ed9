"""Posting to the books."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger import repository
from services.payment.ledger.repository import Balance
from services.payment.ledger.transfer import Transfer

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
