"""The systems that call canbao: whose they are, what they may do and where."""

from dataclasses import dataclass

from simulator.towns import COUNTY, TOWNS


@dataclass(frozen=True, slots=True)
class ClientNeed:
    """An API client to be registered before the season can begin."""

    name: str
    scopes: tuple[str, ...]
    region: str


BUREAU = "medical-security-bureau"  # 县医保局
CIVIL_AFFAIRS = "civil-affairs"  # 县民政局
RURAL = "rural-revitalisation"  # 县乡村振兴局
RESIDENTS = "residents-app"  # the mini-program that residents pay with
TAX_HALL = "tax-hall"  # 县税务征收大厅
TREASURY = "treasury"  # 国库
BANK = "pending-account-bank"  # the bank of 税务待报解账户


def township(region: str) -> str:
    """The service centre of a township (行政审批服务中心), with its villages' clerks."""
    return f"town-{region}"


def needed() -> tuple[ClientNeed, ...]:
    """Every client the season uses: an office may do its own step only, a township's reaches no further than it."""
    counting = ("registration:read", "subsidy:read", "quota:read", "payment:read")
    return (
        ClientNeed(
            BUREAU,
            (*counting, "registration:operate", "quota:write", "payment:operate", "payment:refund"),
            COUNTY,
        ),
        ClientNeed(CIVIL_AFFAIRS, ("subsidy:read", "subsidy:write"), COUNTY),
        ClientNeed(RURAL, ("subsidy:read", "subsidy:write"), COUNTY),
        ClientNeed(RESIDENTS, ("registration:read", "payment:read", "payment:write"), COUNTY),
        ClientNeed(TAX_HALL, ("payment:read", "payment:tax"), COUNTY),
        ClientNeed(TREASURY, ("payment:read", "payment:treasury"), COUNTY),
        ClientNeed(BANK, ("payment:read", "payment:bank"), COUNTY),
        *(
            ClientNeed(
                township(town.region),
                ("registration:read", "registration:write", "subsidy:read", "payment:read", "payment:collect"),
                town.region,
            )
            for town in TOWNS
        ),
    )
