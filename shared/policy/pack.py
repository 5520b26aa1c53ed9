"""A locality's year as frozen values: what its document says, and on which words each rule stands."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.domain.identity_number import DocumentType
from shared.domain.region import RegionCode
from shared.policy.vocabulary import Channel, Funder, Hukou, Identity, InsuranceStatus, Residence


@dataclass(frozen=True, slots=True)
class Clause:
    """Where a rule is written, and the words themselves."""

    document: str
    section: str
    quote: str


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a rule stands: the document, a numbered default where the document is silent, or something external."""

    origin: str
    says: str
    clause: Clause | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one funder pays, in fen."""

    funder: Funder
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Fiscal:
    """The fiscal subsidy that accompanies each enrolment; a floor, split over budgets where the document splits it."""

    floor_fen: int
    shares: tuple[Share, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Standard:
    """The individual contribution for payments between two dates, both included; None where it is not configured."""

    first: date
    last: date
    individual_fen: int | None
    fiscal: Fiscal | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a person waits for benefits after the anchor day; no code means no wait."""

    code: str | None = None
    days: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """Days on which a contribution may be paid, both included, for everybody or for migrant workers only."""

    first: date
    last: date
    basis: Basis
    migrant_workers_only: bool = False
    wait: Wait = Wait()


class ReliefKind(StrEnum):
    """How much of the contribution a relief pays."""

    FULL = "full"
    FIXED = "fixed"
    PERCENT = "percent"
    OPEN = "open"  # named by the document without an amount


@dataclass(frozen=True, slots=True)
class Relief:
    """What government pays of the contribution for one identity; the first funder takes what does not divide."""

    identity: Identity
    kind: ReliefKind
    basis: Basis
    amount_fen: int = 0
    basis_points: int = 0
    funders: tuple[tuple[Funder, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """One group that the document takes in; None stands for any."""

    code: str
    hukou: frozenset[Hukou]
    residence: frozenset[Residence] | None
    id_types: frozenset[DocumentType] | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Who is out because of another insurance."""

    employee_statuses: frozenset[InsuranceStatus]
    employee: Basis
    elsewhere_statuses: frozenset[InsuranceStatus]
    elsewhere: Basis


@dataclass(frozen=True, slots=True)
class BenefitYear:
    """The days on which a person is covered who waits for nothing."""

    first: date
    last: date
    basis: Basis


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbered defaults for what the document leaves open, each with the basis that is cited."""

    several_identities: Basis
    equal_relief: Basis
    open_amount: Basis
    not_listed: Basis
    rounding: Basis
    late_payment: Basis
    late_payment_holds: bool
    extension: Basis
    extension_migrant_workers_only: bool
    wait_counting: Basis
    wait_past_period: Basis


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that decides about one locality's benefit year."""

    id: str
    name: str
    document: str
    region: RegionCode
    benefit_year: int
    benefit: BenefitYear
    standards: tuple[Standard, ...]
    windows: tuple[Window, ...]
    exclusions: Exclusions
    scope: tuple[ScopeRule, ...]
    out_of_scope: Basis
    reliefs: tuple[Relief, ...]
    channels: frozenset[Channel]
    channels_basis: Basis
    settings: Settings
    overrides_label: str | None = None

    def relief_for(self, identity: Identity) -> Relief | None:
        """The relief that names an identity, if the pack lists it."""
        return next((relief for relief in self.reliefs if relief.identity is identity), None)
