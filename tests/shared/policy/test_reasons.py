"""Reasons explain the decision: a refusal ends in the rule that won; of the reliefs one wins, the others say why."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.identity_number import DocumentType
from shared.policy.conditions import Conditions
from shared.policy.decision import decide
from shared.policy.facts import CasePayment, Certified, Facts, InsuranceHistory, MissingFact, OtherInsurance, Student
from shared.policy.loader import load_pack
from shared.policy.overrides import with_overrides
from shared.policy.pack import Pack, Relief, ReliefKind
from shared.policy.reasons import Reasons, Ruling
from shared.policy.schema import OverridesEntry
from shared.policy.vocabulary import (
    Funder,
    Identity,
    InsuranceStatus,
    InsuranceType,
    SchoolLevel,
)
from tests.shared.policy.everywhere import PACKS, configured, days, held, people

SHANTOU, TONGHE, LUOSHAN = load_pack("shantou-2022"), load_pack("tonghe-2023"), load_pack("luoshan-2024")


def _of_relief(reasons: Reasons) -> dict[str, bool]:
    return {reason.code: reason.won for reason in reasons if reason.code.startswith("RELIEF_")}


@pytest.mark.parametrize("pack_id", PACKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_reasons_are_the_decision(pack_id: str, data: st.DataObject) -> None:
    pack = configured(pack_id)
    facts, identities = data.draw(people(pack)), data.draw(held(pack))
    try:
        decision = decide(pack, facts, identities, CasePayment(data.draw(days(pack))))
    except MissingFact:
        assume(False)
    if decision.ruling is not Ruling.ACCEPT:
        assert decision.reasons[-1].won
        return
    won = [code for code, is_won in _of_relief(decision.reasons).items() if is_won]
    assert won == ([f"RELIEF_{decision.terms.identity}"] if decision.terms and decision.terms.identity else [])
    windows = [reason.won for reason in decision.reasons if reason.code in ("WINDOW", "NEWBORN")]
    assert any(windows)
    assert [reason.won for reason in decision.reasons if reason.code == "WINDOW"].count(True) <= 1
    repaired = {reason.won for reason in decision.reasons if reason.code == "REPAIR"}
    assert repaired <= {bool(decision.terms and decision.terms.repairs)}


def _person(day: date) -> Facts:
    return Facts(birth_date=date(1980, 1, 1), registration_date=day)


def _texts(pack: Pack, day: date, *identities: Identity) -> dict[str, str]:
    decision = decide(pack, _person(day), [Certified(one) for one in identities], CasePayment(day))
    return {reason.code: reason.text for reason in decision.reasons}


def test_a_lesser_relief_says_how_much_less_an_equal_one_that_it_came_later() -> None:
    day = date(2021, 11, 1)
    lesser = _texts(SHANTOU, day, Identity.DIBAO, Identity.POVERTY_MONITORED)
    assert "160.00元，低于低保对象的280.00元" in lesser["RELIEF_POVERTY_MONITORED"]
    equal = _texts(SHANTOU, day, Identity.TEKUN, Identity.ORPHAN)
    assert "与特困人员同为320.00元" in equal["RELIEF_ORPHAN"]


def test_an_open_amount_beside_a_full_relief_loses_and_alone_holds() -> None:
    one_full = OverridesEntry.model_validate({"subsidies": {"TEKUN": {"type": "full", "funder": "county_finance"}}})
    pack, day = with_overrides(load_pack("luoshan-2024"), one_full, name="test"), date(2023, 11, 1)
    beside = decide(pack, _person(day), [Certified(Identity.TEKUN), Certified(Identity.DIBAO)], CasePayment(day))
    assert (_of_relief(beside.reasons)["RELIEF_TEKUN"], _of_relief(beside.reasons)["RELIEF_DIBAO"]) == (True, False)
    alone = decide(pack, _person(day), [Certified(Identity.DIBAO)], CasePayment(day))
    assert alone.ruling is Ruling.HOLD
    assert (alone.reasons[-1].code, alone.reasons[-1].won) == ("RELIEF_DIBAO", True)


_FULL, _TWO, _OPEN, _NONE = (ReliefKind.FULL, 0), (ReliefKind.FIXED, 20_000), (ReliefKind.OPEN, 0), (ReliefKind.NONE, 0)


@pytest.mark.parametrize(
    ("known", "unknown", "unknown_first", "asked"),
    [
        (None, _TWO, False, True),
        (None, _OPEN, False, True),
        (None, _NONE, False, False),
        (_TWO, _NONE, True, False),
        (_FULL, _OPEN, True, False),
        (_TWO, _OPEN, False, True),
        (_TWO, (ReliefKind.FIXED, 20_001), False, True),
        (_TWO, _TWO, True, True),
        (_TWO, _TWO, False, False),
        (_TWO, (ReliefKind.FIXED, 19_999), True, False),
        (_TWO, (ReliefKind.FIXED, 19_999), False, False),
        (_FULL, _FULL, False, False),
        (_FULL, _FULL, True, True),
    ],
)
def test_a_fact_is_asked_for_only_where_it_could_change_who_pays(
    known: tuple[ReliefKind, int] | None, unknown: tuple[ReliefKind, int], unknown_first: bool, asked: bool
) -> None:
    pack, day = load_pack("luoshan-2024"), date(2023, 11, 1)
    model = replace(pack.reliefs[0], funders=((Funder.COUNTY_FINANCE, 10_000),))

    def relief(identity: Identity, kind: tuple[ReliefKind, int], whom: Conditions) -> Relief:
        return replace(model, identity=identity, kind=kind[0], amount_fen=kind[1], whom=whom)

    doubtful = relief(Identity.FP_ONLY_CHILD_CERT, unknown, Conditions(agricultural=True))
    certain = () if known is None else (relief(Identity.DIBAO, known, Conditions()),)
    pack = replace(pack, reliefs=(doubtful, *certain) if unknown_first else (*certain, doubtful))
    held = [Certified(Identity.FP_ONLY_CHILD_CERT), Certified(Identity.DIBAO)]
    if asked:
        with pytest.raises(MissingFact):
            decide(pack, _person(day), held, CasePayment(day))
    else:
        terms = decide(pack, _person(day), held, CasePayment(day)).terms
        assert terms is not None
        assert terms.identity == (None if known is None else Identity.DIBAO)


def test_who_has_to_enrol_at_the_school_or_paid_another_amount_reads_the_rule_that_won() -> None:
    day = date(2021, 11, 1)
    elsewhere = replace(_person(day), student=Student(SchoolLevel.COLLEGE, school_in_area=False, full_time=True))
    school = decide(SHANTOU, elsewhere, (), CasePayment(day)).reasons[-1]
    assert (school.code, school.won) == ("ENROL_AT_SCHOOL", True)
    amount = decide(SHANTOU, _person(day), (), CasePayment(day, tendered_fen=1)).reasons[-1]
    assert (amount.code, amount.won) == ("AMOUNT_MISMATCH", True)


def test_of_several_unknown_facts_the_first_is_asked_for() -> None:
    day = date(2022, 3, 10)
    left = OtherInsurance(InsuranceType.EMPLOYEE, InsuranceStatus.ENDED)
    with pytest.raises(MissingFact, match="continuous_months"):
        decide(
            SHANTOU,
            replace(_person(day), other_insurance=left),
            [Certified(Identity.VETERAN_DISCHARGED)],
            CasePayment(day),
        )


@pytest.mark.parametrize(("pack", "first"), [(SHANTOU, "2021-09-25"), (TONGHE, "2022-09-01")])
def test_who_is_early_reads_from_when_money_may_come(pack: Pack, first: str) -> None:
    day = date.fromisoformat(first) - timedelta(1)
    refused = decide(pack, _person(day), (), CasePayment(day)).reasons[-1]
    assert (refused.code, refused.won, refused.basis) == ("WINDOW_NOT_OPEN", True, pack.windows[0].basis)
    assert refused.text == f"缴费期自{first}起"


def test_a_newborn_who_is_early_reads_the_first_newborn_rule() -> None:
    day = date(2022, 8, 31)
    refused = decide(TONGHE, Facts(day, day, newborn=True), (), CasePayment(day)).reasons[-1]
    assert TONGHE.newborns is not None
    assert (refused.code, refused.won, refused.basis) == ("WINDOW_NOT_OPEN", True, TONGHE.newborns.rules[0].basis)
    assert refused.text == "新生儿登记自2022-09-01起"


def test_a_newborn_in_time_reads_both_the_days_and_the_rule() -> None:
    day = date(2022, 11, 1)
    found = decide(TONGHE, Facts(day, day, newborn=True), (), CasePayment(day)).reasons
    assert {reason.code: reason.won for reason in found} | {"NEWBORN_DAYS": True, "NEWBORN": True} == {
        reason.code: reason.won for reason in found
    }


def test_a_newborn_without_a_number_reads_what_holds_it() -> None:
    day = date(2022, 5, 1)
    born = Facts(day, day, newborn=True, id_type=DocumentType.BIRTH_CERTIFICATE)
    held_by = decide(SHANTOU, born, (), CasePayment(day)).reasons[-1]
    assert (held_by.code, held_by.won) == ("ID_NUMBER", True)


@pytest.mark.parametrize(
    ("student", "identities"),
    [
        (Student(SchoolLevel.COLLEGE, school_in_area=True, full_time=True), ()),
        (Student(SchoolLevel.COLLEGE, school_in_area=False, full_time=False), ()),
        (Student(SchoolLevel.COLLEGE, school_in_area=False, full_time=True), (Certified(Identity.DIBAO),)),
    ],
)
def test_a_student_who_need_not_enrol_elsewhere_reads_that_the_school_rule_lost(
    student: Student, identities: tuple[Certified, ...]
) -> None:
    day = date(2021, 11, 1)
    decision = decide(SHANTOU, replace(_person(day), student=student), identities, CasePayment(day))
    assert decision.ruling is Ruling.ACCEPT
    assert {reason.code: reason.won for reason in decision.reasons}["SCHOOL"] is False


def test_an_identity_without_relief_and_one_whose_conditions_fail_have_lost() -> None:
    day = date(2021, 11, 1)
    too_late = replace(_person(day), child_birth_date=date(2016, 1, 1), agricultural=True)
    identities = [Certified(Identity.FP_ONLY_CHILD_CERT), Certified(Identity.STABLE_LIFTED)]
    found = _of_relief(decide(SHANTOU, too_late, identities, CasePayment(day)).reasons)
    assert (found["RELIEF_FP_ONLY_CHILD_CERT"], found["RELIEF_STABLE_LIFTED"]) == (False, False)


def test_between_two_windows_money_comes_too_late_for_the_first() -> None:
    first, later = SHANTOU.windows[0], replace(SHANTOU.windows[0], first=date(2022, 3, 1), last=date(2022, 3, 31))
    pack = replace(SHANTOU, windows=(first, later))
    for day, code in ((date(2021, 9, 24), "WINDOW_NOT_OPEN"), (date(2022, 2, 1), "WINDOW_CLOSED")):
        assert decide(pack, _person(day), (), CasePayment(day)).reason_code == code
    others = replace(SHANTOU, windows=(replace(first, whom=Conditions(migrant_worker=True)),))
    assert decide(others, _person(first.first), (), CasePayment(first.first)).reason_code == "WINDOW_CLOSED"


@pytest.mark.parametrize(
    ("repair", "stated", "repaired"),
    [
        (None, "连续断保3年，等待5个月", None),
        (1, "连续断保3年，等待4个月", True),
        (2, "连续断保3年，等待3个月", True),
    ],
)
def test_a_break_says_how_long_it_makes_somebody_wait(repair: int | None, stated: str, repaired: bool | None) -> None:
    given = OverridesEntry(benefit_year=2028, individual_contribution="400.00")
    pack = with_overrides(load_pack("national-2025"), given, name="test")
    day = pack.windows[0].first
    history = InsuranceHistory(enrolled=(2024,), missed=(2025, 2026, 2027), repaired=repair)
    decision = decide(pack, replace(_person(day), history=history), (), CasePayment(day))
    found = {reason.code: reason for reason in decision.reasons}
    assert (found["NOT_CONTINUOUS"].text, found["NOT_CONTINUOUS"].won) == (stated, True)
    assert (found["REPAIR"].won if "REPAIR" in found else None) is repaired
    assert decision.terms is not None
    assert len(decision.terms.repairs) == (repair or 0)


def test_a_repair_that_shortens_no_wait_is_refused_and_not_charged() -> None:
    given = OverridesEntry(benefit_year=2029, individual_contribution="400.00")
    pack = with_overrides(load_pack("national-2025"), given, name="test")
    day = pack.windows[0].first
    history = InsuranceHistory(enrolled=(2024,), missed=(2025, 2026, 2027, 2028), repaired=1)
    decision = decide(pack, replace(_person(day), history=history), (), CasePayment(day))
    found = {reason.code: reason for reason in decision.reasons}
    assert (found["NOT_CONTINUOUS"].text, found["REPAIR"].won) == ("连续断保4年，等待6个月", False)
    assert decision.terms is not None
    assert decision.terms.repairs == ()


def test_a_place_may_add_months_from_a_later_year_on() -> None:
    given = OverridesEntry(benefit_year=2027, individual_contribution="400.00")
    pack = with_overrides(load_pack("national-2025"), given, name="test")
    assert pack.continuity is not None
    day = pack.windows[0].first
    for first_variable, months in ((1, 5), (2, 4), (3, 3), (4, 3)):
        later = replace(pack, continuity=replace(pack.continuity, first_variable=first_variable))
        history = InsuranceHistory(enrolled=(2024,), missed=(2025, 2026))
        decision = decide(later, replace(_person(day), history=history), (), CasePayment(day))
        assert decision.terms is not None
        assert decision.terms.wait.months == months
