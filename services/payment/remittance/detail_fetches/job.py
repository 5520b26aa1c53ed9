"""The work of a fetch: the detail is read, compared, noted on the lines and dropped, each portion in its transaction.

A process that dies leaves the place to go on from. What it has read is read again, because the tax bureau answers as a
whole and may answer otherwise; what is compared stands.
"""

from dataclasses import replace
from tempfile import TemporaryFile

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.discrepancies import MAX_DIFFERENCES
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import Batch
from services.payment.batches.state import BatchStep, source_of
from services.payment.job_names import TAX_DETAILS
from services.payment.remittance.confirmation import transition
from services.payment.remittance.detail import Comparison, TaxDetail, UnreadableDetail, comparison
from services.payment.remittance.detail_fetches import repository
from services.payment.remittance.detail_fetches.repository import CLEARED_AT_ONCE, Fetch
from services.payment.remittance.detail_fetches.state import FetchState
from services.payment.remittance.tax_exchange import (
    TaxDetailNotFound,
    TaxExchangeUnavailable,
    fetch_detail,
    reference_of,
)
from shared.service import Job, ServiceContext

NUMBERED_AT_ONCE = 10_000


async def go_on(context: ServiceContext[object]) -> int:
    """Do the next of what is to be done for any fetch; 0 where there is nothing."""
    async with context.database.transaction(context.settings.region) as session:
        fetch = await repository.claim(session)
        batch = None if fetch is None else await batches.find(session, fetch.batch_id)
    if fetch is not None and batch is not None:
        await _read(context, fetch, batch)
        return 1
    async with context.database.transaction(context.settings.region) as session:
        return int(await _number(session) or await _clear(session))


async def _read(context: ServiceContext[object], fetch: Fetch, batch: Batch) -> None:
    region = context.settings.region
    try:
        with TemporaryFile() as file:  # of any length, and never in memory
            await fetch_detail(context.settings, batch, file)
            await _forget(context, fetch)
            detail, read = TaxDetail(file), 0
            for lines in detail.portions():
                if context.stop.is_set():
                    await _leave(context, fetch)
                    return
                read += len(lines)
                async with context.database.transaction(region) as session:
                    await repository.hold(session, fetch, read)
                    await repository.add_lines(session, fetch, batch.region, lines)
            async with context.database.transaction(region) as session:
                await repository.hold(session, fetch, read)
                await _compare(session, replace(fetch, lines_read=read), detail)
    except (UnreadableDetail, ValidationError, TaxExchangeUnavailable, TaxDetailNotFound) as error:
        code = error.code if isinstance(error, TaxDetailNotFound) else TaxExchangeUnavailable.code
        async with context.database.transaction(region) as session:
            await repository.hold(session, fetch, await _kept(session, fetch))
            await repository.move(session, replace(fetch, state=FetchState.FAILED, refused_because=code.name))


async def _leave(context: ServiceContext[object], fetch: Fetch) -> None:
    async with context.database.transaction(context.settings.region) as session:
        await repository.release(session, fetch)


async def _kept(session: AsyncSession, fetch: Fetch) -> int:
    newest = await repository.newest(session, fetch.batch_id)
    return newest.lines_read if newest is not None else 0


async def _forget(context: ServiceContext[object], fetch: Fetch) -> None:
    """Drop what a worker that died had read."""
    for first in range(0, fetch.lines_read, CLEARED_AT_ONCE):
        async with context.database.transaction(context.settings.region) as session:
            await repository.hold(session, fetch, fetch.lines_read)
            await repository.clear(session, fetch, first)


async def _compare(session: AsyncSession, fetch: Fetch, detail: TaxDetail) -> None:
    batch = await batches.find(session, fetch.batch_id)
    if batch is None or not _awaited(batch):  # another request concluded meanwhile: its result stands
        await repository.move(session, replace(fetch, state=FetchState.DONE))
        return
    await batch_lines.refuse_other_lines(session, batch)
    reported = await repository.sum_of_lines(session, fetch)
    differing = await repository.differing_lines(session, fetch, MAX_DIFFERENCES)
    compared = comparison(batch, reference_of(batch), detail, reported, *differing)
    if compared.differences:
        await batches.take_step(session, batch.id, transition(batch, compared, fetch.trace))
    state = FetchState.DONE if compared.differences else FetchState.COMPARED
    await repository.move(session, replace(fetch, state=state, tax_total_fen=compared.total_fen))


async def _number(session: AsyncSession) -> bool:
    """Note the tax bureau's numbers on the next lines of the oldest batch compared; with the last it takes its step."""
    fetch = await repository.take_compared(session)
    if fetch is None:
        return False
    batch = await batches.find(session, fetch.batch_id)
    beyond = min(fetch.lines_read, fetch.lines_numbered + NUMBERED_AT_ONCE)
    state = FetchState.COMPARED
    if batch is None or not _awaited(batch):
        state = FetchState.DONE
    else:
        await batch_lines.number_fetched_lines(session, batch.id, fetch.id, fetch.lines_numbered, beyond)
        if beyond == fetch.lines_read:
            await batch_lines.refuse_other_lines(session, batch)
            agreed = Comparison(fetch.tax_total_fen or 0, fetch.lines_read, (), 0)
            await batches.take_step(session, batch.id, transition(batch, agreed, fetch.trace))
            state = FetchState.DONE
    await repository.move(session, replace(fetch, state=state, lines_numbered=beyond))
    return True


async def _clear(session: AsyncSession) -> bool:
    """Drop some lines of the oldest fetch that has ended."""
    fetch = await repository.take_ended(session)
    if fetch is None:
        return False
    await repository.clear(session, fetch, fetch.lines_cleared)
    cleared = min(fetch.lines_read, fetch.lines_cleared + CLEARED_AT_ONCE)
    await repository.move(session, replace(fetch, lines_cleared=cleared))
    return True


def _awaited(batch: Batch) -> bool:
    return batch.state is source_of(batch.kind, BatchStep.CONFIRM_DETAIL)


JOBS = (Job(TAX_DETAILS, go_on),)
