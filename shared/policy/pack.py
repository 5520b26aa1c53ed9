"""A locality's year as frozen values: what its document says, and on which words each rule stands."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.domain.region import RegionCode
from shared.policy.conditions import ANYBODY, Conditions
from shared.policy.vocabulary import Channel, Funder, Identity, InsuranceStatus, RefundReason, SchoolLevel


@dataclass(frozen=True, slots=True)
class QuotedClause:
    """Where a rule is written, and the words themselves."""

    document: str
    section: str
    quote: str


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a rule stands: the document, a numbered default where the document is silent, or something external."""

    origin: str
    says: str
    clause: QuotedClause | None = None


@dataclass(frozen=True, slots=True)
class FunderShare:
    """What one funder pays, in fen."""

    funder: Funder
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Fiscal:
    """The fiscal subsidy that accompanies each enrolment; a floor, split over budgets where the document splits it."""

    floor_fen: int | None  # None where the document names none
    shares: tuple[FunderShare, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Standard:
    """The individual contribution for payments between two dates, both included; None where it is not configured."""

    first: date
    last: date
    individual_fen: int | None
    fiscal: Fiscal | None
    basis: Basis
    aided_as_fen: int | None = None  # what a percentage is taken of, where that is not the contribution itself


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a person waits for benefits after the anchor day; no code means no wait."""

    code: str | None = None
    days: int = 0
    months: int = 0


class CoverFrom(StrEnum):
    """From when a payment covers the person."""

    YEAR_START = "YEAR_START"
    DAY_AFTER_WAIT = "DAY_AFTER_WAIT"
    BIRTH = "BIRTH"


@dataclass(frozen=True, slots=True)
class YearStandard:
    """What a yearly notice says of another benefit year than the pack's own, in fen."""

    benefit_year: int
    individual_fen: int
    fiscal: Fiscal
    basis: Basis


@dataclass(frozen=True, slots=True)
class Window:
    """Days on which a contribution may be paid, both included, and by whom; the first that fits a person is theirs."""

    first: date
    last: date
    basis: Basis
    whom: Conditions = ANYBODY
    wait: Wait = Wait()
    cover: CoverFrom = CoverFrom.YEAR_START
    late: bool = False  # after the collecting time
    before_year: bool = False  # cover from birth may begin before the benefit year
    priced_as_on: date | None = None  # more time to pay changes no price: that of this day holds


@dataclass(frozen=True, slots=True)
class Premium:
    """The contribution of one benefit year, in fen."""

    benefit_year: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class NewbornRule:
    """What a newborn owes who is registered between two dates, both included; cover begins at birth."""

    first: date
    last: date
    premiums: tuple[Premium, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Newborns:
    """Until which day of life a newborn rule holds, and the rules by day of registration."""

    days_max: int
    days_basis: Basis
    rules: tuple[NewbornRule, ...]
    needs_number: Basis | None  # where a birth certificate alone holds the case
    no_rule: Basis
    older_as_anybody: bool  # beyond those days like any resident, else under rules of their own


@dataclass(frozen=True, slots=True)
class SchoolRule:
    """Who has to enrol at the school, and whom that leaves the choice."""

    levels: frozenset[SchoolLevel]
    may_choose: frozenset[Identity]
    basis: Basis


@dataclass(frozen=True, slots=True)
class SchoolLists:
    """Pupils about whom the school reports who has paid."""

    levels: frozenset[SchoolLevel]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Continuity:
    """Waits after missed years: fixed months, one more per further missed year, one less per repaired year."""

    since: int  # the first benefit year whose missing counts
    fixed_months: int
    first_variable: int  # the how-many-th missed year adds the first month
    long_break_years: int
    long_break_floor_months: int
    exempt: tuple[Conditions, ...]
    basis: Basis
    repair: Basis


@dataclass(frozen=True, slots=True)
class Incentives:
    """How the serious illness ceiling rises; amounts in fen, None where nobody configured the ceiling."""

    since: int
    after_years: int
    continuous_step_fen: int
    zero_claim_step_fen: int
    most_basis_points: int
    ceiling_fen: int | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Refunds:
    """For what events before the first covered day the contribution goes back."""

    reasons: frozenset[RefundReason]
    basis: Basis
    refused: Basis
    days_to_apply: int | None  # after the benefit period began, for an event before it; None: until its end


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of something, the day included."""

    until: date
    basis: Basis


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a place has to reach: coverage in basis points and whether exactly that is enough, in insured people too."""

    coverage_basis_points: int | None
    inclusive: bool
    at_least_last_year: bool
    subsidised_basis_points: int | None
    basis: Basis
    subsidised_basis: Basis | None = None
    targets: tuple[tuple[str, int], ...] = ()  # persons by township, as the document names them
    targets_basis: Basis | None = None
    corrections: Deadline | None = None
    clearing: Deadline | None = None


class ReliefKind(StrEnum):
    """How much of the contribution a relief pays."""

    FULL = "full"
    FIXED = "fixed"
    PERCENT = "percent"
    NONE = "none"  # named by the document to say that it gets nothing
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
    whom: Conditions = ANYBODY


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """One group that the document takes in: anybody who meets its conditions."""

    code: str
    whom: Conditions
    basis: Basis


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Who is out because of another insurance."""

    employee_statuses: frozenset[InsuranceStatus]
    suspended_for: Conditions  # whom suspending employee insurance lets in; anybody unless the document says whom
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
class NumberedDefaults:
    """Numbered defaults for what the document leaves open, each with the basis that is cited."""

    several_identities: Basis
    equal_relief: Basis
    open_amount: Basis
    not_listed: Basis
    rounding: Basis
    late_payment: Basis
    late_payment_holds: bool
    extension: Basis
    extension_for: Conditions
    wait_counting: Basis
    wait_past_period: Basis
    identity_after_payment: Basis
    holidays: Basis
    roster_in_force: Basis
    refund_event: Basis
    double_charge: Basis


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
    channels_open: bool  # the list is of examples
    channels_basis: Basis
    channels_exclusive: bool  # not even a roster enrols somebody who still owes
    refunds: Refunds
    evaluation: Evaluation
    settings: NumberedDefaults
    newborns: Newborns | None = None
    school: SchoolRule | None = None
    school_lists: SchoolLists | None = None
    continuity: Continuity | None = None
    incentives: Incentives | None = None
    yearly: tuple[YearStandard, ...] = ()
    overrides_label: str | None = None

    def relief_for(self, identity: Identity) -> Relief | None:
        """The relief that names an identity, if the pack lists it."""
        return next((relief for relief in self.reliefs if relief.identity is identity), None)
