"""Every pack with its amounts filled in, and people with all the facts that any of them looks at."""

from datetime import date
from functools import cache

from hypothesis import strategies as st

from shared.domain.identity_number import DocumentType
from shared.policy.facts import Certified, Facts, InsuranceHistory, OtherInsurance, Student
from shared.policy.loader import load_pack
from shared.policy.overrides import with_overrides
from shared.policy.pack import Pack
from shared.policy.schema import OverridesEntry
from shared.policy.vocabulary import (
    BY_AGE,
    Hukou,
    Identity,
    InsuranceStatus,
    InsuranceType,
    Relation,
    Residence,
    SchoolLevel,
)

PACKS = ("luoshan-2024", "anon-city-2023", "tonghe-2023", "shantou-2022", "national-2025")
_AIDED = ("TEKUN", "ORPHAN", "FACTUAL_ORPHAN", "DIBAO", "DIBAO_MARGIN", "RETURN_POVERTY", "POVERTY_MONITORED")
_KINDS = ({"type": "full"}, {"type": "fixed", "amount": "123.45"}, {"type": "percent", "value": "33.33"})
_AMOUNTS = {identity: {**_KINDS[place % 3], "funder": "county_finance"} for place, identity in enumerate(_AIDED)}
_OPEN = {
    "luoshan-2024": {"subsidies": _AMOUNTS},
    "anon-city-2023": {"individual_contribution": "350.01", "fiscal_floor": "610.00"},
    "national-2025": {"subsidies": _AMOUNTS, "serious_illness_cap": "400000.00"},
}


@cache
def configured(pack_id: str) -> Pack:
    """A pack that can price everybody."""
    return with_overrides(load_pack(pack_id), OverridesEntry.model_validate(_OPEN.get(pack_id, {})), name="test")


# A strategy is looked over once; made for each example, that would take longer than what is tested with it.
def days(pack: Pack) -> st.SearchStrategy[date]:
    """Days from before the window to after the benefit year."""
    return _days(pack.windows[0].first.year, pack.benefit.last.year)


@cache
def _days(first_year: int, last_year: int) -> st.SearchStrategy[date]:
    return st.dates(date(first_year, 6, 1), date(last_year + 1, 3, 31))


def held(pack: Pack) -> st.SearchStrategy[tuple[Certified, ...]]:
    """Identities with and without dates."""
    return _held(days(pack))


@cache
def _held(day: st.SearchStrategy[date]) -> st.SearchStrategy[tuple[Certified, ...]]:
    certifiable = st.sampled_from([identity for identity in Identity if identity not in BY_AGE])
    one = st.builds(Certified, certifiable, st.none() | day, st.none() | day)
    return st.lists(one, max_size=4, unique_by=lambda certified: certified.identity).map(tuple)


def people(pack: Pack) -> st.SearchStrategy[Facts]:
    """People about whom everything is known."""
    return _people(days(pack), pack.benefit_year)


@cache
def _people(day: st.SearchStrategy[date], year: int) -> st.SearchStrategy[Facts]:
    insurance = st.builds(
        OtherInsurance,
        st.sampled_from([InsuranceType.NONE, InsuranceType.EMPLOYEE, *InsuranceType]),
        st.sampled_from(list(InsuranceStatus)),
        st.none() | st.integers(year - 1, year + 1),
        st.none() | st.booleans(),
        day.map(lambda each: each.replace(day=28)),
        st.none() | day,
        st.integers(0, 40),
    )
    history = st.builds(
        InsuranceHistory,
        st.none() | st.lists(st.integers(2021, year - 1), max_size=4, unique=True).map(tuple),
        st.lists(st.integers(2021, year - 1), max_size=4, unique=True).map(tuple),
        st.just(()),
        st.none() | st.integers(0, 3),
    )
    return st.builds(
        Facts,
        birth_date=st.dates(date(1930, 1, 1), date(year - 2, 12, 31)) | day,
        registration_date=day,
        hukou=st.sampled_from([Hukou.LOCAL] * 6 + list(Hukou)),
        hukou_note=st.sampled_from([None, "urban", "rural"]),
        residence=st.sampled_from([Residence.IN_AREA_LONG_TERM] * 3 + list(Residence)),
        residence_permit=st.none() | st.booleans(),
        guardian_residence_permit=st.none() | st.booleans(),
        id_type=st.sampled_from([DocumentType.RESIDENT_ID] * 6 + list(DocumentType)),
        other_insurance=st.just(OtherInsurance()) | st.just(OtherInsurance()) | insurance,
        insured_at_origin=st.sampled_from([None] * 6 + [False, True]),
        migrant_worker=st.booleans(),
        newborn=st.booleans(),
        relation=st.none() | st.sampled_from(list(Relation)),
        employed=st.none() | st.booleans(),
        difficult_enterprise=st.none() | st.booleans(),
        student=st.none()
        | st.builds(Student, st.sampled_from(list(SchoolLevel)), st.booleans(), st.none() | st.booleans()),
        child_birth_date=st.dates(date(2010, 1, 1), date(2020, 1, 1)),
        agricultural=st.booleans(),
        discharge_date=day,
        sponsor_discharge_date=day,
        history=history,
    )
