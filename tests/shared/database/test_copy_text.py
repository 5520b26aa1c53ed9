"""What is written for COPY comes back from a real PostgreSQL as it was."""

from datetime import date, datetime
from io import BytesIO

import asyncpg
import pytest

from shared.database.copy_text import CopyText
from shared.domain.clock import SHANGHAI
from tests.harness.installation import Installation

_MOMENT = datetime(2023, 10, 8, 23, 59, 59, tzinfo=SHANGHAI)
_DAY = date(2024, 1, 1)
_TABLE = "CREATE TEMPORARY TABLE copied (place integer, number text, remark text, fen bigint, day date, at timestamptz)"
_PORTIONS = (
    (range(1, 3), ("A-1", "A-2"), ("一\t二", "\\N"), [-1, 2**53], [date(2024, 2, 29), None], [_MOMENT, None]),
    # A column of one value, a column without one, what the text form has a meaning for, and nothing at all in a text.
    (range(3, 6), ("A", "A", "A"), ("\\", "a\r\nb", ""), [7, 7, 7], [None, None, None], [_MOMENT, _MOMENT, _MOMENT]),
    (range(6, 7), (None,), ("\\.",), [0], [date(1, 1, 1)], [_MOMENT]),
    # The first and the last are the same, and one between them is not.
    (
        range(7, 10),
        ("B", None, "B"),
        ("\\", "x", "\\"),
        [7, 8, 7],
        [None, date(2024, 1, 1), None],
        [None, _MOMENT, None],
    ),
)


async def test_every_value_comes_back_as_it_was(installation: Installation) -> None:
    connection = await asyncpg.connect(installation.settings.service_url("payment"))
    try:
        await connection.execute(_TABLE)
        text = CopyText()
        for portion in _PORTIONS:
            await connection.copy_to_table("copied", source=BytesIO(text.rows(portion)))
        copied = [tuple(row) for row in await connection.fetch("SELECT * FROM copied ORDER BY place")]
    finally:
        await connection.close()
    assert copied == [row for portion in _PORTIONS for row in zip(*portion, strict=True)]


def test_nothing_is_written_of_no_rows() -> None:
    assert CopyText().rows(((), ())) == b""


def test_columns_of_different_lengths_are_no_rows() -> None:
    with pytest.raises(ValueError, match="zip"):
        CopyText().rows((("A", "B"), ("C",)))
