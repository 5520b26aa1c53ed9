"""Sums that institutions owe or bring: the fiscal subsidy by funder, matched cash, what the treasury receives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.policy.pack import Fiscal, FunderShare, Pack, ReliefKind
from shared.policy.relief import Dues, shares_of
from shared.policy.vocabulary import Funder, Identity


def fiscal_totals(fiscal: Fiscal, insured: int) -> dict[Funder, int]:
    """What each funder pays for so many insured people, in fen."""
    return {share.funder: share.amount_fen * insured for share in fiscal.shares}


def claim_totals(shares: Iterable[FunderShare]) -> dict[Funder, int]:
    """What each funder is asked for, over all aided people, in fen."""
    totals: dict[Funder, int] = {}
    for share in shares:
        totals[share.funder] = totals.get(share.funder, 0) + share.amount_fen
    return totals


class Account(StrEnum):
    """Who states how much cash a village collected."""

    STATEMENT = "statement"
    RECEIPTS = "receipts"
    DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class Aid:
    """What government pays for all people of one identity, by funder in fen; no shares where that is not known."""

    identity: Identity
    shares: tuple[FunderShare, ...] | None


def aid_by_identity(pack: Pack, people: Mapping[Identity, int]) -> list[Aid]:
    """What so many people of each identity cost their funders at the first standard, in the document's order.

    Somebody of two identities is counted under the one that aids them. Identities that the pack does not aid cost
    nothing; one that it lists without an amount, or a standard without one, leaves its sum unknown.
    """
    standard = pack.standards[0]
    dues = None
    if standard.individual_fen is not None:
        dues = Dues(((standard.individual_fen, standard.aided_as_fen or standard.individual_fen),))
    found: dict[Identity, Aid] = {}
    for relief in pack.reliefs:
        if relief.identity not in people or relief.identity in found:
            continue
        one = () if relief.kind is ReliefKind.NONE else shares_of(relief, dues)
        count = people[relief.identity]
        shares = None if one is None else tuple(FunderShare(each.funder, each.amount_fen * count) for each in one)
        found[relief.identity] = Aid(relief.identity, shares)
    return [*found.values(), *(Aid(identity, ()) for identity in people if identity not in found)]


def three_way(statement_fen: int, receipts_fen: int, deposit_fen: int) -> dict[Account, int]:
    """票、款一致: by how many fen each account differs from the two that agree, or from the receipts if none do."""
    stated = {Account.STATEMENT: statement_fen, Account.RECEIPTS: receipts_fen, Account.DEPOSIT: deposit_fen}
    agreed = statement_fen if statement_fen == deposit_fen else receipts_fen
    return {account: fen - agreed for account, fen in stated.items() if fen != agreed}


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What of a batch goes to the treasury, and what goes back by village because it could not be imported, in fen."""

    treasury_fen: int
    back_fen: int


def most_due(pack: Pack) -> int | None:
    """The most that one person may owe under a pack, in fen; None where an amount is not configured."""
    years = [standard.individual_fen for standard in pack.standards]
    newborns = pack.newborns.rules if pack.newborns else ()
    known = [fen for fen in years if fen is not None]
    if len(known) < len(years):
        return None
    # Earlier years that are bought too are all of this year's standard.
    repairable = max(pack.benefit_year - pack.continuity.since, 0) if pack.continuity else 0
    return repairable * max(known) + max(
        [*known, *(sum(premium.amount_fen for premium in rule.premiums) for rule in newborns)]
    )


def confirm(slip_fen: int, detail_fen: int, persons: int, failed: int, most_due_fen: int) -> Confirmed | None:
    """The confirmed amount of an entrusted batch; None where slip and detail differ by what no failed import explains.

    A failed import explains what its person brought: something, and never more than one person may owe. Without that
    bound one failure would let any sum leave the pending account as a refund. For the same reason the detail's sum is
    never more than its persons may owe (确认缴费金额和明细).
    """
    missing_fen = slip_fen - detail_fen
    if not failed <= missing_fen <= failed * most_due_fen or detail_fen > persons * most_due_fen:
        return None
    return Confirmed(detail_fen, missing_fen)
