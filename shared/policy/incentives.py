"""How continuous years and years without claims raise the serious illness ceiling."""

from dataclasses import dataclass

from shared.domain.money import part_of
from shared.policy.continuity import unbroken
from shared.policy.facts import Facts
from shared.policy.pack import Incentives, Pack


@dataclass(frozen=True, slots=True)
class Incentive:
    """Consecutive years with the one being bought, and by how many fen the ceiling rises, where it is configured."""

    consecutive_years: int
    increase_fen: int | None


def incentive(pack: Pack, facts: Facts) -> Incentive | None:
    """The incentive of a person whose years are known; None where the pack has none or nobody stated the years."""
    rule = pack.incentives
    enrolled = facts.history.enrolled
    if rule is None or enrolled is None:
        return None
    consecutive = 1 + unbroken(enrolled, facts.history.employee, before=pack.benefit_year, since=rule.since)
    steps = max(0, consecutive - rule.after_years)
    fen = steps * rule.continuous_step_fen + _zero_claims(rule, facts, pack.benefit_year) * rule.zero_claim_step_fen
    if rule.ceiling_fen is None:
        return Incentive(consecutive, None)
    return Incentive(consecutive, min(fen, part_of(rule.ceiling_fen, rule.most_basis_points)))


def _zero_claims(rule: Incentives, facts: Facts, benefit_year: int) -> int:
    """Years without a claim since the last one with a claim: a claim uses them up, a break does not."""
    enrolled = set(facts.history.enrolled or ())
    count = 0
    for year, fen in sorted(facts.history.claims):
        if rule.since <= year < benefit_year and year in enrolled:
            count = 0 if fen else count + 1
    return count
