"""The chart of the season: people enrolled by the week, the straight line to the target, the year before, as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.console.figures import Figures, people, permille
from services.console.summaries import CollectionWindow, EnrolledDay, RegistrationSummary

WIDTH, HEIGHT = 1000, 400  # the chart's own coordinates; the page stretches them
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_YEAR = timedelta(days=365)
_MOST_WEEKS = 60
_AFTERWARDS = timedelta(days=180)  # late payers are drawn as far as this
_STEPS = 4  # divisions of both axes


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of the chart: its points as SVG wants them, and where it ends."""

    points: str
    end_x: int
    end_y: int


@dataclass(frozen=True, slots=True)
class Week:
    """One line of the table that says what the chart shows."""

    days: str
    added: str
    enrolled: str
    straight: str
    year_before: str | None


@dataclass(frozen=True, slots=True)
class Trend:
    """The chart and its table; heights from the top, days from the left."""

    enrolled: Curve | None
    straight: Curve
    year_before: Curve | None
    heights: tuple[str, ...]
    days: tuple[str, ...]
    weeks: tuple[Week, ...]


def trend(
    window: CollectionWindow, today: date, target: int, registration: RegistrationSummary, figures: Figures
) -> Trend | None:
    """Draw the season so far; nothing where registration does not report days."""
    if registration.enrolled_by_day is None:
        return None
    today = min(today, window.last + _AFTERWARDS)
    until = max(window.last, today)
    days = [window.first, *week_ends(window.first, today)] if window.first <= today else []
    points = [(day, _until(registration.enrolled_by_day, day)) for day in days]
    moved = [EnrolledDay(day=each.day + _YEAR, enrolled=each.enrolled) for each in registration.year_before]
    earlier = [(day, _until(moved, day)) for day in week_ends(window.first, until)] if moved else []
    most = max([target, *(count for _, count in (*points, *earlier))])
    top = ceiling(most // figures.step) * figures.step

    def curve(points: Sequence[tuple[date, int]]) -> Curve | None:
        places = [(_x(day, window.first, until), HEIGHT - HEIGHT * count // top) for day, count in points]
        return Curve(" ".join(f"{x},{y}" for x, y in places), *places[-1]) if places else None

    return Trend(
        enrolled=curve(points),
        straight=curve([(window.first, 0), (window.last, target)]) or Curve("", 0, 0),
        year_before=curve(earlier),
        heights=tuple(people(top * step // _STEPS) for step in range(_STEPS, -1, -1)),
        days=tuple(_short(window.first + (until - window.first) * step // _STEPS) for step in range(_STEPS + 1)),
        weeks=_weeks(
            window, target, points[1:], _until(registration.enrolled_by_day, window.first - _DAY), moved, figures
        ),
    )


def straight_line(window: CollectionWindow, target: int, day: date) -> int:
    """How many would be enrolled on a day if every day of the window brought as many as any other."""
    length = max((window.last - window.first).days, 1)
    passed = min(max((day - window.first).days, 0), length)
    return target * passed // length


def week_ends(first: date, today: date) -> list[date]:
    """The last day of each week since the first day of the window, and today."""
    if today < first:
        return []
    whole = [first + _WEEK * number - _DAY for number in range(1, _MOST_WEEKS + 1)]
    return [day for day in whole if day < today] + [today]


def ceiling(most: int) -> int:
    """The smallest round number that divides into the steps of the axis and is not exceeded."""
    size = _STEPS
    while True:
        for factor in (1, 2, 3, 4, 5, 6, 8):
            if factor * size >= most:
                return factor * size
        size *= 10


def _weeks(
    window: CollectionWindow,
    target: int,
    points: Sequence[tuple[date, int]],
    before: int,
    moved: Sequence[EnrolledDay],
    figures: Figures,
) -> tuple[Week, ...]:
    """The rows of the table; ``before`` counts the people who were enrolled when the window opened."""
    weeks, start = [], window.first
    for end, count in points:
        weeks.append(
            Week(
                days=_short(end) if start == end else f"{_short(start)} – {_short(end)}",
                added=figures.people(count - before),
                enrolled=figures.people(count),
                straight=figures.people(straight_line(window, target, end)),
                year_before=figures.people(_until(moved, end)) if moved else None,
            )
        )
        start, before = end + _DAY, count
    return tuple(weeks)


def _until(days: Sequence[EnrolledDay], last: date) -> int:
    return sum(each.enrolled for each in days if each.day <= last)


def _x(day: date, first: date, until: date) -> int:
    return permille((day - first).days, max((until - first).days, 1))


def _short(day: date) -> str:
    return f"{day.month}-{day.day:02d}"
