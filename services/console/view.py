"""The page as data: a pure function of what the services answered, with every number already in its written form."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.console import figures
from services.console.summaries import (
    MoneyPosition,
    PaymentSummary,
    QuotaProgress,
    Snapshot,
    SubsidySummary,
    TownProgress,
)
from services.console.translations import LANGUAGES, Lang, Translator
from services.console.verdicts import Level, Verdict, headline, verdicts
from shared.domain.clock import SHANGHAI

NOTHING = MoneyPosition()
WAY = ("village_cash", "channel", "pending", "in_transit", "treasury")


@dataclass(frozen=True, slots=True)
class Tile:
    """One total: its name, its number with a unit, and what it means."""

    key: str
    kind: str
    label: str
    value: str
    unit: str
    remark: str
    filled: int | None = None


@dataclass(frozen=True, slots=True)
class FlowSegment:
    """One part of the money's way: its amount and its place in the bar, in per mille."""

    key: str
    label: str
    amount: str
    share: str
    starts: int
    filled: int


@dataclass(frozen=True, slots=True)
class TownRow:
    """A township's line."""

    key: str
    name: str
    target: str
    registered: str
    enrolled: str
    percent: str | None
    filled: int
    distance: str
    reached: bool
    taken: str
    treasury: str


@dataclass(frozen=True, slots=True)
class PageContent:
    """All that the page shows."""

    lang: str
    area: str
    year: str
    business_date: str | None
    changed_at: str | None
    notices: tuple[str, ...]
    headline: Verdict
    verdicts: tuple[Verdict, ...]
    tiles: tuple[Tile, ...]
    flow: tuple[FlowSegment, ...]
    flow_sum: str
    towns: tuple[TownRow, ...]
    elsewhere: TownRow | None
    total: TownRow | None

    @property
    def level(self) -> Level:
        """The gravest level on the page."""
        return self.headline.level


def page(snapshot: Snapshot, *, lang: Lang, area: str, benefit_year: int) -> PageContent:
    """Lay out a snapshot in one language."""
    translate = Translator(lang)
    quota, payment, registration = snapshot.quota.summary, snapshot.payment.summary, snapshot.registration.summary
    found = verdicts(snapshot, translate)
    day = registration.business_date if registration else None
    return PageContent(
        lang=LANGUAGES[lang],
        area=area,
        year=translate("year", year=benefit_year),
        business_date=day.isoformat() if day else None,
        changed_at=f"{snapshot.changed_at.astimezone(SHANGHAI):%H:%M:%S}" if snapshot.changed_at else None,
        notices=_notices(quota, snapshot.subsidy.summary, translate),
        headline=headline(found, translate),
        verdicts=tuple(found),
        tiles=_tiles(quota, payment, translate),
        flow=_flow(_sum(payment), translate) if payment else (),
        flow_sum=_flow_sum(_sum(payment), translate) if payment else "",
        towns=_rows(quota, payment, translate),
        elsewhere=_elsewhere(quota, payment, translate),
        total=_total(quota, payment, translate),
    )


def _notices(quota: QuotaProgress | None, subsidy: SubsidySummary | None, translate: Translator) -> tuple[str, ...]:
    """What is scaled, illustrative or invented says so before any number."""
    noted = [each for each in (quota.notices if quota else ()) if each.note]
    notices = [translate("notice", note=translate.half(each.note), document=each.document) for each in noted]
    if subsidy and subsidy.amounts:
        notices.append(translate.half(subsidy.amounts))
    return tuple(notices)


def _sum(payment: PaymentSummary) -> MoneyPosition:
    """All the money, what belongs to no township included."""
    return MoneyPosition.total([*payment.towns, payment.unattributed or NOTHING])


def _tiles(quota: QuotaProgress | None, payment: PaymentSummary | None, translate: Translator) -> tuple[Tile, ...]:
    unknown = translate("unknown")
    county = quota.county if quota else None
    money = _sum(payment) if payment else None

    def people(key: str, count: int | None, remark: str = "", filled: int | None = None) -> Tile:
        value = unknown if count is None else figures.people(count)
        return Tile(key, "people", translate(f"tile.{key}"), value, translate("people"), remark, filled)

    def yuan(key: str, fen: int | None, remark: str = "") -> Tile:
        value = unknown if fen is None else figures.yuan(fen)
        return Tile(key, "money", translate(f"tile.{key}"), value, translate("yuan"), remark)

    def share(fen: int) -> str:
        return (
            translate("tile.share", percent=figures.percent(fen, money.taken_fen)) if money and money.taken_fen else ""
        )

    completion, missing, filled = "", "", None
    if county:
        missing = translate("tile.not_enrolled", n=figures.people(max(county.registered - county.enrolled, 0)))
        if county.percent is not None:
            completion = translate("tile.completion", percent=county.percent)
            filled = figures.permille(county.enrolled, county.target)
    return (
        people(
            "target", county.target if county else None, translate("tile.towns", n=len(quota.towns)) if quota else ""
        ),
        people("registered", county.registered if county else None, missing),
        people("enrolled", county.enrolled if county else None, completion, filled),
        yuan(
            "taken",
            money.taken_fen if money else None,
            translate("tile.payments", n=figures.people(money.paid_count)) if money else "",
        ),
        yuan("in_transit", money.in_transit_fen if money else None, share(money.in_transit_fen) if money else ""),
        yuan("treasury", money.treasury_fen if money else None, share(money.treasury_fen) if money else ""),
    )


def _flow(money: MoneyPosition, translate: Translator) -> tuple[FlowSegment, ...]:
    """The money's way as one bar: each part lies in exactly one place."""
    amounts = {key: getattr(money, f"{key}_fen") for key in WAY}
    whole, starts, passed, stretches = _lying(money), 0, 0, []
    for key, fen in amounts.items():
        passed += fen
        ends = figures.permille(passed, whole)  # of the way so far, so that the last part ends where the bar ends
        share = figures.percent(fen, whole)
        stretches.append(FlowSegment(key, translate(f"flow.{key}"), figures.yuan(fen), share, starts, ends - starts))
        starts = ends
    return tuple(stretches)


def _flow_sum(money: MoneyPosition, translate: Translator) -> str:
    whole = _lying(money)
    apart = whole - money.taken_fen
    return translate("flow.apart" if apart else "flow.sum", yuan=figures.yuan(whole), apart=figures.yuan(apart))


def _lying(money: MoneyPosition) -> int:
    return sum(getattr(money, f"{key}_fen") for key in WAY)


def _rows(quota: QuotaProgress | None, payment: PaymentSummary | None, translate: Translator) -> tuple[TownRow, ...]:
    money = {town.region: town for town in payment.towns} if payment else None
    if quota is not None:
        return tuple(_row(town, money, translate) for town in quota.towns)
    # Quota has never answered: the money is still shown, under the township's code.
    return tuple(_money_row(town.region, town.region, town, translate) for town in (payment.towns if payment else ()))


def _row(town: TownProgress, money: Mapping[str, MoneyPosition] | None, translate: Translator) -> TownRow:
    theirs = money.get(town.region, NOTHING) if money is not None else None
    reached = town.remaining == 0 and town.target > 0
    distance = figures.people(town.remaining)
    if reached:
        distance = translate("towns.over", n=figures.people(town.over)) if town.over else translate("towns.reached")
    return TownRow(
        key=town.region,
        name=town.name,
        target=figures.people(town.target),
        registered=figures.people(town.registered),
        enrolled=figures.people(town.enrolled),
        percent=town.percent,
        filled=figures.permille(town.enrolled, town.target),
        distance=distance,
        reached=reached,
        taken=figures.yuan(theirs.taken_fen) if theirs else translate("unknown"),
        treasury=figures.yuan(theirs.treasury_fen) if theirs else translate("unknown"),
    )


def _money_row(key: str, name: str, money: MoneyPosition, translate: Translator) -> TownRow:
    unknown = translate("unknown")
    return TownRow(
        key=key,
        name=name,
        target=unknown,
        registered=unknown,
        enrolled=unknown,
        percent=None,
        filled=0,
        distance=unknown,
        reached=False,
        taken=figures.yuan(money.taken_fen),
        treasury=figures.yuan(money.treasury_fen),
    )


def _elsewhere(quota: QuotaProgress | None, payment: PaymentSummary | None, translate: Translator) -> TownRow | None:
    """People and money of no known township, as a line of their own; none when there are neither."""
    known = {town.region for town in quota.towns} if quota else set()
    strays = [town for town in payment.towns if quota and town.region not in known] if payment else []
    money = MoneyPosition.total([*strays, (payment.unattributed if payment else None) or NOTHING])
    people = quota.unattributed if quota else None
    if not (money.taken_fen or money.treasury_fen or (people and people.registered)):
        return None
    line = _money_row("elsewhere", translate("towns.elsewhere"), money, translate)
    return replace(
        line,
        registered=figures.people(people.registered) if people else translate("unknown"),
        enrolled=figures.people(people.enrolled) if people else translate("unknown"),
    )


def _total(quota: QuotaProgress | None, payment: PaymentSummary | None, translate: Translator) -> TownRow | None:
    money = _sum(payment) if payment else None
    if quota is None:
        return (
            _money_row("total", translate("towns.total"), money, translate)
            if money and payment and payment.towns
            else None
        )
    county = TownProgress(region="total", name=translate("towns.total"), **quota.county.model_dump())
    return _row(county, {"total": money} if money else None, translate) if quota.towns else None
