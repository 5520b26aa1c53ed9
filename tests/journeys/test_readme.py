"""README's walk-through, as it is typed: from a client's secret to an order that a family can pay."""

import json
import re
from typing import Any

from tests.journeys.held_season import HELD_AT, HeldSeason
from tests.journeys.up_process import ROOT


def _walk_through() -> tuple[str, str]:
    """The day that the season is held at, and the commands of the second terminal."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("**From a client's secret", 1)[1]
    until = re.search(r"--until (\d{4}-\d\d-\d\d)", section)
    assert until is not None
    return until.group(1), section.split("```\n", 2)[1]


def test_the_walk_through_works_as_typed(held_season: HeldSeason) -> None:
    until, typed = _walk_through()
    assert until == HELD_AT
    orders = set()
    for _ in range(2):  # who stumbles on the way types it all once more
        ended = held_season.typed(typed, ROOT)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        bill, order = _documents(ended.stdout)
        assert bill["state"] == "OPEN"
        assert bill["due_fen"] > 0
        assert order["amount_fen"] == bill["due_fen"]
        assert order["code_url"]
        orders.add((order["order_no"], bill["id"]))
    assert len(orders) == 2, "the earlier order was closed"
    assert len({bill_id for _, bill_id in orders}) == 1, "the person is registered once"


def _documents(printed: str) -> list[dict[str, Any]]:
    found, rest = [], printed.strip()
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        found.append(document)
        rest = rest[end:].lstrip()
    return found
