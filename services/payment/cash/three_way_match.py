"""票、款一致: a village's statement, its receipts, the deposit slip and the bank's line agree to the fen."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.payment.batches.discrepancies import Difference, DifferenceKind
from services.payment.chronology import MoneyDay, MoneyPath, contradiction
from shared.policy.institutions.money import Account, three_way


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of the 《缴费情况表》."""

    receipt_no: str
    enrolment_id: UUID
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it was recorded; ``free`` while no other statement, write-off or recall holds it."""

    receipt_no: str
    village: str
    benefit_year: int
    enrolment_id: UUID
    amount_fen: int
    received_on: date
    free: bool


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit slip and what the bank booked for it, and when first."""

    slip_no: str
    slip_fen: int
    booked_fen: int
    deposited_on: date
    booked_on: date


@dataclass(frozen=True, slots=True)
class Statement:
    """A village's account of what it collected for one benefit year."""

    village: str
    benefit_year: int
    total_fen: int
    lines: Sequence[StatementLine]


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome: what differs, and whether the money in the bank is that of the receipts handed in."""

    differences: tuple[Difference, ...]
    deposit_covers_receipts: bool

    @property
    def equal(self) -> bool:
        """Whether statement, receipts, slip and bank line agree."""
        return not self.differences


def match_collection(
    statement: Statement, receipts: Mapping[str, Receipt], unlisted: Iterable[Receipt], deposits: Sequence[Deposit]
) -> Match:
    """Compare the four accounts of a village's cash; ``unlisted`` receipts are named only where the money differs."""
    found = _statement_against_itself(statement)
    for line in statement.lines:
        found += _line_against_receipt(statement, line, receipts.get(line.receipt_no))
    handed_in = {line.receipt_no for line in statement.lines} & receipts.keys()
    receipts_fen = sum(receipts[number].amount_fen for number in handed_in)
    money = _money(statement, receipts_fen, deposits)
    if money:
        found += [
            Difference(
                DifferenceKind.RECEIPT_NOT_LISTED,
                theirs_fen=receipt.amount_fen,
                village=statement.village,
                receipt_no=receipt.receipt_no,
                enrolment_id=receipt.enrolment_id,
            )
            for receipt in unlisted
        ]
    all_free = all(receipts[number].free for number in handed_in)
    days = _days(statement, [receipts[number] for number in sorted(handed_in)], deposits)
    covered = bool(handed_in) and all_free and not money and not days
    return Match(tuple(found + money + days), deposit_covers_receipts=covered)


def _statement_against_itself(statement: Statement) -> list[Difference]:
    found = []
    lines_fen = sum(line.amount_fen for line in statement.lines)
    if statement.total_fen != lines_fen:
        found.append(
            Difference(
                DifferenceKind.TOTAL_DIFFERS,
                ours_fen=lines_fen,
                theirs_fen=statement.total_fen,
                village=statement.village,
            )
        )
    times = Counter(line.receipt_no for line in statement.lines)
    return found + [
        Difference(DifferenceKind.RECEIPT_LISTED_TWICE, village=statement.village, receipt_no=number)
        for number, count in times.items()
        if count > 1
    ]


def _line_against_receipt(statement: Statement, line: StatementLine, receipt: Receipt | None) -> list[Difference]:
    """Ours is the receipt, theirs the village's line."""

    def differs(kind: DifferenceKind) -> Difference:
        return Difference(
            kind,
            ours_fen=receipt.amount_fen if receipt else None,
            theirs_fen=line.amount_fen,
            village=statement.village,
            receipt_no=line.receipt_no,
            enrolment_id=line.enrolment_id,
        )

    if receipt is None or receipt.village != statement.village:
        return [differs(DifferenceKind.RECEIPT_UNKNOWN)]
    checks = (
        (receipt.free, DifferenceKind.RECEIPT_SPENT),
        (receipt.enrolment_id == line.enrolment_id, DifferenceKind.RECEIPT_PERSON_DIFFERS),
        (receipt.benefit_year == statement.benefit_year, DifferenceKind.RECEIPT_YEAR_DIFFERS),
        (receipt.amount_fen == line.amount_fen, DifferenceKind.RECEIPT_AMOUNT_DIFFERS),
    )
    return [differs(kind) for agrees, kind in checks if not agrees]


def _money(statement: Statement, receipts_fen: int, deposits: Sequence[Deposit]) -> list[Difference]:
    found = []
    slips_fen = sum(deposit.slip_fen for deposit in deposits)
    # A statement that is alone with its sum is named by its own lines; the cash is there.
    if three_way(statement.total_fen, receipts_fen, slips_fen).keys() - {Account.STATEMENT}:
        found.append(
            Difference(
                DifferenceKind.SLIP_DIFFERS,
                ours_fen=receipts_fen,
                theirs_fen=slips_fen,
                village=statement.village,
                reference=" ".join(deposit.slip_no for deposit in deposits),
            )
        )
    return found + [
        Difference(
            DifferenceKind.BANK_LINE_DIFFERS,
            ours_fen=deposit.slip_fen,
            theirs_fen=deposit.booked_fen,
            village=statement.village,
            reference=deposit.slip_no,
        )
        for deposit in deposits
        if deposit.booked_fen != deposit.slip_fen
    ]


def _days(statement: Statement, receipts: Sequence[Receipt], deposits: Sequence[Deposit]) -> list[Difference]:
    """Received ≤ deposited ≤ booked. Which slip holds a receipt's cash is not known: it is the last at the latest."""
    received, deposited, booked = MoneyDay.RECEIVED, MoneyDay.DEPOSITED, MoneyDay.BOOKED
    last = max((deposit.deposited_on for deposit in deposits), default=None)
    return [
        Difference(
            DifferenceKind.DEPOSITED_BEFORE_RECEIVED,
            village=statement.village,
            receipt_no=receipt.receipt_no,
            enrolment_id=receipt.enrolment_id,
            ours_on=receipt.received_on,
            theirs_on=last,
        )
        for receipt in receipts
        if contradiction(MoneyPath.VILLAGE_CASH, {received: receipt.received_on, deposited: last})
    ] + [
        Difference(
            DifferenceKind.BOOKED_BEFORE_DEPOSITED,
            village=statement.village,
            reference=deposit.slip_no,
            ours_on=deposit.deposited_on,
            theirs_on=deposit.booked_on,
        )
        for deposit in deposits
        if contradiction(MoneyPath.VILLAGE_CASH, {deposited: deposit.deposited_on, booked: deposit.booked_on})
    ]
