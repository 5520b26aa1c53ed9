"""The page as data: a pure function of what the services answered, with every number already in its written form."""

from dataclasses import dataclass
from itertools import chain

from services.console.figures import Figures
from services.console.money_flow import FlowSegment, flow_sum, money_flow, total_money
from services.console.season import Season, season
from services.console.summaries import QuotaProgress, Snapshot, SubsidySummary
from services.console.tiles import Tile, tiles
from services.console.towns import TownRow, elsewhere_row, names_in_texts, total_row, town_rows
from services.console.translations import LANGUAGES, Lang, Translator
from services.console.verdicts import Level, Verdict, headline, verdicts
from services.console.whole_tens import rounded
from shared.domain.clock import SHANGHAI

_ACT: tuple[Level, ...] = ("bad", "warn")


@dataclass(frozen=True, slots=True)
class PageContent:
    """All that the page shows; ``exact`` is false where other machines may read it."""

    lang: str
    exact: bool
    area: str
    year: str
    business_date: str | None
    changed_at: str | None
    notices: tuple[str, ...]
    headline: Verdict
    verdicts: tuple[Verdict, ...]
    season: Season | None
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

    @property
    def to_do(self) -> tuple[Verdict, ...]:
        """What needs action."""
        return tuple(verdict for verdict in self.verdicts if verdict.level in _ACT)

    @property
    def the_rest(self) -> tuple[Verdict, ...]:
        """What is well, or settles by itself."""
        return tuple(verdict for verdict in self.verdicts if verdict.level not in _ACT)


def page(snapshot: Snapshot, *, lang: Lang, area: str, benefit_year: int, exact: bool = True) -> PageContent:
    """Lay out a snapshot in one language; not exact, it names no township and counts in whole tens."""
    if not exact:
        snapshot = rounded(snapshot)
    translate = Translator(lang)
    figures = Figures(translate, exact)
    quota, payment, registration = snapshot.quota.summary, snapshot.payment.summary, snapshot.registration.summary
    found = verdicts(snapshot, figures, benefit_year)
    money = total_money(payment) if payment else None
    day = registration.business_date if registration else None
    return PageContent(
        lang=LANGUAGES[lang],
        exact=exact,
        area=area,
        year=translate("year", year=benefit_year),
        business_date=day.isoformat() if day else None,
        changed_at=f"{snapshot.changed_at.astimezone(SHANGHAI):%H:%M:%S}" if exact and snapshot.changed_at else None,
        notices=_notices(quota, snapshot.subsidy.summary, translate, exact=exact),
        headline=headline(found, translate),
        verdicts=tuple(found),
        season=season(quota, registration, snapshot.subsidy.summary, figures),
        tiles=tiles(quota, payment, figures),
        flow=money_flow(money, figures) if money else (),
        flow_sum=flow_sum(money, figures) if money else "",
        towns=town_rows(quota, payment, figures) if exact else (),
        elsewhere=elsewhere_row(quota, payment, figures) if exact else None,
        total=total_row(quota, payment, figures) if exact else None,
    )


def _notices(
    quota: QuotaProgress | None, subsidy: SubsidySummary | None, translate: Translator, *, exact: bool
) -> tuple[str, ...]:
    """What is scaled, illustrative or invented; not exact, without the texts that name a township."""
    noted = [each for each in (quota.notices if quota else ()) if each.note]
    notices = [translate("notice", note=translate.half(each.note), document=each.document) for each in noted]
    if subsidy and subsidy.amounts:
        notices.append(translate.half(subsidy.amounts))
    names = () if exact or quota is None else tuple(chain.from_iterable(map(names_in_texts, quota.towns)))
    return tuple(each for each in notices if not any(name in each for name in names))
