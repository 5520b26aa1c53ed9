"""Whether a person may be insured here at all: what does not depend on the day of payment."""

from shared.policy.facts import Facts
from shared.policy.pack import Exclusions, Pack
from shared.policy.reasons import PolicyRefusal, Reasons, RuleReason, Ruling
from shared.policy.vocabulary import InsuranceStatus, InsuranceType, ReasonCode


def judge_person(pack: Pack, facts: Facts) -> Reasons | PolicyRefusal:
    """Employee insurance, scope, insurance elsewhere: the reasons for taking the person in, or the refusal."""
    reasons: Reasons = ()
    for check in (_employee, _scope, _elsewhere):
        outcome = check(pack, facts)
        if isinstance(outcome, PolicyRefusal):
            return PolicyRefusal(outcome.ruling, outcome.code, outcome.eligible, reasons + outcome.reasons)
        reasons += outcome
    return reasons


def _refused(code: ReasonCode, *reasons: RuleReason) -> PolicyRefusal:
    return PolicyRefusal(Ruling.REJECT, code, eligible=False, reasons=reasons)


def _employee(pack: Pack, facts: Facts) -> Reasons | PolicyRefusal:
    other = facts.other_insurance
    if other.type is not InsuranceType.EMPLOYEE:
        return ()
    rule = pack.exclusions
    if other.status in rule.employee_statuses or _still_suspended(rule, facts):
        return _refused(ReasonCode.EMPLOYEE_INSURED, RuleReason.of("EMPLOYEE_INSURED", True, rule.employee))
    text = "职工医保已不在保，可参加居民医保"
    return (RuleReason.of("EMPLOYEE_INSURED", False, rule.employee, text),)


def _still_suspended(rule: Exclusions, facts: Facts) -> bool:
    """Whether employee insurance that was only suspended keeps the person out, for now or for good."""
    other = facts.other_insurance
    if other.status is not InsuranceStatus.SUSPENDED:
        return False
    if other.suspended_on is not None and other.suspended_on > facts.registration_date:
        return True
    return not rule.suspended_for.hold(facts, (), facts.registration_date)


def _scope(pack: Pack, facts: Facts) -> Reasons | PolicyRefusal:
    tried: Reasons = ()
    for rule in pack.scope:
        if rule.whom.hold(facts, (), facts.registration_date):
            return (*tried, RuleReason.of(rule.code, True, rule.basis))
        tried += (RuleReason.of(rule.code, False, rule.basis, f"不符合：{rule.basis.says}"),)
    return _refused(ReasonCode.NOT_IN_SCOPE, *tried, RuleReason.of("NOT_IN_SCOPE", True, pack.out_of_scope))


def _elsewhere(pack: Pack, facts: Facts) -> Reasons | PolicyRefusal:
    other = facts.other_insurance
    rule = pack.exclusions
    if other.type is not InsuranceType.RESIDENT_ELSEWHERE:
        if not facts.insured_at_origin:
            return ()
        return _refused(ReasonCode.INSURED_ELSEWHERE, RuleReason.of("INSURED_ELSEWHERE", True, rule.elsewhere))
    text = None
    if other.benefit_year not in (None, pack.benefit_year):
        text = "在外地参保的是另一年度"
    elif other.status is not None and other.status not in rule.elsewhere_statuses:
        text = "在外地的参保已终止"
    elif other.is_habitual_residence is False:
        text = "外地参保地不是常住地，可在常住地参保"
    if text is None:
        return _refused(ReasonCode.INSURED_ELSEWHERE, RuleReason.of("INSURED_ELSEWHERE", True, rule.elsewhere))
    return (RuleReason.of("INSURED_ELSEWHERE", False, rule.elsewhere, text),)
