"""V: every column of every proof view says something: what is changed in it is found, or refused, or excused."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.verify.catalogue import Court, Outcome, sitting, table
from tests.verify.conftest import County

REGION = "411521"
# What says nothing that another row could contradict, and why. A key without a column is of whole rows.
EXCUSED: dict[tuple[str, str, str], str] = {
    ("quota", "town_target", "name"): "a name for people to read; the township's code is what counts",
    (
        "payment",
        "approval",
        "proposed_by",
    ): "a login: that the other is another one is checked, not who it was",
    (
        "payment",
        "approval",
        "decided_by",
    ): "a login: that the other is another one is checked, not who it was",
    ("payment", "cash_refund", "recorded_at"): "when the row was written, for the order of `--trace`",
    **{
        (service, "outbox", "published_at"): "of a thing with one event: when it was sent, between then and now"
        for service in ("quota", "subsidy")
    },
    ("payment", "approval", "expires_on"): "a day: only that the decision was not after it is checked",
    ("payment", "remittance_move", ""): "steps from before lines moved in portions have no move: the first may be one",
    ("payment", "remittance_batch", "moved_on"): "since when it waits, for its age; the days of its steps are checked",
    ("payment", "remittance_batch", "recorded_at"): "when the row was written, for the age of what is being settled",
    ("payment", "approval", "decided_at"): "the moment of a decision whose day is checked",
    **{
        ("payment", "business_date", column): "a clock: that there is one, and nothing entered after it, is checked"
        for column in ("business_date", "")
    },
}
MOST_EXCUSED = 15
SAMPLE = 20


def unexcused(outcomes: list[Outcome]) -> list[str]:
    """What was done, found by nobody and refused by nobody, and stands in no list."""
    return [
        f"{outcome.cell}: {outcome.statement}"
        for outcome in outcomes
        if outcome.overlooked and _key(outcome) not in EXCUSED
    ]


async def at_rest(court: Court) -> None:
    """Nothing is broken before anything is done."""
    savepoints = [await connection.begin_nested() for connection in court.connections.values()]
    assert await court.broken() == ()
    for savepoint in savepoints:
        await savepoint.rollback()


def test_few_columns_are_excused() -> None:
    assert len(EXCUSED) <= MOST_EXCUSED
    assert all(EXCUSED.values())


async def test_a_sample_of_the_catalogue_is_found(county: County) -> None:
    """Always the same ones; `make frauds` tries them all."""
    async with sitting(county.superusers_urls(), county.installation.settings) as court:
        await at_rest(court)
        every = sorted(await court.cells(), key=str)
        outcomes = [await court.judge(cell) for cell in every[:: len(every) // SAMPLE] if cell.view != "sealed_block"]
    assert unexcused(outcomes) == []
    assert sum(bool(outcome.found_by) for outcome in outcomes) >= SAMPLE // 4
    assert any(outcome.refused_by for outcome in outcomes)


@pytest.mark.long
@pytest.mark.every_fraud
async def test_every_cell_of_the_catalogue_is_found(long_season: County) -> None:
    """Prints the table; with CANBAO_TEST_FRAUDS_TABLE it is written to that file as well.

    With CANBAO_TEST_FRAUDS_VIEWS, names of views with a space between them, only these are tried.
    """
    views = os.environ.get("CANBAO_TEST_FRAUDS_VIEWS", "").split()
    async with sitting(long_season.superusers_urls(), long_season.installation.settings) as court:
        await at_rest(court)
        outcomes = []
        for cell in await court.cells():
            if not views or f"{cell.database}.{cell.view}" in views:
                outcomes.append(await court.judge(cell))
                for missed in unexcused(outcomes[-1:]):
                    print(missed, flush=True)
    printed = table(outcomes, EXCUSED)
    print(printed)
    if file := os.environ.get("CANBAO_TEST_FRAUDS_TABLE"):
        await asyncio.to_thread(Path(file).write_text, printed + "\n", encoding="utf-8")
    assert unexcused(outcomes) == []
    if views:
        return
    overlooked = {_key(outcome) for outcome in outcomes if outcome.overlooked}
    assert sorted(EXCUSED.keys() - overlooked) == [], "found by now: take them out of the list"


def _key(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.cell.database, outcome.cell.view, outcome.cell.column
