"""The codes that packs, facts and answers share; their names stand in ``shared/names.yaml``."""

from enum import StrEnum

from shared.names import names_of


class Identity(StrEnum):
    """Circumstances that a department certifies and for which government may pay the contribution."""

    TEKUN = "TEKUN"
    ORPHAN = "ORPHAN"
    FACTUAL_ORPHAN = "FACTUAL_ORPHAN"
    CHILD_IN_DIFFICULTY = "CHILD_IN_DIFFICULTY"
    DIBAO = "DIBAO"
    DIBAO_MARGIN = "DIBAO_MARGIN"
    POVERTY_MONITORED = "POVERTY_MONITORED"
    RETURN_POVERTY = "RETURN_POVERTY"
    LIFTED_POLICY = "LIFTED_POLICY"
    STABLE_LIFTED = "STABLE_LIFTED"
    IMMEDIATE_AID = "IMMEDIATE_AID"
    SEVERE_DISABLED = "SEVERE_DISABLED"
    MILD_DISABLED = "MILD_DISABLED"
    PREFERENTIAL_TREATMENT = "PREFERENTIAL_TREATMENT"
    FP_ONLY_CHILD_CERT = "FP_ONLY_CHILD_CERT"
    FP_TWO_DAUGHTER_STERILISED = "FP_TWO_DAUGHTER_STERILISED"
    FP_SPECIAL = "FP_SPECIAL"
    FP_ONE_DAUGHTER = "FP_ONE_DAUGHTER"
    FP_TWO_DAUGHTERS = "FP_TWO_DAUGHTERS"
    FP_ONLY_CHILD_LOST = "FP_ONLY_CHILD_LOST"
    VETERAN_DISCHARGED = "VETERAN_DISCHARGED"
    MILITARY_SPOUSE = "MILITARY_SPOUSE"
    AGE_60_69 = "AGE_60_69"  # these two follow from the birth date, nobody certifies them
    AGE_70_PLUS = "AGE_70_PLUS"

    @property
    def name_zh(self) -> str:
        """The name that the documents use."""
        return names_of("identity")[self].zh


BY_AGE = frozenset({Identity.AGE_60_69, Identity.AGE_70_PLUS})


class Funder(StrEnum):
    """Budgets that pay a share."""

    CENTRAL = "central"
    PROVINCE = "province"
    CITY_FINANCE = "city_finance"
    COUNTY_FINANCE = "county_finance"
    TOWN_FINANCE = "town_finance"
    MEDICAL_ASSISTANCE_FUND = "medical_assistance_fund"
    LOCAL = "local"
    GOVERNMENT_UNSPECIFIED = "government_unspecified"
    UNSPLIT = "unsplit"


class Channel(StrEnum):
    """Ways in which a contribution reaches the fund; ROSTER where nothing is to be paid."""

    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    UNIONPAY_QR = "UNIONPAY_QR"
    TAX_HALL = "TAX_HALL"
    ETAX = "ETAX"
    HENAN_TAX_APP = "HENAN_TAX_APP"
    VILLAGE_CASH = "VILLAGE_CASH"
    BANK_COUNTER = "BANK_COUNTER"
    CCB_YUNONGTONG = "CCB_YUNONGTONG"
    HRB_BANK_WECHAT = "HRB_BANK_WECHAT"
    HRB_BANK_COUNTER = "HRB_BANK_COUNTER"
    SUZHOU_YIBAO_WECHAT = "SUZHOU_YIBAO_WECHAT"
    SUZHOU_TAX_WECHAT = "SUZHOU_TAX_WECHAT"
    WANSHITONG = "WANSHITONG"
    ROSTER = "ROSTER"


class ReasonCode(StrEnum):
    """Why a case is refused or held."""

    NOT_IN_SCOPE = "NOT_IN_SCOPE"
    EMPLOYEE_INSURED = "EMPLOYEE_INSURED"
    INSURED_ELSEWHERE = "INSURED_ELSEWHERE"
    ENROL_AT_SCHOOL = "ENROL_AT_SCHOOL"
    WINDOW_NOT_OPEN = "WINDOW_NOT_OPEN"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    CHANNEL_NOT_ALLOWED = "CHANNEL_NOT_ALLOWED"
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    IMPORT_FAILED = "IMPORT_FAILED"
    CONFIG_MISSING_CONTRIBUTION = "CONFIG_MISSING_CONTRIBUTION"
    SUBSIDY_AMOUNT_NOT_CONFIGURED = "SUBSIDY_AMOUNT_NOT_CONFIGURED"
    NO_RULE_FOR_DATE = "NO_RULE_FOR_DATE"
    ID_NUMBER_REQUIRED = "ID_NUMBER_REQUIRED"
    FACT_MISSING = "FACT_MISSING"  # of a standing assessment; a case that misses a fact is refused when it is asked
    WAITING_EXCEEDS_BENEFIT_PERIOD = "WAITING_EXCEEDS_BENEFIT_PERIOD"


class Hukou(StrEnum):
    """Where a person's household is registered."""

    LOCAL = "local"
    NONLOCAL = "nonlocal"
    FOREIGN = "foreign"
    HMT = "hmt"


class Residence(StrEnum):
    """Where a person lives."""

    IN_AREA_LONG_TERM = "in_area_long_term"
    IN_AREA_SHORT_TERM = "in_area_short_term"
    OUTSIDE_AREA = "outside_area"


class InsuranceType(StrEnum):
    """Another insurance that a person has or had."""

    NONE = "none"
    EMPLOYEE = "employee"
    RESIDENT_ELSEWHERE = "resident_elsewhere"


class InsuranceStatus(StrEnum):
    """How that other insurance stands."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


class Relation(StrEnum):
    """On whom a foreigner's right to enrol depends."""

    SPOUSE_OF_FOREIGN_WORKER = "SPOUSE_OF_FOREIGN_WORKER"
    CHILD_OF_FOREIGN_WORKER = "CHILD_OF_FOREIGN_WORKER"
    SPOUSE_OF_CITIZEN = "SPOUSE_OF_CITIZEN"


class SchoolLevel(StrEnum):
    """What kind of school a person goes to."""

    COLLEGE = "college"
    SECONDARY_VOCATIONAL = "secondary_vocational"
    SECONDARY = "secondary"
    PRIMARY = "primary"
    PRESCHOOL = "preschool"


class RefundReason(StrEnum):
    """Why somebody asks for the contribution back."""

    DUPLICATE_PAYMENT = "DUPLICATE_PAYMENT"
    JOINED_EMPLOYEE_INSURANCE = "JOINED_EMPLOYEE_INSURANCE"
    RESIDENT_INSURANCE_ELSEWHERE = "RESIDENT_INSURANCE_ELSEWHERE"
    DEATH = "DEATH"
    CHANGED_MIND = "CHANGED_MIND"
    BECAME_SUBSIDISED = "BECAME_SUBSIDISED"


class EnrolmentStatus(StrEnum):
    """How an enrolment stands after what was asked."""

    PAID = "PAID"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"
    IMPORT_FAILED_REFUNDED = "IMPORT_FAILED_REFUNDED"
