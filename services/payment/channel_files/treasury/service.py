"""Money that the tax bureau collected itself, on its way into the treasury: booked once, line by line."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_files.models import ChannelFile, WaitingLine
from services.payment.channel_files.treasury import repository
from services.payment.channel_files.treasury.repository import TreasuryReceipt
from services.payment.ledger import postings
from services.payment.ledger.accounts import TAX_CHANNELS
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from shared.contracts.event import Trace


async def receive(session: AsyncSession, file: ChannelFile, lines: Sequence[WaitingLine]) -> None:
    """Book what these lines say of the treasury (入国库), of payments that stand: treasury ← tax_direct.

    A bank agent's money goes to the treasury in a batch: what its file might say of that is passed over.
    """
    said = [line for line in lines if line.treasury_on is not None and line.channel in TAX_CHANNELS]
    if said:
        await post(session, [_received(receipt) for receipt in await repository.receive(session, file, said)])


def _received(receipt: TreasuryReceipt) -> Transfer:
    context = PostingContext(
        key=str(receipt.payment_line_id),
        effective_on=receipt.received_on,
        caused_by=receipt.id,
        trace=replace(Trace(receipt.actor, receipt.correlation_id), causation_id=receipt.id),
    )
    return postings.tax_direct_received(receipt.dimensions, receipt.amount_fen, context)
