"""Imports a file batch by batch: one transaction each, with how far the import is; a rehearsal enters nothing."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.imports import judging, repository
from services.registration.imports.error_file import ErrorFile
from services.registration.imports.judging import Desk, Taken, Verdict
from services.registration.imports.passing import Batch, Opened, Refused
from services.registration.imports.reader import Reader
from services.registration.imports.reasons import reason
from services.registration.imports.records import Position
from services.registration.imports.runs import Run, Tally
from shared.database.engine import Database
from shared.domain.ids import new_id
from shared.errors import DomainError


class Progress(Protocol):
    """Whoever wants to know how far an import is."""

    def __call__(self, opened: Opened, run: Run, /) -> None:
        """Take note."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file: its rows counted, and where those that were refused are."""

    opened: Opened
    tally: Tally
    errors: Path | None
    resumed_at_line: int | None


@dataclass(frozen=True)
class Import:
    """One file on its way into registration's database.

    ``database`` has a single connection: what a rehearsal has seen of the file is remembered on it.
    """

    reader: Reader
    path: Path
    database: Database
    desk: Desk
    benefit_year: int
    rehearsed: bool
    progress: Progress

    async def run(self) -> Report:
        """Register the people of the file, or say what would become of them.

        An import goes on where an earlier one of the same file stopped, if what it had refused is still there. Raises
        what is wrong with the file as a whole, ``RunsElsewhere``, or ``EOFError`` where the reading process died.
        """
        try:
            opened = await asyncio.to_thread(self.reader.opened)
            run = await self._begun(opened)
            name = "rehearsal" if self.rehearsed else run.id.hex
            with ErrorFile(self.path, opened.form, opened.columns, name=name) as errors:
                return await self._through(opened, run, errors)
        finally:
            self.reader.stop()

    async def _through(self, opened: Opened, run: Run, errors: ErrorFile) -> Report:
        resumed_at = run.position.line if run.error_bytes and errors.resume(run.error_bytes) else None
        if resumed_at is None:
            run = run.after(opened.begin, Tally(), errors.begin())
            await self._record(run)
        try:
            async with aclosing(self._batches(run.position)) as batches:
                async for batch in batches:
                    run = await self._take(run, batch, errors)
                    self.progress(opened, run)
        except BaseException as error:
            # What can go on keeps what it has refused so far; nothing goes on behind a refusal, nor in a rehearsal.
            if self.rehearsed or isinstance(error, DomainError):
                errors.remove()
            raise
        kept = errors.publish() if run.tally.refused else None
        errors.remove()
        if not self.rehearsed:
            async with self.database.transaction(self.desk.region) as session:
                await repository.finish(session, run)
        return Report(opened, run.tally, kept, resumed_at)

    async def _begun(self, opened: Opened) -> Run:
        async with self.database.transaction(self.desk.region) as session:
            if self.rehearsed:
                await repository.open_memory(session)
                return Run(new_id(), opened.begin, Tally(), 0)
            return await repository.begin_or_find(
                session,
                region=self.desk.region,
                benefit_year=self.benefit_year,
                digest=opened.form.digest,
                actor=self.desk.actor,
                begin=opened.begin,
            )

    async def _record(self, run: Run) -> None:
        if not self.rehearsed:
            async with self.database.transaction(self.desk.region) as session:
                await repository.record(session, run)

    async def _batches(self, begin: Position) -> AsyncGenerator[Batch, None]:
        """What the reader reads; the next batch is on its way while this one is entered."""
        self.reader.begin(begin)
        coming = asyncio.create_task(asyncio.to_thread(self.reader.next))
        try:
            while (batch := await coming) is not None:
                coming = asyncio.create_task(asyncio.to_thread(self.reader.next))
                yield batch
        finally:
            coming.cancel()

    async def _take(self, run: Run, batch: Batch, errors: ErrorFile) -> Run:
        """One transaction: the rows, and that they were entered. What is refused counts with it."""
        async with self.database.transaction(self.desk.region) as session:
            if not self.rehearsed:
                await repository.claim(session, run)
            verdicts = await self._judged(session, batch)
            refused = _refused(batch, verdicts)
            tally = run.tally.with_batch(
                verdicts.count(Taken.IMPORTED), verdicts.count(Taken.UNCHANGED), [one.code for one in refused]
            )
            size = errors.append(refused) if refused else run.error_bytes
            run = run.after(batch.end, tally, size)
            if not self.rehearsed:
                await repository.record(session, run)
        return run

    async def _judged(self, session: AsyncSession, batch: Batch) -> list[Verdict]:
        judge = judging.rehearse if self.rehearsed else judging.enter
        return await judge(session, self.desk, batch.candidates)


def _refused(batch: Batch, verdicts: Sequence[Verdict]) -> list[Refused]:
    """Every refused row of the batch in the order of the file."""
    rows = batch.candidates
    late = [
        Refused(rows.lines[place], rows.texts[place], verdict.code.name, reason(verdict))
        for place, verdict in enumerate(verdicts)
        if isinstance(verdict, DomainError)
    ]
    return sorted([*batch.refused, *late])
