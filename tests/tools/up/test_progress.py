"""What ``canbao up`` says of the season where the output is no terminal."""

from io import StringIO

from rich.console import Console

from tools.up.progress import season_display

SEASON = {"event": "season", "residents": 300, "orders": 90, "registered": 0, "paid": 0, "people": 0}


def test_a_line_has_its_date_and_counts_people_however_they_paid() -> None:
    out = StringIO()
    with season_display(Console(file=out, width=120)) as show:
        show.update(SEASON)
        show.update({"event": "registered", "count": 1_434})
        show.update({"event": "credited", "people": 1_033})
        assert out.getvalue() == "", "before the first day there is nothing to date a line by"
        show.update({"event": "day", "date": "2023-10-09", "step": 2, "steps": 9})
    assert out.getvalue() == "2023-10-09 登记 registered 1,434 · 缴费到账 paid 1,033 人 people\n"


def test_a_season_that_goes_on_begins_with_what_was_done() -> None:
    out = StringIO()
    with season_display(Console(file=out, width=120)) as show:
        show.update(SEASON | {"registered": 200, "people": 150})
        show.update({"event": "day", "date": "2023-10-18", "step": 3, "steps": 9})
    assert "registered 200 · 缴费到账 paid 150" in out.getvalue()
