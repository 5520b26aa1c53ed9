"""The townships: those with the widest gap to their target first, the last three marked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from services.console.figures import Figures, permille
from services.console.money_flow import NO_MONEY, total_money
from services.console.summaries import MoneyPosition, PaymentSummary, QuotaProgress, TownQuota

_LAST = 3


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
    last: bool = False


def town_rows(quota: QuotaProgress | None, payment: PaymentSummary | None, figures: Figures) -> tuple[TownRow, ...]:
    """Every township; without quota the money alone, under the townships' codes."""
    money = {town.region: town for town in payment.towns} if payment else None
    if quota is None:
        return tuple(_money_row(town.region, town.region, town, figures) for town in (payment.towns if payment else ()))
    marked = last_three(quota.towns)
    return tuple(
        replace(_row(town, money, figures), last=town.region in marked) for town in sorted(quota.towns, key=_by_gap)
    )


def last_three(towns: Sequence[TownQuota]) -> frozenset[str]:
    """The three townships that have come least far, by their share of the target.

    A township that has reached its target is never among them. Where equals stand on both sides of the third place,
    none of them is marked: a mark that depends on the order of codes would be unjust.
    """
    if len(towns) <= _LAST:
        return frozenset()
    places = sorted(_completed(town) for town in towns)
    bound = places[_LAST - 1]
    strict = bound == places[_LAST]
    return frozenset(
        town.region
        for town in towns
        if town.remaining and (_completed(town) < bound or (not strict and _completed(town) == bound))
    )


def elsewhere_row(quota: QuotaProgress | None, payment: PaymentSummary | None, figures: Figures) -> TownRow | None:
    """People and money of no known township, as a line of their own; none when there are neither."""
    known = {town.region for town in quota.towns} if quota else set()
    strays = [town for town in payment.towns if quota and town.region not in known] if payment else []
    money = MoneyPosition.total([*strays, (payment.unattributed if payment else None) or NO_MONEY])
    people = quota.unattributed if quota else None
    if not (money.taken_fen or money.treasury_fen or (people and people.registered)):
        return None
    line = _money_row("elsewhere", figures.translate("towns.elsewhere"), money, figures)
    if people is None:
        return line
    return replace(line, registered=figures.people(people.registered), enrolled=figures.people(people.enrolled))


def total_row(quota: QuotaProgress | None, payment: PaymentSummary | None, figures: Figures) -> TownRow | None:
    """The county below its townships."""
    money = total_money(payment) if payment else None
    name = figures.translate("towns.total")
    if quota is None:
        return _money_row("total", name, money, figures) if money and payment and payment.towns else None
    county = TownQuota(region="total", name=name, **quota.county.model_dump())
    return _row(county, {"total": money} if money else None, figures) if quota.towns else None


def names_in_texts(town: TownQuota) -> tuple[str, ...]:
    """How a text may name a township: by its code, or its name with or without what kind of place it is."""
    short = re.sub(r"(镇|乡|街道|办事处|街道办事处)$", "", town.name)
    return town.region, short if len(short) > 1 else town.name


def _completed(town: TownQuota) -> Fraction:
    return Fraction(town.enrolled, town.target) if town.target else Fraction(1)


def _by_gap(town: TownQuota) -> tuple[Fraction, int, str]:
    return _completed(town), -town.remaining, town.region


def _row(town: TownQuota, money: Mapping[str, MoneyPosition] | None, figures: Figures) -> TownRow:
    theirs = money.get(town.region, NO_MONEY) if money is not None else None
    reached = town.remaining == 0 and town.target > 0
    translate = figures.translate
    if not reached:
        distance = translate("towns.missing", n=figures.people(town.remaining))
    elif town.over:
        distance = translate("towns.over", n=figures.people(town.over))
    else:
        distance = translate("towns.reached")
    return TownRow(
        key=town.region,
        name=town.name,
        target=figures.people(town.target),
        registered=figures.people(town.registered),
        enrolled=figures.people(town.enrolled),
        percent=town.percent,
        filled=permille(town.enrolled, town.target),
        distance=distance,
        reached=reached,
        taken=figures.yuan(theirs.taken_fen) if theirs else translate("unknown"),
        treasury=figures.yuan(theirs.treasury_fen) if theirs else translate("unknown"),
    )


def _money_row(key: str, name: str, money: MoneyPosition, figures: Figures) -> TownRow:
    unknown = figures.translate("unknown")
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
