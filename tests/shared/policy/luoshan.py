"""The county's pack and its people as the policy tests use them."""

from datetime import date
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from shared.domain.identity_number import DocumentType
from shared.policy.facts import Certified, Facts, OtherInsurance
from shared.policy.loader import load_pack
from shared.policy.pack import Pack
from shared.policy.vocabulary import Hukou, Identity, InsuranceStatus, InsuranceType, Residence

ROOT = Path(__file__).parents[3]
AMOUNTS = ROOT / "deploy/counties/luoshan-2024/example-amounts.yaml"

DAYS = st.dates(date(2023, 1, 1), date(2024, 12, 31))
IDENTITIES = st.lists(
    st.builds(Certified, st.sampled_from(list(Identity)), st.none() | DAYS, st.none() | DAYS),
    max_size=4,
    unique_by=lambda certified: certified.identity,
).map(tuple)
INSURANCES = st.builds(
    OtherInsurance,
    st.sampled_from([InsuranceType.NONE, *InsuranceType]),
    st.none() | st.sampled_from(list(InsuranceStatus)),
    st.none() | st.integers(2023, 2025),
    st.none() | st.booleans(),
)
PEOPLE = st.builds(
    Facts,
    birth_date=st.dates(date(1920, 1, 1), date(2023, 12, 31)),
    registration_date=DAYS,
    hukou=st.sampled_from([Hukou.LOCAL, *Hukou]),
    residence=st.sampled_from(list(Residence)),
    id_type=st.sampled_from(list(DocumentType)),
    other_insurance=INSURANCES,
    migrant_worker=st.booleans(),
)


def person(**changes: object) -> Facts:
    """A local farmer registered in the window, changed where a test needs it."""
    facts: dict[str, object] = {"birth_date": date(1980, 5, 1), "registration_date": date(2023, 11, 5), **changes}
    return Facts(**facts)  # type: ignore[arg-type]


def certified(identity: str, on: date | None = None) -> Certified:
    """An identity that a department certified."""
    return Certified(Identity(identity), on)


@cache
def luoshan() -> Pack:
    """The pack as the document leaves it: no amounts for the identities it lists."""
    return load_pack("luoshan-2024")


@cache
def luoshan_with_amounts() -> Pack:
    """The pack with the county's invented example amounts."""
    return load_pack("luoshan-2024", overrides=AMOUNTS)
