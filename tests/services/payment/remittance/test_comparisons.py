"""The comparisons and the lifecycle alone, without a database."""

from datetime import date
from uuid import UUID

import pytest

from services.payment.batches.state import (
    BatchKind,
    BatchState,
    BatchStep,
    HoldStage,
    has_passed,
    resumes_at,
    source_of,
)
from services.payment.cash.three_way_match import Deposit, Match, Receipt, Statement, StatementLine, match_collection

ANNA, BAO = UUID(int=1), UUID(int=2)
VILLAGE = "411521101201"
RECEIVED_ON, DEPOSITED_ON, BOOKED_ON = date(2023, 10, 8), date(2023, 10, 9), date(2023, 10, 10)


def receipt(number: str, person: UUID, amount_fen: int = 38_000, *, free: bool = True) -> Receipt:
    return Receipt(number, VILLAGE, 2024, person, amount_fen, RECEIVED_ON, free)


def deposit(slip_no: str, slip_fen: int, booked_fen: int) -> Deposit:
    return Deposit(slip_no, slip_fen, booked_fen, DEPOSITED_ON, BOOKED_ON)


RECEIPTS = {"R1": receipt("R1", ANNA), "R2": receipt("R2", BAO)}
LINES = [StatementLine("R1", ANNA, 38_000), StatementLine("R2", BAO, 38_000)]
DEPOSIT = deposit("J1", 76_000, 76_000)


def match(
    lines: list[StatementLine] = LINES,
    receipts: dict[str, Receipt] = RECEIPTS,
    deposits: tuple[Deposit, ...] = (DEPOSIT,),
    total_fen: int = 76_000,
) -> Match:
    return match_collection(Statement(VILLAGE, 2024, total_fen, lines), receipts, [], deposits)


def kinds(found: Match) -> list[str]:
    return [difference.kind.value for difference in found.differences]


class TestTheMatch:
    def test_four_equal_accounts_agree(self) -> None:
        assert match().equal

    def test_several_slips_may_make_one_deposit(self) -> None:
        assert match(deposits=(deposit("J1", 38_000, 38_000), deposit("J2", 38_000, 38_000))).equal

    @pytest.mark.parametrize(
        ("lines", "total_fen", "named"),
        [
            (LINES, 76_001, ["TOTAL_DIFFERS"]),
            ([*LINES, LINES[0]], 114_000, ["RECEIPT_LISTED_TWICE"]),
            ([*LINES, StatementLine("R3", ANNA, 1)], 76_001, ["RECEIPT_UNKNOWN"]),
            ([LINES[0], StatementLine("R2", ANNA, 38_000)], 76_000, ["RECEIPT_PERSON_DIFFERS"]),
            ([LINES[0], StatementLine("R2", BAO, 38_001)], 76_001, ["RECEIPT_AMOUNT_DIFFERS"]),
        ],
    )
    def test_a_statement_at_odds_is_named_though_the_money_is_right(
        self, lines: list[StatementLine], total_fen: int, named: list[str]
    ) -> None:
        found = match(lines=lines, total_fen=total_fen)
        assert kinds(found) == named
        assert found.deposit_covers_receipts

    def test_a_receipt_of_another_year_is_named(self) -> None:
        other = Receipt("R2", VILLAGE, 2023, BAO, 38_000, RECEIVED_ON, free=True)
        assert kinds(match(receipts=RECEIPTS | {"R2": other})) == ["RECEIPT_YEAR_DIFFERS"]

    def test_a_spent_receipt_covers_nothing(self) -> None:
        found = match(receipts=RECEIPTS | {"R2": receipt("R2", BAO, free=False)})
        assert kinds(found) == ["RECEIPT_SPENT"]
        assert not found.deposit_covers_receipts

    def test_a_bank_line_other_than_the_slip_is_named(self) -> None:
        found = match(deposits=(deposit("J1", 76_000, 75_999),))
        assert kinds(found) == ["BANK_LINE_DIFFERS"]
        assert not found.deposit_covers_receipts

    def test_slip_and_bank_agreeing_do_not_make_a_short_deposit_right(self) -> None:
        assert kinds(match(deposits=(deposit("J1", 38_000, 38_000),))) == ["SLIP_DIFFERS"]

    def test_a_difference_says_itself_in_both_languages(self) -> None:
        shown = match(total_fen=1).differences[0].as_json()
        assert (shown["village"], shown["ours_fen"], shown["theirs_fen"]) == (VILLAGE, 76_000, 1)
        assert shown["zh"] == "缴费情况表合计与明细之和不符"
        assert shown["en"] == "The statement's total is not the sum of its lines"


class TestTheLifecycle:
    def test_online_money_skips_slip_and_serial(self) -> None:
        assert source_of(BatchKind.ONLINE, BatchStep.SUBMIT) is None
        assert source_of(BatchKind.ONLINE, BatchStep.ENTER_SERIAL) is None
        assert source_of(BatchKind.ONLINE, BatchStep.CONFIRM_DETAIL) is BatchState.READY_TO_REMIT

    def test_entrusted_cash_needs_the_serial_before_the_detail(self) -> None:
        assert source_of(BatchKind.ENTRUSTED_CASH, BatchStep.CONFIRM_DETAIL) is BatchState.AT_TAX_HALL

    @pytest.mark.parametrize(
        ("kind", "held_at", "state"),
        [
            (BatchKind.ENTRUSTED_CASH, HoldStage.MATCH, BatchState.SUBMITTED),
            (BatchKind.ENTRUSTED_CASH, HoldStage.DETAIL, BatchState.AT_TAX_HALL),
            (BatchKind.ONLINE, HoldStage.MATCH, BatchState.OPEN),
            (BatchKind.ONLINE, HoldStage.DETAIL, BatchState.READY_TO_REMIT),
        ],
    )
    def test_a_corrected_batch_goes_on_before_the_comparison_that_held_it(
        self, kind: BatchKind, held_at: HoldStage, state: BatchState
    ) -> None:
        assert resumes_at(kind, held_at) is state

    def test_a_returned_batch_was_remitted_but_never_in_the_treasury(self) -> None:
        assert has_passed(BatchState.RETURNED, BatchStep.REMIT)
        assert not has_passed(BatchState.RETURNED, BatchStep.CONFIRM_TREASURY)
