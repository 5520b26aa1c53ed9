"""The county's totals: people first, then money."""

from dataclasses import dataclass

from services.console.figures import Figures, permille
from services.console.money_flow import total_money
from services.console.summaries import PaymentSummary, QuotaProgress


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


def tiles(quota: QuotaProgress | None, payment: PaymentSummary | None, figures: Figures) -> tuple[Tile, ...]:
    """Six totals; a dash where a service has not answered."""
    return (*_people_tiles(quota, figures), *_money_tiles(payment, figures))


def _people_tiles(quota: QuotaProgress | None, figures: Figures) -> tuple[Tile, ...]:
    translate = figures.translate

    def tile(key: str, count: int | None, remark: str = "", filled: int | None = None) -> Tile:
        value = translate("unknown") if count is None else figures.people(count)
        return Tile(key, "people", translate(f"tile.{key}"), value, translate("people"), remark, filled)

    if quota is None:
        return tile("target", None), tile("registered", None), tile("enrolled", None)
    county = quota.county
    missing = max(county.registered - county.enrolled, 0)
    not_enrolled = translate("tile.not_enrolled", n=figures.people(missing))
    completion = "" if county.percent is None else translate("tile.completion", percent=county.percent)
    filled = None if county.percent is None else permille(county.enrolled, county.target)
    return (
        tile("target", county.target, translate("tile.towns", n=len(quota.towns))),
        tile("registered", county.registered, not_enrolled),
        tile("enrolled", county.enrolled, completion, filled),
    )


def _money_tiles(payment: PaymentSummary | None, figures: Figures) -> tuple[Tile, ...]:
    translate = figures.translate

    def tile(key: str, fen: int | None, remark: str = "") -> Tile:
        value = translate("unknown") if fen is None else figures.yuan(fen)
        return Tile(key, "money", translate(f"tile.{key}"), value, translate("yuan"), remark)

    if payment is None:
        return tile("taken", None), tile("in_transit", None), tile("treasury", None)
    money = total_money(payment)
    whole = figures.rounded_fen(money.taken_fen)

    def share(fen: int) -> str:
        return translate("tile.share", percent=figures.share(fen, money.taken_fen)) if whole else ""

    return (
        tile("taken", money.taken_fen, translate("tile.payments", n=figures.people(money.paid_count))),
        tile("in_transit", money.in_transit_fen, share(money.in_transit_fen)),
        tile("treasury", money.treasury_fen, share(money.treasury_fen)),
    )
