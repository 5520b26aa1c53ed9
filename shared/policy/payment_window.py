"""Whether money may come on a day, for which years, and what cover it buys: the school, newborns, windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.domain.identity_number import DocumentType
from shared.policy.conditions import ANYBODY
from shared.policy.facts import Certified, Facts, MissingFact
from shared.policy.pack import CoverFrom, NewbornRule, Newborns, Pack, Premium, Window
from shared.policy.reasons import PolicyRefusal, Reasons, RuleReason, Ruling
from shared.policy.vocabulary import ReasonCode


@dataclass(frozen=True, slots=True)
class PaymentDay:
    """A day on which money may come; without premiums of its own it buys the pack's benefit year."""

    window: Window
    reasons: Reasons
    premiums: tuple[Premium, ...] = ()


def open_on(pack: Pack, facts: Facts, held: Sequence[Certified], day: date) -> PaymentDay | PolicyRefusal:
    """What a payment on that day falls under, in the order of checks: school, newborn, window."""
    school = _school(pack, facts, held, day)
    if isinstance(school, PolicyRefusal):
        return school
    newborn = None if pack.newborns is None else _newborn(pack.newborns, facts, day, pack.benefit.last)
    opened = newborn or _window(pack, facts, held, day)
    if isinstance(opened, PolicyRefusal):
        return PolicyRefusal(opened.ruling, opened.code, opened.eligible, school + opened.reasons)
    return PaymentDay(opened.window, school + opened.reasons, opened.premiums)


def _school(pack: Pack, facts: Facts, held: Sequence[Certified], day: date) -> Reasons | PolicyRefusal:
    """Students of a school elsewhere enrol there; part-time students and those who may choose do not have to."""
    rule, student = pack.school, facts.student
    if rule is None or student is None or student.level not in rule.levels:
        return ()
    if student.school_in_area or student.full_time is False:
        return (RuleReason.of("SCHOOL", False, rule.basis, "学籍在本地或非全日制，可在此参保"),)
    if any(one.identity in rule.may_choose and one.counts_on(day) for one in held):
        return (RuleReason.of("SCHOOL", False, rule.basis, "救助对象可选择在身份认证地参保"),)
    reason = RuleReason.of("ENROL_AT_SCHOOL", True, rule.basis)
    return PolicyRefusal(Ruling.REJECT, ReasonCode.ENROL_AT_SCHOOL, eligible=True, reasons=(reason,))


def _newborn(rules: Newborns, facts: Facts, day: date, last: date) -> PaymentDay | PolicyRefusal | None:
    """The newborn rule by day of registration; None where the person is no newborn to it, or pays too early or late."""
    if not facts.newborn:
        return None
    if rules.needs_number is not None and facts.id_type is DocumentType.BIRTH_CERTIFICATE:
        return _refused(
            Ruling.HOLD, ReasonCode.ID_NUMBER_REQUIRED, RuleReason.of("ID_NUMBER", True, rules.needs_number)
        )
    registered = facts.registration_date
    if facts.days_old > rules.days_max and rules.older_as_anybody:
        return None
    if registered > rules.rules[-1].last:
        return _refused(
            Ruling.HOLD, ReasonCode.NO_RULE_FOR_DATE, RuleReason.of("NO_RULE_FOR_DATE", True, rules.no_rule)
        )
    if facts.days_old > rules.days_max:
        return None
    if registered < rules.rules[0].first:
        early = RuleReason.of("WINDOW_NOT_OPEN", True, rules.rules[0].basis, f"新生儿登记自{rules.rules[0].first}起")
        return _refused(Ruling.REJECT, ReasonCode.WINDOW_NOT_OPEN, early)
    if not rules.rules[0].first <= day <= last:
        return None
    rule = next(each for each in rules.rules if each.first <= registered <= each.last)
    text = f"出生第{facts.days_old}天办理登记：{rules.days_basis.says}"
    days = RuleReason.of("NEWBORN_DAYS", True, rules.days_basis, text)
    return PaymentDay(_of_newborn(rule, day), (days, RuleReason.of("NEWBORN", True, rule.basis)), rule.premiums)


def _of_newborn(rule: NewbornRule, day: date) -> Window:
    return Window(rule.first, max(rule.last, day), rule.basis, cover=CoverFrom.BIRTH, before_year=True)


def collection_days(pack: Pack) -> tuple[date, date] | None:
    """First and last day of the collection: of the windows that are open to everybody and not late."""
    windows = [window for window in pack.windows if window.whom == ANYBODY and not window.late]
    if not windows:
        return None
    return min(window.first for window in windows), max(window.last for window in windows)


def _window(pack: Pack, facts: Facts, held: Sequence[Certified], day: date) -> PaymentDay | PolicyRefusal:
    tried: Reasons = ()
    missing: MissingFact | None = None
    for window in pack.windows:
        if window.first <= day <= window.last:
            try:
                if window.whom.hold(facts, held, day):
                    return PaymentDay(window, (*tried, RuleReason.of("WINDOW", True, window.basis)))
            except MissingFact as unknown:  # another window may admit the person whatever the answer
                missing = missing or unknown
            tried += (RuleReason.of("WINDOW", False, window.basis, f"不适用：{window.basis.says}"),)
    if missing is not None:
        raise missing
    if day < pack.windows[0].first:
        early = RuleReason.of("WINDOW_NOT_OPEN", True, pack.windows[0].basis, f"缴费期自{pack.windows[0].first}起")
        return _refused(Ruling.REJECT, ReasonCode.WINDOW_NOT_OPEN, *tried, early)
    late = RuleReason.of("WINDOW_CLOSED", True, pack.settings.late_payment)
    ruling = Ruling.HOLD if pack.settings.late_payment_holds else Ruling.REJECT
    return _refused(ruling, ReasonCode.WINDOW_CLOSED, *tried, late)


def _refused(ruling: Ruling, code: ReasonCode, *reasons: RuleReason) -> PolicyRefusal:
    return PolicyRefusal(ruling, code, eligible=True, reasons=reasons)
