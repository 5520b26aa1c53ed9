"""A statement that was corrected, and a batch that ended without a line: the proof holds, and still fires."""

from pathlib import Path

import pytest

from tests.verify.conftest import County
from tests.verify.small_season import WEST, at_work, bring_twice, hand_back


@pytest.fixture
async def corrected(county: County, tmp_path: Path) -> County:
    """The county, where a village brought the cash of somebody who had paid by WeChat, under a mistaken total."""
    (paid,) = await county.sql(
        "payment",
        "SELECT enrolment_id FROM payment_line WHERE state = 'CREDITED' AND reversed_by IS NULL AND region = $1"
        " ORDER BY id LIMIT 1",
        WEST,
    )
    async with at_work(county.installation, tmp_path) as season:
        await bring_twice(season, str(paid["enrolment_id"]))
    return county


@pytest.fixture
async def handed_back(corrected: County, tmp_path: Path) -> County:
    """The county, where that cash was released, fetched and signed for."""
    async with at_work(corrected.installation, tmp_path) as season:
        await hand_back(season)
    return corrected


async def test_everything_agrees_after_it(corrected: County) -> None:
    report = await corrected.examined()
    assert (report.consistent, report.settled) == (True, True)


async def test_a_deposit_taken_back_that_was_not_is_a_break(corrected: County) -> None:
    await corrected.break_in("payment", "DELETE FROM transfer WHERE kind = 'deposit_unmatched'")
    assert (await corrected.check("BOOKS_ACCOUNTS")).breaks > 0


async def test_money_of_a_closed_batch_that_the_bank_does_not_have_is_a_break(corrected: County) -> None:
    await corrected.break_in("payment", "UPDATE bank_line SET amount_fen = amount_fen - 1 WHERE reference = 'J9'")
    assert (await corrected.check("BANK_STATEMENT")).breaks == 1


async def test_a_line_in_a_closed_batch_is_a_break(corrected: County) -> None:
    await corrected.break_in(
        "payment",
        "UPDATE remittance_line SET batch_id = (SELECT id FROM remittance_batch WHERE state = 'CLOSED_EMPTY')"
        " WHERE ctid = (SELECT ctid FROM remittance_line LIMIT 1)",
    )
    assert (await corrected.check("REMITTED_ONCE")).breaks > 0


async def test_cash_that_waits_to_go_back_is_named_and_no_break(corrected: County) -> None:
    check = await corrected.check("CASH_GIVEN_BACK")
    assert (check.breaks, check.named_count, check.named_fen) == (0, 1, 38_000)
    await corrected.break_in("payment", "DELETE FROM cash_refund")
    assert (await corrected.check("CASH_GIVEN_BACK")).breaks == 1


async def test_cash_that_went_back_agrees_and_leaves_who_paid_otherwise_enrolled(handed_back: County) -> None:
    report = await handed_back.examined()
    assert (report.consistent, report.settled) == (True, True)
    (paid,) = await handed_back.sql("registration", "SELECT state FROM enrolment WHERE cash_returned_on IS NOT NULL")
    assert paid["state"] == "PAID"


@pytest.mark.parametrize(
    ("database", "statement"),
    [
        ("payment", "DELETE FROM transfer WHERE kind = 'refund_cash_fetched'"),
        ("payment", "UPDATE transfer SET effective_on = effective_on - 1 WHERE kind = 'refund_cash_signed_for'"),
        ("registration", "UPDATE enrolment SET cash_returned_on = NULL"),
        ("registration", "UPDATE enrolment SET state = 'IMPORT_FAILED_REFUNDED' WHERE cash_returned_on IS NOT NULL"),
    ],
)
async def test_cash_that_went_back_otherwise_than_recorded_is_a_break(
    handed_back: County, database: str, statement: str
) -> None:
    await handed_back.break_in(database, statement)
    assert (await handed_back.check("CASH_GIVEN_BACK")).breaks == 1
