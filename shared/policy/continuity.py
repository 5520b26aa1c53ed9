"""What missed years cost: a wait that further missed years lengthen and repaired years shorten."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from shared.policy.facts import Certified, Facts
from shared.policy.pack import Continuity, Pack, Wait
from shared.policy.reasons import Reasons, RuleReason

NOT_CONTINUOUS = "NOT_CONTINUOUS"


@dataclass(frozen=True, slots=True)
class Continued:
    """The wait after missed years, or None where nothing was missed; how many repaired years shorten it."""

    wait: Wait | None
    repaired: int
    reasons: Reasons


def judge_continuity(pack: Pack, facts: Facts, held: Sequence[Certified], day: date) -> Continued:
    """The wait that the years before bring along; an exempt person waits for nothing."""
    rule = pack.continuity
    if rule is None:
        return Continued(None, 0, ())
    missed = missed_years(rule, facts, pack.benefit_year)
    if missed == 0 or any(whom.hold(facts, held, day) for whom in rule.exempt):
        return Continued(None, 0, ())
    months, least = _months(rule, missed)
    repaired = min(facts.history.repaired or 0, missed, months - least)
    text_missed = f"连续断保{missed}年，等待{months - repaired}个月"
    reasons: Reasons = (RuleReason.of(NOT_CONTINUOUS, True, rule.basis, text_missed),)
    if facts.history.repaired:
        text = f"申请修复{facts.history.repaired}年，{repaired}年可缩短等待期"
        reasons += (RuleReason.of("REPAIR", repaired > 0, rule.repair, text),)
    return Continued(Wait(NOT_CONTINUOUS, months=months - repaired), repaired, reasons)


def missed_years(rule: Continuity, facts: Facts, benefit_year: int) -> int:
    """The unbroken run of missed years before the benefit year; years of employee insurance neither break nor count."""
    return unbroken(facts.history.missed, facts.history.employee, before=benefit_year, since=rule.since)


def unbroken(years: Collection[int], passed_over: Collection[int], *, before: int, since: int) -> int:
    """How many of the years lie in one run right before a year, years that are passed over left aside."""
    count = 0
    for year in range(before - 1, since - 1, -1):
        if year in passed_over:
            continue
        if year not in years:
            break
        count += 1
    return count


def _months(rule: Continuity, missed: int) -> tuple[int, int]:
    """The months of the wait without repair, and what no repair can go below."""
    months = rule.fixed_months + max(0, missed - rule.first_variable + 1)
    if missed < rule.long_break_years:
        return months, rule.fixed_months
    return max(months, rule.long_break_floor_months), rule.long_break_floor_months
