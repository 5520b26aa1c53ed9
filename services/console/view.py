"""The page as data: a pure function of what the services answered, with every number already in its written form."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.console import figures
from services.console.summaries import Money, PaymentSummary, QuotaProgress, Snapshot, SubsidySummary, TownStanding
from services.console.verdicts import Level, Verdict, headline, verdicts
from services.console.words import LANGUAGES, Lang, Say
from shared.domain.clock import SHANGHAI

NOTHING = Money()
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
class Stretch:
    """One part of the money's way: its amount and its place in the bar, in per mille."""

    key: str
    label: str
    amount: str
    share: str
    starts: int
    filled: int


@dataclass(frozen=True, slots=True)
class Row:
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
class Page:
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
    flow: tuple[Stretch, ...]
    flow_sum: str
    towns: tuple[Row, ...]
    elsewhere: Row | None
    total: Row | None

    @property
    def level(self) -> Level:
        """The gravest level on the page."""
        return self.headline.level


def page(snapshot: Snapshot, *, lang: Lang, area: str, benefit_year: int) -> Page:
    """Lay out a snapshot in one language."""
    say = Say(lang)
    quota, payment, registration = snapshot.quota.summary, snapshot.payment.summary, snapshot.registration.summary
    found = verdicts(snapshot, say)
    day = registration.business_date if registration else None
    return Page(
        lang=LANGUAGES[lang],
        area=area,
        year=say("year", year=benefit_year),
        business_date=day.isoformat() if day else None,
        changed_at=f"{snapshot.changed_at.astimezone(SHANGHAI):%H:%M:%S}" if snapshot.changed_at else None,
        notices=_notices(quota, snapshot.subsidy.summary, say),
        headline=headline(found, say),
        verdicts=tuple(found),
        tiles=_tiles(quota, payment, say),
        flow=_flow(_sum(payment), say) if payment else (),
        flow_sum=_flow_sum(_sum(payment), say) if payment else "",
        towns=_rows(quota, payment, say),
        elsewhere=_elsewhere(quota, payment, say),
        total=_total(quota, payment, say),
    )


def _notices(quota: QuotaProgress | None, subsidy: SubsidySummary | None, say: Say) -> tuple[str, ...]:
    """What is scaled, illustrative or invented says so before any number."""
    noted = [each for each in (quota.notices if quota else ()) if each.note]
    notices = [say("notice", note=say.half(each.note), document=each.document) for each in noted]
    if subsidy and subsidy.amounts:
        notices.append(say.half(subsidy.amounts))
    return tuple(notices)


def _sum(payment: PaymentSummary) -> Money:
    """All the money, what belongs to no township included."""
    return Money.total([*payment.towns, payment.unattributed or NOTHING])


def _tiles(quota: QuotaProgress | None, payment: PaymentSummary | None, say: Say) -> tuple[Tile, ...]:
    unknown = say("unknown")
    county = quota.county if quota else None
    money = _sum(payment) if payment else None

    def people(key: str, count: int | None, remark: str = "", filled: int | None = None) -> Tile:
        value = unknown if count is None else figures.people(count)
        return Tile(key, "people", say(f"tile.{key}"), value, say("people"), remark, filled)

    def yuan(key: str, fen: int | None, remark: str = "") -> Tile:
        value = unknown if fen is None else figures.yuan(fen)
        return Tile(key, "money", say(f"tile.{key}"), value, say("yuan"), remark)

    def share(fen: int) -> str:
        return say("tile.share", percent=figures.percent(fen, money.taken_fen)) if money and money.taken_fen else ""

    completion, missing, filled = "", "", None
    if county:
        missing = say("tile.not_enrolled", n=figures.people(max(county.registered - county.enrolled, 0)))
        if county.percent is not None:
            completion = say("tile.completion", percent=county.percent)
            filled = figures.permille(county.enrolled, county.target)
    return (
        people("target", county.target if county else None, say("tile.towns", n=len(quota.towns)) if quota else ""),
        people("registered", county.registered if county else None, missing),
        people("enrolled", county.enrolled if county else None, completion, filled),
        yuan(
            "taken",
            money.taken_fen if money else None,
            say("tile.payments", n=figures.people(money.paid_count)) if money else "",
        ),
        yuan("in_transit", money.in_transit_fen if money else None, share(money.in_transit_fen) if money else ""),
        yuan("treasury", money.treasury_fen if money else None, share(money.treasury_fen) if money else ""),
    )


def _flow(money: Money, say: Say) -> tuple[Stretch, ...]:
    """The money's way as one bar: each part lies in exactly one place."""
    amounts = {key: getattr(money, f"{key}_fen") for key in WAY}
    whole, starts, passed, stretches = _lying(money), 0, 0, []
    for key, fen in amounts.items():
        passed += fen
        ends = figures.permille(passed, whole)  # of the way so far, so that the last part ends where the bar ends
        share = figures.percent(fen, whole)
        stretches.append(Stretch(key, say(f"flow.{key}"), figures.yuan(fen), share, starts, ends - starts))
        starts = ends
    return tuple(stretches)


def _flow_sum(money: Money, say: Say) -> str:
    whole = _lying(money)
    apart = whole - money.taken_fen
    return say("flow.apart" if apart else "flow.sum", yuan=figures.yuan(whole), apart=figures.yuan(apart))


def _lying(money: Money) -> int:
    return sum(getattr(money, f"{key}_fen") for key in WAY)


def _rows(quota: QuotaProgress | None, payment: PaymentSummary | None, say: Say) -> tuple[Row, ...]:
    money = {town.region: town for town in payment.towns} if payment else None
    if quota is not None:
        return tuple(_row(town, money, say) for town in quota.towns)
    # Quota out of reach and never heard: the money is still shown, under the township's code.
    return tuple(_money_row(town.region, town.region, town, say) for town in (payment.towns if payment else ()))


def _row(town: TownStanding, money: Mapping[str, Money] | None, say: Say) -> Row:
    theirs = money.get(town.region, NOTHING) if money is not None else None
    reached = town.remaining == 0 and town.target > 0
    distance = figures.people(town.remaining)
    if reached:
        distance = say("towns.over", n=figures.people(town.over)) if town.over else say("towns.reached")
    return Row(
        key=town.region,
        name=town.name,
        target=figures.people(town.target),
        registered=figures.people(town.registered),
        enrolled=figures.people(town.enrolled),
        percent=town.percent,
        filled=figures.permille(town.enrolled, town.target),
        distance=distance,
        reached=reached,
        taken=figures.yuan(theirs.taken_fen) if theirs else say("unknown"),
        treasury=figures.yuan(theirs.treasury_fen) if theirs else say("unknown"),
    )


def _money_row(key: str, name: str, money: Money, say: Say) -> Row:
    unknown = say("unknown")
    return Row(
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


def _elsewhere(quota: QuotaProgress | None, payment: PaymentSummary | None, say: Say) -> Row | None:
    """People and money of no known township, as a line of their own; none when there are neither."""
    known = {town.region for town in quota.towns} if quota else set()
    strays = [town for town in payment.towns if quota and town.region not in known] if payment else []
    money = Money.total([*strays, (payment.unattributed if payment else None) or NOTHING])
    people = quota.unattributed if quota else None
    if not (money.taken_fen or money.treasury_fen or (people and people.registered)):
        return None
    line = _money_row("elsewhere", say("towns.elsewhere"), money, say)
    return replace(
        line,
        registered=figures.people(people.registered) if people else say("unknown"),
        enrolled=figures.people(people.enrolled) if people else say("unknown"),
    )


def _total(quota: QuotaProgress | None, payment: PaymentSummary | None, say: Say) -> Row | None:
    money = _sum(payment) if payment else None
    if quota is None:
        return _money_row("total", say("towns.total"), money, say) if money and payment and payment.towns else None
    county = TownStanding(region="total", name=say("towns.total"), **quota.county.model_dump())
    return _row(county, {"total": money} if money else None, say) if quota.towns else None
