"""A channel's settlement against what was credited: equal to the fen, or held with the difference.

Settled money is booked per enrolment line (pending ← channel). Money in suspense is settled too, but stays out of the
batch: it is no premium, and a day without any premium ends there. A channel deducts what it gave back on that day, even
where it had settled that money before: then the pending account bears the refund (channel ← pending). A fee is a
difference like any other. What the bank books after a day was matched opens a further part of the day, over what no
part counted. A channel that shares its key with us is settled by its file alone, never by a day's sum.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import counted_lines, repository
from services.payment.batches import repository as batches
from services.payment.batches.discrepancies import Difference, DifferenceKind
from services.payment.batches.models import OnlineBatch
from services.payment.batches.parts import repository as parts
from services.payment.batches.repository import Transition
from services.payment.batches.settlement_reference import parse_settlement
from services.payment.batches.state import BatchState, BatchStep, HoldStage, ready
from services.payment.channels.table import settled_by_file_only
from services.payment.chronology import MoneyDay, MoneyPath, contradiction
from services.payment.job_names import SETTLEMENTS
from services.payment.payments.counted.repository import CountedFigures
from services.payment.statements import repository as statements
from services.payment.statements.settlements import repository as settlements
from services.payment.statements.settlements.repository import SettlementLine
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.service import Job, ServiceContext

_TOO_EARLY = "SETTLED_BEFORE_PAID"
_WITHOUT_FILE = "SETTLED_WITHOUT_FILE"
_BY_FILE_ONLY = settled_by_file_only()


async def step(context: ServiceContext[object]) -> int:
    """Count one new settlement, or one held batch whose sum has moved; returns how many there were."""
    async with context.database.transaction(context.settings.region) as session:
        line = await settlements.lock_next_settlement(session, billed=False)
        if line is not None:
            await record_settlement(session, context.settings.region, line)
            return 1
        batch_id = await repository.lock_to_recount(session)
        batch = await batches.lock_online(session, batch_id) if batch_id else None
        if batch is None:
            return 0
        await recount(session, batch)
        return 1


JOBS = (Job(SETTLEMENTS, step, interval_s=2.0),)


async def record_settlement(session: AsyncSession, region: str, line: SettlementLine) -> None:
    """Count a settlement into the part of its channel, merchant and day that waits for money, and compare it again."""
    settlement = parse_settlement(line.reference)
    if contradiction(MoneyPath.CHANNEL, {MoneyDay.PAID: settlement.day, MoneyDay.SETTLED: line.booked_on}):
        # No channel pays out what nobody has paid: the line waits for its reversal, the day for the right one.
        await statements.let_wait(session, line.id, _TOO_EARLY)
        return
    if settlement.channel in _BY_FILE_ONLY:
        # A stolen key writes notices of any day, of days before the first file too: their sum proves nothing.
        await statements.let_wait(session, line.id, _WITHOUT_FILE)
        return
    batch = await parts.lock_waiting_part(session, settlement, region, line.trace)
    await add_settlements(session, batch.id, [line])


async def add_settlements(session: AsyncSession, batch_id: UUID, lines: list[SettlementLine]) -> None:
    """Let a locked batch hold these lines of the bank, and compare it."""
    for line in lines:
        await statements.explain(session, line.id, batch_id)
    await parts.add_settled(session, batch_id, sum(line.amount_fen for line in lines))
    counted = await batches.lock_online(session, batch_id)
    if counted is not None:
        await recount(session, counted)


async def recount(session: AsyncSession, batch: OnlineBatch) -> None:
    """Compare what was settled with what is owed: settled line by line and READY_TO_REMIT, or HELD.

    It is settled on the day of the batch's last line that stands, and by that line. A held batch whose sum has moved is
    compared again as a new version, without a correction by hand.
    """
    bank_line = await settlements.last_settlement_of(session, batch.id)
    owed_fen = await repository.lock_owed(session, batch.settlement)
    settled = await _settled(session, batch, bank_line, owed_fen)
    differences = [] if settled is not None else [_difference(batch, owed_fen)]
    move = Transition(
        BatchStep.MATCH,
        batch.state,
        BatchState.HELD if settled is None else ready(settled.premium_lines),
        new_id(),
        Trace(bank_line.actor, batch.correlation_id, bank_line.id),
        effective_on=bank_line.booked_on,
        held_at=HoldStage.MATCH if settled is None else None,
        differences=[difference.as_json() for difference in differences],
        facts=_facts(batch, owed_fen, settled),
        note={"settled_fen": batch.declared_fen, "owed_fen": owed_fen},
    )
    if await batches.take_step(session, batch.id, move) is None:
        raise RuntimeError(f"batch {batch.id} moved while it was locked")


async def _settled(
    session: AsyncSession, batch: OnlineBatch, bank_line: SettlementLine, owed_fen: int
) -> CountedFigures | None:
    """What the batch counted, None where the sums differ; nothing where every line of the bank was reversed."""
    if owed_fen != batch.declared_fen:
        return None
    return await counted_lines.settle(session, batch, bank_line) if bank_line.stands else CountedFigures(0, 0, 0, 0)


def _facts(batch: OnlineBatch, owed_fen: int, settled: CountedFigures | None) -> dict[str, int]:
    facts = {"counted_fen": owed_fen}
    if batch.state is BatchState.HELD:
        facts["version"] = batch.version + 1
    if settled is not None:
        facts |= {"amount_fen": settled.premium_fen, "line_count": settled.premium_lines}
    return facts


def _difference(batch: OnlineBatch, owed_fen: int) -> Difference:
    kind = DifferenceKind.SETTLEMENT_SHORT if batch.declared_fen < owed_fen else DifferenceKind.SETTLEMENT_OVER
    return Difference(kind, ours_fen=owed_fen, theirs_fen=batch.declared_fen, reference=str(batch.settlement))
