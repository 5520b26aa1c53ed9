"""What a file's lines mean: payments credited or suspended, reversals taken back, and what the treasury has of them."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_files.models import ChannelFile, WaitingLine, WorkedLine
from services.payment.channel_files.treasury import repository as treasury_rows
from services.payment.channel_files.treasury import service as treasury
from services.payment.channels.layouts.layout import LineKind
from services.payment.crediting.direct.service import AT_ONCE, credit_direct, reverse_direct
from services.payment.crediting.direct.state import (
    DirectKey,
    DirectOutcome,
    DirectPayment,
    DirectReversal,
    DirectSource,
    DirectState,
)

LINES_AT_ONCE: Final = AT_ONCE
ALREADY_IN_TREASURY: Final = "ALREADY_IN_TREASURY"


async def work_lines(session: AsyncSession, file: ChannelFile, lines: Sequence[WaitingLine]) -> list[WorkedLine]:
    """Credit and take back what these lines say, each once; a line that repeats an online payment agrees with it.

    Payments come before reversals: of one file the order of lines decides nothing, because a reversal whose payment
    comes later waits for it.
    """
    payments = [line for line in lines if line.kind == LineKind.PAYMENT]
    reversals = [line for line in lines if line.kind == LineKind.REVERSAL]
    credited = await credit_direct(session, [_payment(file, line) for line in payments])
    await treasury.receive(session, file, payments)
    taken_back = await _take_back(session, file, reversals)
    return [
        *(_worked(line, credited[_key(file, line)]) for line in payments),
        *(_worked(line, taken_back[_original_key(file, line)]) for line in reversals),
    ]


async def _take_back(
    session: AsyncSession, file: ChannelFile, lines: Sequence[WaitingLine]
) -> Mapping[DirectKey, DirectOutcome]:
    """What is in the treasury goes back by the treasury's own refund (退库), not by the channel's word."""
    keys = {_original_key(file, line) for line in lines}
    received = await treasury_rows.in_treasury(session, keys)
    wanted = [line for line in lines if _original_key(file, line) not in received]
    refused = DirectOutcome(DirectState.REFUSED, ALREADY_IN_TREASURY)
    return dict.fromkeys(received, refused) | await reverse_direct(session, [_reversal(file, line) for line in wanted])


def _key(file: ChannelFile, line: WaitingLine) -> DirectKey:
    return DirectKey(file.institution, line.business_date, line.sequence)


def _original_key(file: ChannelFile, line: WaitingLine) -> DirectKey:
    return DirectKey(file.institution, line.original_on or line.business_date, line.original or line.sequence)


def _payment(file: ChannelFile, line: WaitingLine) -> DirectPayment:
    return DirectPayment(
        channel=line.channel,
        institution=file.institution,
        business_date=line.business_date,
        sequence=line.sequence,
        person_token=line.person_token,
        name_token=line.name_token,
        benefit_year=line.benefit_year,
        amount_fen=line.amount_fen,
        paid_at=line.happened_at,
        region=file.region,
        source=DirectSource.FILE,
        trace=file.trace,
    )


def _reversal(file: ChannelFile, line: WaitingLine) -> DirectReversal:
    key = _original_key(file, line)
    return DirectReversal(
        institution=key.institution,
        business_date=key.business_date,
        sequence=key.sequence,
        amount_fen=line.amount_fen,
        reversed_at=line.happened_at,
        region=file.region,
        source=DirectSource.FILE,
        trace=file.trace,
    )


def _worked(line: WaitingLine, outcome: DirectOutcome) -> WorkedLine:
    return WorkedLine(line.line_no, outcome.state.value, outcome.reason, outcome.repeated)
