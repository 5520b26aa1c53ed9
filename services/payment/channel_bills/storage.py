"""A downloaded bill becomes lines, all of them or none: in one transaction, in portions, with the file beside them."""

import json
from collections.abc import Iterator
from contextlib import aclosing
from io import BytesIO
from typing import BinaryIO

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_bills.contents import repository as contents
from services.payment.channel_bills.models import AskedBill
from services.payment.channels.bills import BillReader, Portion
from services.payment.read_aside import read_aside
from shared.database.copy_text import CopyText

_PIECE = 1 << 20
_AT_ONCE = 20_000
_Lines = tuple[int, BinaryIO]


async def store(session: AsyncSession, asked: AskedBill, reader: BillReader, region: str) -> int:
    """Write a bill's lines, which `reader` proves against the bill's own summary; returns how many.

    Raises FaultyBill, at the latest after the last line: then the transaction has to be given up.
    """
    count = 0
    await contents.begin_lines(session, asked.kind)
    async with aclosing(read_aside(_gathered(reader.portions()))) as portions:
        async for lines, content in portions:
            await contents.stage(session, asked.kind, content)
            await contents.take_over(session, asked.id, asked.kind, region)
            count += lines
    summary = json.dumps(dict(reader.summary), ensure_ascii=False)
    await contents.conclude(session, asked.id, asked.kind, count, summary)
    return count


async def keep(session: AsyncSession, asked: AskedBill, file: BinaryIO, region: str) -> None:
    """Keep the file as it came, in pieces."""
    file.seek(0)
    part = 0
    while content := file.read(_PIECE):
        part += 1
        await contents.add_content(session, asked.id, part, content, region)


def _gathered(portions: Iterator[Portion]) -> Iterator[_Lines]:
    """The lines some thousands at a time, as COPY reads them: a file is read in small pieces, written in large ones."""
    text = CopyText()
    content, count = BytesIO(), 0
    for lines in portions:
        content.write(text.rows(lines.columns))
        count += len(lines)
        if count >= _AT_ONCE:
            content.seek(0)
            yield count, content
            content, count = BytesIO(), 0
    content.seek(0)
    yield count, content
