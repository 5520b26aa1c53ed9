"""The season: its deadline, the days that are left, and whether people come as fast as the target needs."""

from dataclasses import dataclass
from datetime import date
from math import ceil

from services.console.figures import Figures
from services.console.summaries import CollectionWindow, QuotaProgress, RegistrationSummary, SubsidySummary
from services.console.translations import Translator
from services.console.trend import Trend, straight_line, trend


@dataclass(frozen=True, slots=True)
class Season:
    """Deadline, days left and pace; the pace and the chart only where there is a target."""

    window: str
    days_label: str
    days: str
    missing: str | None
    daily: str | None
    pace: str | None
    behind: bool
    enrolled: str
    straight: str
    trend: Trend | None


def season(
    quota: QuotaProgress | None,
    registration: RegistrationSummary | None,
    subsidy: SubsidySummary | None,
    figures: Figures,
) -> Season | None:
    """What is known of the season; nothing before the window and the business date are."""
    window = subsidy.collection_window if subsidy else None
    today = registration.business_date if registration else None
    if window is None or registration is None or today is None:
        return None
    translate = figures.translate
    target, enrolled = (quota.county.target, quota.county.enrolled) if quota else (0, 0)
    expected = figures.rounded(straight_line(window, target, today))
    days_label, days = _days(window, today, translate)
    return Season(
        window=translate("season.window", first=window.first.isoformat(), last=window.last.isoformat()),
        days_label=days_label,
        days=days,
        missing=_missing(target - enrolled, figures) if target else None,
        daily=_daily(window, today, target - enrolled, figures),
        pace=_pace(enrolled - expected, figures) if target and window.first <= today else None,
        behind=bool(target) and enrolled < expected,
        enrolled=figures.people(enrolled),
        straight=figures.people(expected),
        trend=trend(window, today, target, registration, figures) if target else None,
    )


def _days(window: CollectionWindow, today: date, translate: Translator) -> tuple[str, str]:
    if today < window.first:
        return translate("season.until_first"), str((window.first - today).days)
    if today > window.last:
        return translate("season.since_last"), str((today - window.last).days)
    return translate("season.until_last"), str((window.last - today).days)


def _missing(missing: int, figures: Figures) -> str:
    # Two equal counts of whole tens may lie nine people apart: reached is only what is reached for certain.
    if missing < 0 or (missing == 0 and figures.exact):
        return figures.translate("season.target_reached")
    return figures.translate("season.missing", n=figures.people(missing))


def _daily(window: CollectionWindow, today: date, missing: int, figures: Figures) -> str | None:
    """How many people a day have to come from now on, today included."""
    days = (window.last - max(today, window.first)).days + 1
    if missing <= 0 or days <= 0:
        return None
    needed = ceil(missing / (days * figures.step)) * figures.step
    return figures.translate("season.daily", n=figures.people(needed))


def _pace(ahead: int, figures: Figures) -> str:
    key = "season.behind" if ahead < 0 else "season.ahead" if ahead > 0 else "season.level"
    return figures.translate(key, n=figures.people(abs(ahead)))
