"""The systems that call canbao: their owners, scopes and regions."""

from dataclasses import dataclass

from simulator.localities.locality import Locality


@dataclass(frozen=True, slots=True)
class ClientNeed:
    """An API client to be registered before the season can begin."""

    name: str
    scopes: tuple[str, ...]
    region: str


BUREAU = "medical-security-bureau"  # 县医保局
CIVIL_AFFAIRS = "civil-affairs"  # 县民政局
RURAL = "rural-revitalisation"  # 县乡村振兴局
DISABLED = "disabled-persons-federation"  # 县残联
HEALTH = "health-commission"  # 县卫生健康委
VETERANS = "veterans-affairs"  # 县退役军人事务局
RESIDENTS = "residents-app"  # the mini-program that residents pay with
TAX_HALL = "tax-hall"  # 县税务征收大厅
TREASURY = "treasury"  # 国库
BANK = "pending-account-bank"  # the bank of 税务待报解账户


_CERTIFIES = {
    **dict.fromkeys(("POVERTY_MONITORED", "RETURN_POVERTY", "LIFTED_POLICY", "STABLE_LIFTED", "IMMEDIATE_AID"), RURAL),
    **dict.fromkeys(("SEVERE_DISABLED", "MILD_DISABLED"), DISABLED),
    **dict.fromkeys(("FP_ONLY_CHILD_CERT", "FP_TWO_DAUGHTER_STERILISED", "FP_SPECIAL"), HEALTH),
    **dict.fromkeys(("FP_ONE_DAUGHTER", "FP_TWO_DAUGHTERS", "FP_ONLY_CHILD_LOST"), HEALTH),
    **dict.fromkeys(("PREFERENTIAL_TREATMENT", "VETERAN_DISCHARGED", "MILITARY_SPOUSE"), VETERANS),
}


def certifier(identity: str) -> str:
    """The department that certifies an identity."""
    return _CERTIFIES.get(identity, CIVIL_AFFAIRS)


def certifying(locality: Locality) -> list[str]:
    """The departments whose rosters a place needs."""
    declared = (story.identity for story in locality.stories if story.identity)
    return sorted({certifier(identity) for identity in (*locality.shares, locality.late_identity, *declared)})


def township(region: str) -> str:
    """The service centre of a township (行政审批服务中心), with its villages' clerks."""
    return f"town-{region}"


def needed(locality: Locality) -> tuple[ClientNeed, ...]:
    """Every client the season uses: an office may do its own step only, a township's reaches no further than it."""
    county = locality.county
    counting = ("registration:read", "subsidy:read", "quota:read", "payment:read")
    return (
        ClientNeed(
            BUREAU,
            (*counting, "registration:operate", "quota:write", "payment:operate", "payment:refund", "payment:approve"),
            county,
        ),
        *(ClientNeed(name, ("subsidy:read", "subsidy:write"), county) for name in certifying(locality)),
        ClientNeed(RESIDENTS, ("registration:read", "payment:read", "payment:write"), county),
        ClientNeed(TAX_HALL, ("payment:read", "payment:tax"), county),
        ClientNeed(TREASURY, ("payment:read", "payment:treasury"), county),
        ClientNeed(BANK, ("payment:read", "payment:bank"), county),
        *(
            ClientNeed(
                township(town.region),
                ("registration:read", "registration:write", "subsidy:read", "payment:read", "payment:collect"),
                town.region,
            )
            for town in locality.towns
        ),
    )
