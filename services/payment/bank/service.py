"""Importing the bank's statement of the tax pending account: each line once, whatever is sent again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank import repository
from services.payment.bank.schemas import BankLineIn, BankStatementIn
from services.payment.batches.settlement_reference import SettlementReferenceMalformed, parse_settlement
from services.payment.statements import repository as statements
from services.payment.statements.repository import ImportedLine, NewBankLine, StatementHead
from shared.contracts.event import Trace
from shared.domain.document_number import canonical_number
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode


class BankLineChanged(DomainError):
    """A bank does not rewrite its statements: one of the two was not the bank's."""

    code = ErrorCode.BANK_LINE_CHANGED


class SettlementOfUnknownMerchant(DomainError):
    """A channel settles only what it took: nothing ever came through this one."""

    code = ErrorCode.SETTLEMENT_OF_UNKNOWN_MERCHANT


class DepositOfNothing(DomainError):
    """Cash that was paid in is more than nothing."""

    code = ErrorCode.BANK_LINE_AMOUNT_IMPOSSIBLE


@dataclass(frozen=True, slots=True)
class ImportedStatement:
    """What became of a statement's lines; ``refused`` names those that were not imported, by their number."""

    imported: int
    repeated: int
    reversed: int
    refused: dict[int, DomainError]


async def import_statement(
    session: AsyncSession, trace: Trace, region: str, merchants: Collection[tuple[str, str]], body: BankStatementIn
) -> ImportedStatement:
    """Import what is new of a statement; a line that cannot be known never keeps out the others.

    ``merchants`` are those that the settings name, as (channel, merchant). Raises BankLineChanged, or where no line
    can be imported why the first one cannot: then nothing is imported.
    """
    brought: dict[int, BankLineIn] = {}
    for line in body.lines:
        if brought.setdefault(line.line_no, line) != line:
            raise BankLineChanged(f"第 {line.line_no} 行重复出现 · the line stands here twice")
    refused = await _refused(session, merchants, list(brought.values()))
    taken = [line for number, line in brought.items() if number not in refused]
    if not taken:
        raise refused[min(refused)]
    head = StatementHead(body.statement_no, body.account or "", body.booked_on)
    before = await statements.stored(session, head, taken)
    back = {number for number, lines in before.items() if _is_reversed(brought[number], lines)}
    wanted = [_new(line) for line in taken if line.line_no not in back]
    new = await statements.insert(session, head, wanted, region, trace)
    repeated = [line for line in taken if line.line_no not in new | back]
    known = await statements.stored(session, head, repeated)
    for line in repeated:
        standing = [each for each in known.get(line.line_no, ()) if not each.reversed]
        if any(not _same(line, each) for each in standing) or not standing:
            raise BankLineChanged(f"第 {line.line_no} 行 · line {line.line_no}")
    return ImportedStatement(len(new), len(repeated), len(back), refused)


async def _refused(
    session: AsyncSession, merchants: Collection[tuple[str, str]], lines: Sequence[BankLineIn]
) -> dict[int, DomainError]:
    refused: dict[int, DomainError] = {}
    settled: dict[int, tuple[str, str]] = {}
    for line in lines:
        if line.kind == "DEPOSIT" and line.amount_fen <= 0:
            refused[line.line_no] = DepositOfNothing(f"第 {line.line_no} 行 · line {line.line_no}")
        elif line.kind == "SETTLEMENT":
            try:
                reference = parse_settlement(line.reference)
            except SettlementReferenceMalformed as malformed:
                refused[line.line_no] = malformed
            else:
                settled[line.line_no] = (reference.channel, reference.merchant_id)
    asked = set(settled.values()) - set(merchants)
    # A merchant that the settings no longer name still settles what it took.
    known = set(merchants) | (await repository.merchants_with_money(session, asked) if asked else set())
    for number, merchant in settled.items():
        if merchant not in known:
            refused[number] = SettlementOfUnknownMerchant(":".join(merchant))
    return refused


def _new(line: BankLineIn) -> NewBankLine:
    return NewBankLine(new_id(), line.line_no, line.kind, _reference(line), line.amount_fen, line.bank_reference)


def _reference(line: BankLineIn | ImportedLine) -> str:
    """A deposit is booked under its slip's number; a settlement's reference holds its merchant's, which stays as is."""
    return canonical_number(line.reference) if line.kind == "DEPOSIT" else line.reference


def _same(line: BankLineIn, stored: ImportedLine) -> bool:
    known = None if stored.bank_reference is None else canonical_number(stored.bank_reference)
    return (line.kind, _reference(line), line.amount_fen) == (stored.kind, _reference(stored), stored.amount_fen) and (
        line.bank_reference == known or None in (line.bank_reference, known)
    )


def _is_reversed(line: BankLineIn, stored: Sequence[ImportedLine]) -> bool:
    """Whether the same line was imported and then reversed: a file that is sent again does not bring it back."""
    return bool(stored) and all(each.reversed for each in stored) and any(_same(line, each) for each in stored)
