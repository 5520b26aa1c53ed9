"""A pack moved to another benefit year and collecting time, as national rules are used year after year."""

from dataclasses import replace
from datetime import date, timedelta

from shared.policy.pack import Basis, Pack, Standard, Window


def rebased(pack: Pack, benefit_year: int | None, window: tuple[date, date] | None, origin: str) -> Pack:
    """The pack for that benefit year, collected in that window; what comes after the window moves with it."""
    year = benefit_year or pack.benefit_year
    years = year - pack.benefit_year
    first, last = window or (_moved(pack.windows[0].first, years), _moved(pack.windows[0].last, years))
    benefit = replace(pack.benefit, first=_moved(pack.benefit.first, years), last=_moved(pack.benefit.last, years))
    windows = tuple(_window(each, pack, first, last, benefit.last, years, origin) for each in pack.windows)
    standard = replace(_standard(pack, year), first=first, last=benefit.last)
    return replace(pack, benefit_year=year, benefit=benefit, windows=windows, standards=(standard,))


def _standard(pack: Pack, year: int) -> Standard:
    """What the notice for a year says; without one its amounts are open, never those of another year."""
    own = pack.standards[-1]
    if year == pack.benefit_year:
        return own
    for notice in pack.yearly:
        if notice.benefit_year == year:
            return replace(own, individual_fen=notice.individual_fen, fiscal=notice.fiscal, basis=notice.basis)
    return replace(own, individual_fen=None, fiscal=None, basis=replace(own.basis, says=f"没有{year}年度的标准"))


def _window(window: Window, pack: Pack, first: date, last: date, ends: date, years: int, origin: str) -> Window:
    if window is pack.windows[0]:
        basis = Basis(origin, f"集中缴费期配置为{first}至{last}")
        return replace(window, first=first, last=last, basis=basis)
    begins = last + timedelta(days=1) if window.late else _moved(window.first, years)
    return replace(window, first=begins, last=ends if window.late else _moved(window.last, years))


def _moved(day: date, years: int) -> date:
    return day.replace(year=day.year + years)
