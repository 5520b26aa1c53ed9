"""F: the tax bureau's detail is read line by line and compared in the database, whatever its length."""

import io
import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.payment.batches import repository as batches
from services.payment.batches.lines import repository as batch_lines
from services.payment.remittance.detail import AT_ONCE, Comparison, TaxDetail, UnreadableDetail, compare
from services.payment.remittance.tax_exchange import reference_of
from shared.database.engine import Database
from tests.harness.installation import COUNTY, Installation

ANNA, BAO, BATCH = UUID(int=1), UUID(int=2), UUID(int=7)
_BATCH = """
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, declared_fen,
                                  counted_fen, amount_fen, line_count, actor, correlation_id)
    VALUES ($1, $2, 'ONLINE', 'READY_TO_REMIT', 'WECHAT', '1900000001', $3, 76000, 76000, 76000, 2, 'job', $1)
"""
_LINE = """
    INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen,
                                 actor, correlation_id)
    VALUES ($1, $2, $2, 'p', 2024, '411521101201', 38000, 'job', $1)
"""
Reported = tuple[str, UUID, int]


def detail(total_fen: object, *lines: Reported, **more: Any) -> bytes:
    reported = [{"line_no": number, "enrolment_id": str(person), "amount_fen": fen} for number, person, fen in lines]
    return json.dumps({"lines": reported, "total_fen": total_fen} | more).encode()


async def compared(installation: Installation, body: bytes) -> Comparison:
    await installation.sql("payment", _BATCH, BATCH, COUNTY, date(2023, 10, 1))
    for person in (ANNA, BAO):
        await installation.sql("payment", _LINE, BATCH, person)
    database = Database(installation.settings.service_url("payment"), pool_size=1)
    try:
        async with database.transaction(COUNTY) as session:
            batch = await batches.find(session, BATCH)
            assert batch is not None
            found = await compare(session, batch, reference_of(batch), TaxDetail(io.BytesIO(body)))
            await batch_lines.number_lines(session, BATCH, found.lines)
        return found
    finally:
        await database.dispose()


class TestTheTaxDetail:
    async def differences(self, installation: Installation, total_fen: int, *lines: Reported, **more: Any) -> list[str]:
        found = await compared(installation, detail(total_fen, *lines, **more))
        assert found.found == len(found.differences)
        return [difference.kind.value for difference in found.differences]

    async def test_equal_details_agree_in_any_order(self, installation: Installation) -> None:
        assert await self.differences(installation, 76_000, ("2", BAO, 38_000), ("1", ANNA, 38_000)) == []
        rows = await installation.sql("payment", "SELECT tax_line_no FROM remittance_line ORDER BY enrolment_id")
        assert [row["tax_line_no"] for row in rows] == ["1", "2"]

    async def test_amounts_that_cancel_out_are_still_named(self, installation: Installation) -> None:
        named = await self.differences(installation, 76_000, ("1", ANNA, 38_001), ("2", BAO, 37_999))
        assert named == ["TAX_AMOUNT_DIFFERS", "TAX_AMOUNT_DIFFERS"]

    async def test_a_stranger_in_place_of_a_person_is_named_on_both_sides(self, installation: Installation) -> None:
        named = await self.differences(installation, 76_000, ("1", ANNA, 38_000), ("2", UUID(int=3), 38_000))
        assert named == ["TAX_LINE_EXTRA", "TAX_LINE_MISSING"]

    async def test_a_line_listed_twice_is_named(self, installation: Installation) -> None:
        named = await self.differences(
            installation, 114_000, ("1", ANNA, 38_000), ("1", ANNA, 38_000), ("2", BAO, 38_000)
        )
        assert named == ["TAX_LINE_TWICE", "TAX_TOTAL_DIFFERS"]

    async def test_two_people_under_one_number_are_named(self, installation: Installation) -> None:
        named = await self.differences(installation, 76_000, ("1", ANNA, 38_000), ("1", BAO, 38_000))
        assert named == ["TAX_LINE_TWICE"]

    async def test_a_total_at_odds_with_its_own_lines_is_named(self, installation: Installation) -> None:
        named = await self.differences(installation, 76_001, ("1", ANNA, 38_000), ("2", BAO, 38_000))
        assert named == ["TAX_TOTAL_DIFFERS"]

    async def test_the_detail_of_another_batch_is_named(self, installation: Installation) -> None:
        named = await self.differences(installation, 76_000, ("1", ANNA, 38_000), ("2", BAO, 38_000), serial="ZJ2")
        assert named == ["TAX_BATCH_DIFFERS"]

    async def test_of_very_many_differences_the_first_are_named_and_all_counted(
        self, installation: Installation
    ) -> None:
        strangers = [(f"X{number}", UUID(int=100 + number), 1) for number in range(1_500)]
        found = await compared(installation, detail(76_000, ("1", ANNA, 38_000), ("2", BAO, 38_000), *strangers))
        assert (len(found.differences), found.found, found.lines) == (1_000, 1_501, 1_502)
        assert found.differences[-1].kind.value == "TAX_TOTAL_DIFFERS"


def test_a_detail_of_any_length_is_read_in_portions() -> None:
    """F: 150,000 lines, more than passed before, of which a thousand are in memory."""
    lines = 150_000
    body = io.BytesIO()
    body.write('{"note": "说明", "lines": ['.encode())
    for number in range(lines):
        body.write(
            b'%s {"line_no": "%d", "enrolment_id": "%s", "amount_fen": 38000}'
            % (b"," if number else b"", number, str(UUID(int=number)).encode())
        )
    body.write(b'], "total_fen": 5700000000}')
    body.seek(0)
    read = TaxDetail(body)
    sizes, position = set(), 0
    for portion in read.portions():
        assert [line.position for line in portion[:1]] in ([position], [])
        sizes.add(len(portion))
        position += len(portion)
    assert (position, max(sizes)) == (lines, AT_ONCE)
    assert (read.reference, read.total_fen) == (None, 5_700_000_000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b"{",
        b'{"total_fen": 1}',
        b'{"lines": []}',
        b'{"lines": [], "total_fen": 1.0}',
        b'{"lines": [], "total_fen": 1} {}',
        b'{"lines": [], "lines": [], "total_fen": 1}',
        b'{"lines": {}, "total_fen": 1}',
        b'{"lines": [1], "total_fen": 1}',
        b'{"lines": [] "total_fen": 1}',
        b'{"lines": [,], "total_fen": 1}',
        b'{"lines": [], "total_fen": 12',
        b'{"lines": [], "total_fen": 1, "x": "\xff"}',
        b'{"lines": [' + b"[" * 100_000,
        b'{"lines": [], "total_fen": 1, "x": "' + b"x" * 200_000 + b'"}',
        detail(1, ("", ANNA, 1)),
        detail(1, ("1", ANNA, 1), serial=1),
        detail("1", ("1", ANNA, 1)),
        detail(1, ("1", ANNA, True)),
    ],
)
def test_what_is_no_detail_is_refused(body: bytes) -> None:
    with pytest.raises((UnreadableDetail, ValidationError)):
        list(TaxDetail(io.BytesIO(body)).portions())
