"""A row of remittance_batch as Python reads it: what may be empty, and what each kind of batch must have."""

from dataclasses import replace
from datetime import date
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest
from sqlalchemy import text

from services.payment.batches.models import BatchRow, CashBatch, IncompleteBatch, OnlineBatch
from services.payment.batches.state import BatchState
from tests.harness.installation import COUNTY
from tests.services.payment.running_payment import RunningPayment

ROW = BatchRow(
    id=UUID(int=7),
    region="411521101201",
    state=BatchState.OPEN,
    held_at=None,
    version=1,
    declared_fen=76_000,
    counted_fen=None,
    amount_fen=0,
    line_count=0,
    differences=[],
    remitted_on=None,
    received_on=None,
    certificate_no=None,
    certificate_issued_on=None,
    returned_on=None,
    return_reason=None,
    previous_batch_id=None,
    actor="clerk",
    correlation_id=UUID(int=8),
    kind="ENTRUSTED_CASH",
    statement_no="S1",
    benefit_year=2024,
    collection_notice_serial=None,
    channel=None,
    merchant_id=None,
    settlement_day=None,
    part=1,
    by_bill=False,
    payout_id=None,
)
ONLINE = replace(
    ROW,
    kind="ONLINE",
    statement_no=None,
    benefit_year=None,
    channel="WECHAT",
    merchant_id="1900000109",
    settlement_day=date(2023, 10, 8),
)


def test_each_kind_has_its_own_columns() -> None:
    cash, online = ROW.batch(), ONLINE.batch()
    assert isinstance(cash, CashBatch)
    assert (cash.statement_no, cash.benefit_year) == ("S1", 2024)
    assert isinstance(online, OnlineBatch)
    assert (online.channel, online.merchant_id, online.settlement_day) == ("WECHAT", "1900000109", date(2023, 10, 8))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (ROW, "statement_no"),
        (ROW, "benefit_year"),
        (ONLINE, "channel"),
        (ONLINE, "merchant_id"),
        (ONLINE, "settlement_day"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_batch_without_a_column_of_its_kind_is_refused_by_name(row: BatchRow, column: str) -> None:
    missing: dict[str, Any] = {column: None}
    with pytest.raises(IncompleteBatch, match=str(row.id)):
        replace(row, **missing).batch()


async def test_a_row_says_which_columns_may_be_empty(payment: RunningPayment) -> None:
    async with payment.running.database.transaction(COUNTY) as session:
        found = await session.execute(
            text(
                "SELECT column_name, is_nullable FROM information_schema.columns "
                "WHERE table_schema = current_schema() AND table_name = :table"
            ),
            {"table": "remittance_batch"},
        )
        nullable = {name: answer == "YES" for name, answer in found}
    hints = get_type_hints(BatchRow)
    optional = {name: type(None) in get_args(hint) for name, hint in hints.items() if name in nullable}
    assert len(optional) == len(hints)
    assert {name: nullable[name] for name in optional} == optional
