"""Prices people by the policy pack, each distinct combination of facts once, in the words that events speak."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import orjson

from shared.contracts.registration import PersonFacts
from shared.contracts.subsidy import BenefitRule, Clause, Reason, ScheduleRow, Share, WaitRule
from shared.contracts.subsidy import Outcome as OutcomeName
from shared.domain.identity_number import DocumentType
from shared.policy import reasons as policy_reasons
from shared.policy.combination import combination
from shared.policy.facts import Certified, Facts, OtherInsurance
from shared.policy.pack import Pack
from shared.policy.schedule import Assessment, Outcome, Row, schedule
from shared.policy.vocabulary import Hukou, Identity, InsuranceStatus, InsuranceType, ReasonCode, Residence

COMBINATIONS = 8_192  # days of a season x identities x kinds of people: more than a county has


@dataclass(frozen=True, slots=True)
class Pricing:
    """An assessment as it is stored and announced; equal content has one id."""

    id: str
    outcome: OutcomeName
    reason_code: str | None
    schedule: tuple[ScheduleRow, ...]
    reasons: tuple[Reason, ...]

    def row_no_on(self, day: date) -> int | None:
        """The row in force on a day, else the next to come; None where the last is over or there is none."""
        return next((number for number, row in enumerate(self.schedule) if day <= row.pay_until), None)


class Pricer:
    """Prices people under one pack."""

    def __init__(self, pack: Pack) -> None:
        """Price under this pack; a combination that was decided is remembered."""
        self.pack = pack
        self._decide = lru_cache(maxsize=COMBINATIONS)(self._decided)

    def price(self, facts: PersonFacts, identities: Sequence[Certified], benefit_year: int, as_of: date) -> Pricing:
        """What a person owes as things stand on ``as_of``; raises ValueError for facts that no rule knows.

        Another year than the pack's is held: a standard of one year says nothing about the next.
        """
        if benefit_year != self.pack.benefit_year:
            return _other_year(self.pack, benefit_year)
        person = combination(self.pack, _facts(facts, as_of))
        return self._decide(person, tuple(sorted(set(identities), key=_order)), as_of)

    @property
    def decided(self) -> int:
        """How many combinations were decided; everybody else was the same as one of them."""
        return self._decide.cache_info().misses

    def _decided(self, facts: Facts, identities: tuple[Certified, ...], as_of: date) -> Pricing:
        return _pricing(self.pack, schedule(self.pack, facts, identities, as_of))


def certified(identity: str, on: date, withdrawn_on: date | None) -> Certified:
    """A roster line as the rules see it."""
    return Certified(Identity[identity], on, withdrawn_on)


def _order(held: Certified) -> tuple[str, date, date]:
    return held.identity.value, held.on or date.min, held.withdrawn_on or date.max


def _facts(facts: PersonFacts, registered_on: date) -> Facts:
    """Registration says only which other insurance a person has now: it is active."""
    insurance = InsuranceType(facts.other_insurance)
    status = None if insurance is InsuranceType.NONE else InsuranceStatus.ACTIVE
    return Facts(
        birth_date=facts.birth_date,
        registration_date=registered_on,
        hukou=Hukou(facts.hukou),
        hukou_note=facts.hukou_note,
        residence=Residence(facts.residence),
        id_type=DocumentType(facts.document_type),
        other_insurance=OtherInsurance(insurance, status),
        newborn=facts.newborn,
    )


def _pricing(pack: Pack, assessment: Assessment) -> Pricing:
    # What holds for every row stands once, above the rows: an event travels for every enrolment.
    common = set.intersection(*(set(row.reasons) for row in assessment.rows)) if assessment.rows else set()
    rows = tuple(_row(row, tuple(r for r in row.reasons if r not in common)) for row in assessment.rows)
    reasons = tuple(as_reason(reason) for reason in assessment.reasons)
    outcome: OutcomeName = assessment.outcome.value
    reason_code = assessment.reason_code and assessment.reason_code.value
    content = [pack.id, outcome, reason_code, [row.model_dump(mode="json") for row in rows]]
    content.append([reason.model_dump(mode="json") for reason in reasons])
    digest = hashlib.sha256(orjson.dumps(content)).hexdigest()
    return Pricing(digest, outcome, reason_code, rows, reasons)


def _other_year(pack: Pack, benefit_year: int) -> Pricing:
    text = f"没有{benefit_year}年度的政策包，现行为{pack.benefit_year}年度"
    code = ReasonCode.CONFIG_MISSING_CONTRIBUTION
    reason = policy_reasons.Reason("BENEFIT_YEAR", True, text, pack.benefit.basis)
    return _pricing(pack, Assessment(Outcome.HELD, code, (), (reason,)))


def _row(row: Row, reasons: policy_reasons.Reasons) -> ScheduleRow:
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


def as_reason(reason: policy_reasons.Reason) -> Reason:
    """A rule that was tried, as events and answers tell it."""
    cited = reason.basis.clause
    clause = cited and Clause(document=cited.document, section=cited.section, quote=cited.quote)
    return Reason(code=reason.code, won=reason.won, text=reason.text, origin=reason.basis.origin, clause=clause)
