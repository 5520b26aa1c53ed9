"""Importing the bank's statement of the tax pending account: each line once, whatever is sent again."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank.schemas import BankLineIn, BankStatementIn
from services.payment.batches.settlement_reference import parse_settlement
from services.payment.statements import repository
from services.payment.statements.repository import ImportedLine, NewBankLine
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode


class BankLineChanged(DomainError):
    """A bank does not rewrite its statements: one of the two was not the bank's."""

    code = ErrorCode.BANK_LINE_CHANGED


async def import_statement(session: AsyncSession, trace: Trace, region: str, body: BankStatementIn) -> int:
    """Import what is new of a statement; returns how many lines that is.

    Raises SettlementReferenceMalformed or BankLineChanged; then nothing is imported.
    """
    brought: dict[int, BankLineIn] = {}
    for line in body.lines:
        if line.kind == "SETTLEMENT":
            parse_settlement(line.reference)
        if brought.setdefault(line.line_no, line) != line:
            raise BankLineChanged(f"第 {line.line_no} 行重复出现 · the line stands here twice")
    wanted = [
        NewBankLine(new_id(), line.line_no, line.kind, line.reference, line.amount_fen) for line in brought.values()
    ]
    new = await repository.insert(session, body.statement_no, body.booked_on, wanted, region, trace)
    known = await repository.stored(session, body.statement_no, list(brought.keys() - new))
    for number in sorted(brought.keys() - new):
        line = brought[number]
        if known.get(number) != ImportedLine(number, body.booked_on, line.kind, line.reference, line.amount_fen):
            raise BankLineChanged(f"第 {number} 行 · line {number}")
    return len(new)
