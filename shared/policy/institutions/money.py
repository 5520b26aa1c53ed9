"""Sums that institutions owe or bring: the fiscal subsidy by funder, matched cash, what the treasury receives."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.policy.pack import Fiscal, Share
from shared.policy.vocabulary import Funder


def fiscal_totals(fiscal: Fiscal, insured: int) -> dict[Funder, int]:
    """What each funder pays for so many insured people, in fen."""
    return {share.funder: share.amount_fen * insured for share in fiscal.shares}


def claim_totals(shares: Iterable[Share]) -> dict[Funder, int]:
    """What each funder is asked for, over all aided people, in fen."""
    totals: dict[Funder, int] = {}
    for share in shares:
        totals[share.funder] = totals.get(share.funder, 0) + share.amount_fen
    return totals


class Account(StrEnum):
    """Who says how much a village's cash is."""

    STATEMENT = "statement"
    RECEIPTS = "receipts"
    DEPOSIT = "deposit"


def three_way(statement_fen: int, receipts_fen: int, deposit_fen: int) -> dict[Account, int]:
    """票、款一致: by how many fen each account differs from the two that agree, or from the receipts if none do."""
    said = {Account.STATEMENT: statement_fen, Account.RECEIPTS: receipts_fen, Account.DEPOSIT: deposit_fen}
    agreed = statement_fen if statement_fen == deposit_fen else receipts_fen
    return {account: fen - agreed for account, fen in said.items() if fen != agreed}


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What of a batch goes to the treasury, and what goes back by village because it could not be imported, in fen."""

    treasury_fen: int
    back_fen: int


def confirm(slip_fen: int, detail_fen: int, failed: int) -> Confirmed | None:
    """The confirmed amount of an entrusted batch; None where slip and detail differ and no failed import says why."""
    if slip_fen == detail_fen and not failed:
        return Confirmed(detail_fen, 0)
    if failed and 0 <= detail_fen < slip_fen:
        return Confirmed(detail_fen, slip_fen - detail_fen)
    return None
