"""The work on taken files: a portion of lines in each transaction, then what the file lacks of its day.

A process that dies leaves the place to go on from; what a portion did and how far it came are one transaction.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_files import dropped, fetched, repository
from services.payment.channel_files.crediting import LINES_AT_ONCE, work_lines
from services.payment.channel_files.lines import repository as line_rows
from services.payment.channel_files.models import ChannelFile
from services.payment.channel_files.state import FileState
from services.payment.differences.entries import repository as differences
from services.payment.job_names import CHANNEL_FILES, SETTLEMENTS
from services.payment.statements.settlements import repository as settlements
from shared.messaging.outbox.publication import collected
from shared.service import Job, ServiceContext

log = structlog.get_logger(__name__)


async def work_files(context: ServiceContext[object]) -> int:
    """Work the next lines of the oldest file; returns how many, or one for a file that ends."""
    async with context.database.transaction(context.settings.region) as session:
        file = await repository.take(session)
        if file is None:
            if await settlements.look_again_at_filed(session):
                context.wake(SETTLEMENTS)
            return 0
        lines = await line_rows.waiting(session, file.id, file.worked_through, LINES_AT_ONCE)
        if not lines:
            await _end(session, file)
            return 1
        async with collected(session):
            worked = await work_lines(session, file, lines)
        await line_rows.conclude(session, file.id, worked)
        await repository.move(session, file.id, lines[-1].line_no, FileState.RECEIVED)
    return len(lines)


async def _end(session: AsyncSession, file: ChannelFile) -> None:
    """The day is closed: what was paid online and stands in no file is a difference, and what came otherwise too."""
    await differences.record_unfiled(session, file.id, file.institution, file.file_day, file.region, file.trace)
    await repository.move(session, file.id, file.worked_through, FileState.DONE)
    log.info(
        "an institution's file is worked",
        institution=file.institution,
        file_day=file.file_day.isoformat(),
        file_id=str(file.id),
    )


JOBS = (
    Job(CHANNEL_FILES, work_files, interval_s=2.0),
    Job("dropped channel files", dropped.take_next, interval_s=5.0),
    Job("fetched channel files", fetched.ask_for_days, interval_s=600.0),
)
