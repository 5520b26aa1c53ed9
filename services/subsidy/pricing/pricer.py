"""Prices people by the policy pack, each distinct combination of facts once, in the words that events speak."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter

import orjson

from shared.contracts.registration import Circumstances, PersonFacts
from shared.contracts.subsidy import BenefitRule, Clause, ContributionAssessed, Reason, ScheduleRow, Share, WaitRule
from shared.contracts.subsidy import Outcome as OutcomeName
from shared.domain.identity_number import DocumentType
from shared.policy import reasons as policy_reasons
from shared.policy.facts import Certified, Facts, InsuranceHistory, OtherInsurance, Student
from shared.policy.pack import Pack
from shared.policy.pricing_key import Detail, PricingKeys
from shared.policy.schedule import Assessment, Outcome, PriceCalendar, PriceRow, price_calendar
from shared.policy.vocabulary import (
    Hukou,
    Identity,
    InsuranceStatus,
    InsuranceType,
    ReasonCode,
    Relation,
    Residence,
    SchoolLevel,
)

COMBINATIONS = 8_192  # identities with their days x kinds of people: more than a county has

_Disclosed = tuple[object, ...]
# What is said of a person beside the birth date, as one key.
_DISCLOSED: Callable[[PersonFacts], _Disclosed] = attrgetter(
    *(name for name in PersonFacts.model_fields if name != "birth_date")
)


@dataclass(frozen=True, slots=True)
class Pricing:
    """An assessment as it is stored and announced; equal content has one id."""

    id: str
    outcome: OutcomeName
    reason_code: str | None
    schedule: tuple[ScheduleRow, ...]
    reasons: tuple[Reason, ...]

    def nothing_due_on(self, registered_on: date, today: date) -> date | None:
        """The first day since the registration on which nothing was due, or will be on the next that money may come.

        That day enrols the person, and a wait runs from it, whenever somebody looks. None where it has not come yet.
        """
        for row in self.schedule:
            day = max(registered_on, row.pay_from)
            if row.due_fen == 0 and row.pay_until >= registered_on:
                if day <= today:
                    return day
                return today if self.row_no_on(today) == self.schedule.index(row) else None
        return None

    def row_no_on(self, day: date) -> int | None:
        """The row in force on a day, else the next to come; None where the last is over or there is none."""
        return next((number for number, row in enumerate(self.schedule) if day <= row.pay_until), None)


class Pricer:
    """Prices people under one pack; equal people are priced once."""

    def __init__(self, pack: Pack) -> None:
        """Price under this pack; what was priced is remembered."""
        self.pack = pack
        self.decided = 0
        self._keys = PricingKeys(pack)
        self._details: dict[_Disclosed, Detail] = {}
        self._priced: dict[tuple[object, ...], _Priced] = {}

    def price(
        self,
        facts: PersonFacts,
        identities: Sequence[Certified],
        benefit_year: int,
        registered_on: date,
        as_of: date | None = None,
    ) -> Pricing:
        """What a person owes as things stand on ``as_of``, else on the day of registration, from which ages count.

        Another year than the pack's is held: a standard of one year says nothing about the next. Raises ValueError for
        facts that no rule knows.
        """
        if benefit_year != self.pack.benefit_year:
            return _other_year(self.pack, benefit_year)
        disclosed_key = _DISCLOSED(facts)
        detail = self._details.get(disclosed_key)
        if detail is None:
            detail = self._details[disclosed_key] = self._keys.detail(self.facts(facts, registered_on))
        (key,) = self._keys.keys((facts.birth_date,), (registered_on,), (detail,))
        held = tuple(sorted(set(identities), key=_order))
        priced = self._priced.get((disclosed_key, key, held))
        if priced is None:
            self._forget_if_full()
            priced = _Priced(self.pack, price_calendar(self.pack, self.facts(facts, registered_on), held))
            self._priced[disclosed_key, key, held] = priced
            self.decided += 1
        return priced.as_of(registered_on if as_of is None else as_of)

    def _forget_if_full(self) -> None:
        if len(self._priced) >= COMBINATIONS:
            self._priced.clear()
            self._details.clear()

    @staticmethod
    def facts(facts: PersonFacts, registered_on: date) -> Facts:
        """A person as the rules see one; the day of registration is the day from which ages count."""
        disclosed = facts.circumstances or _NOTHING_DISCLOSED
        return Facts(
            birth_date=facts.birth_date,
            registration_date=registered_on,
            hukou=Hukou(facts.hukou),
            hukou_note=facts.hukou_note,
            residence=Residence(facts.residence),
            residence_permit=disclosed.residence_permit,
            guardian_residence_permit=disclosed.guardian_residence_permit,
            id_type=DocumentType(facts.document_type),
            other_insurance=_insurance(facts.other_insurance, disclosed),
            insured_at_origin=disclosed.insured_at_origin,
            migrant_worker=disclosed.migrant_worker,
            newborn=facts.newborn,
            relation=None if disclosed.relation is None else Relation(disclosed.relation),
            employed=disclosed.employed,
            retired=disclosed.retired,
            difficult_enterprise=disclosed.difficult_enterprise,
            student=_student(disclosed),
            child_birth_date=disclosed.child_birth_date,
            agricultural=disclosed.agricultural_before_20150701,
            discharge_date=disclosed.discharge_date,
            sponsor_discharge_date=disclosed.sponsor_discharge_date,
            history=InsuranceHistory(
                disclosed.enrolled_years, disclosed.missed_years, disclosed.employee_years, disclosed.repair_years
            ),
        )


class _Priced:
    """The prices of equal people, and what has been asked of them so far."""

    def __init__(self, pack: Pack, calendar: PriceCalendar) -> None:
        self._pack, self._calendar = pack, calendar
        self._by_day: dict[date, Pricing] = {}

    def as_of(self, day: date) -> Pricing:
        """The pricing as things stand on a day; days with one assessment share it."""
        if day not in self._by_day:
            assessment = self._calendar.assessment(day)
            priced = assessment is self._calendar.priced
            self._by_day[day] = self._when_priced if priced else _pricing(self._pack, assessment)
        return self._by_day[day]

    @cached_property
    def _when_priced(self) -> Pricing:
        return _pricing(self._pack, self._calendar.priced)


def certified(identity: str, on: date, withdrawn_on: date | None) -> Certified:
    """A roster line as the rules see it."""
    return Certified(Identity[identity], on, withdrawn_on)


def _order(held: Certified) -> tuple[str, date, date]:
    return held.identity.value, held.on or date.min, held.withdrawn_on or date.max


_NOTHING_DISCLOSED = Circumstances()


def _insurance(kind: str, disclosed: Circumstances) -> OtherInsurance:
    """An insurance of which nothing more is stated is one that the person has now: it is active."""
    insurance = InsuranceType(kind)
    if insurance is InsuranceType.NONE:
        return OtherInsurance()
    return OtherInsurance(
        type=insurance,
        status=InsuranceStatus(disclosed.insurance_status or InsuranceStatus.ACTIVE),
        is_habitual_residence=disclosed.insured_where_living,
        paid_through=disclosed.insurance_paid_through,
        suspended_on=disclosed.insurance_suspended_on,
        continuous_months=disclosed.insurance_continuous_months,
    )


def _student(disclosed: Circumstances) -> Student | None:
    if disclosed.school_level is None:
        return None
    return Student(SchoolLevel(disclosed.school_level), disclosed.school_in_area is True, disclosed.full_time)


def _pricing(pack: Pack, assessment: Assessment) -> Pricing:
    # What holds for every row stands once, above the rows: an event travels for every enrolment.
    common = set.intersection(*(set(row.reasons) for row in assessment.rows)) if assessment.rows else set()
    rows = tuple(_row(row, tuple(r for r in row.reasons if r not in common)) for row in assessment.rows)
    reasons = tuple(as_reason(reason) for reason in assessment.reasons)
    return _identified(
        pack.id, assessment.outcome.value, assessment.reason_code and assessment.reason_code.value, rows, reasons
    )


def as_announced(assessed: ContributionAssessed) -> Pricing:
    """The pricing that an assessment was announced with, under the id that equal content has."""
    return _identified(assessed.pack, assessed.outcome, assessed.reason_code, assessed.schedule, assessed.reasons)


def _identified(
    pack: str,
    outcome: OutcomeName,
    reason_code: str | None,
    rows: tuple[ScheduleRow, ...],
    reasons: tuple[Reason, ...],
) -> Pricing:
    content = [pack, outcome, reason_code, [row.model_dump(mode="json") for row in rows]]
    content.append([reason.model_dump(mode="json") for reason in reasons])
    return Pricing(hashlib.sha256(orjson.dumps(content)).hexdigest(), outcome, reason_code, rows, reasons)


def _other_year(pack: Pack, benefit_year: int) -> Pricing:
    text = f"没有{benefit_year}年度的政策包，现行为{pack.benefit_year}年度"
    code = ReasonCode.CONFIG_MISSING_CONTRIBUTION
    reason = policy_reasons.RuleReason("BENEFIT_YEAR", True, text, pack.benefit.basis)
    return _pricing(pack, Assessment(Outcome.HELD, code, (), (reason,)))


def _row(row: PriceRow, reasons: policy_reasons.Reasons) -> ScheduleRow:
    terms = row.terms
    return ScheduleRow(
        pay_from=row.pay_from,
        pay_until=row.pay_until,
        standard_fen=terms.standard_fen,
        due_fen=terms.due_fen,
        identity=terms.identity,
        shares=tuple(Share(funder=share.funder, amount_fen=share.amount_fen) for share in terms.shares),
        wait=WaitRule(code=terms.wait.code, days=terms.wait.days, months=terms.wait.months),
        benefit=BenefitRule(
            start=terms.benefit.start.value, starts_on=terms.benefit.starts_on, ends_on=terms.benefit.ends_on
        ),
        reasons=tuple(as_reason(reason) for reason in reasons),
    )


def as_reason(reason: policy_reasons.RuleReason) -> Reason:
    """A rule that was tried, as events and answers state it."""
    cited = reason.basis.clause
    clause = cited and Clause(document=cited.document, section=cited.section, quote=cited.quote)
    return Reason(code=reason.code, won=reason.won, text=reason.text, origin=reason.basis.origin, clause=clause)
