"""What is said where the auditor knows more people than the simulator, or nobody was seen of an identity."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from shared.policy.loader import load_pack
from tests.verify.test_render import report
from tools.up.comparison import differences, explained, unseen
from verify.report import ConsistencyReport

# Every figure of the simulator's books of a county, as `simulator/books.py` computes them.
FIGURES = (
    "registered", "enrolled", "paid_people", "credited_fen", "aided_fen", "treasury_fen", "held", "active",
    "suspended_fen", "unattributed_fen", "refunded_fen", "suspense_fen", "quarantined", "taken_online_fen",
)  # fmt: skip
BOOKS = {"county": {"registered": 12_035}}


def agreeing(found: ConsistencyReport) -> dict[str, Any]:
    """Books that say what the auditor found."""
    same = {
        "registered": found.overall.registered,
        "enrolled": found.overall.enrolled,
        "credited_fen": found.overall.paid_fen,
        "aided_fen": found.overall.aided_fen,
        "treasury_fen": found.overall.treasury_fen,
        "suspense_fen": found.overall.suspense_fen,
    }
    closing = {"open": {"differences": 0, "bank_lines": 0, "proposals": 0}, "closed": 1}
    return {"complaints": {}, "towns": {}, "county": same | asdict(found.figures), "closing": closing}


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_that_the_simulator_computes_is_compared(figure: str) -> None:
    """V: `refunded, quarantined, active, held, taken_online` were computed and compared by nobody."""
    found = report()
    books = agreeing(found)
    assert differences(found, books) == []
    books["county"][figure] += 1
    (sentence,) = differences(found, books)
    assert sentence.startswith(f"county {figure}: ")


def test_the_simulators_books_hold_no_other_figure() -> None:
    source = (Path(__file__).parents[3] / "simulator/books.py").read_text(encoding="utf-8")
    assert all(f'"{figure}"' in source for figure in FIGURES)
    assert agreeing(report())["county"].keys() == set(FIGURES)


def test_what_is_still_open_at_the_end_is_a_difference() -> None:
    found = report()
    books = agreeing(found)
    books["closing"]["open"]["differences"] = 2
    assert differences(found, books) == ["与渠道账单的差异未了结 · still open, differences from the channel's bills: 2"]


def test_people_whom_others_registered_are_named_as_the_reason() -> None:
    assert explained(report(), BOOKS) is None
    found = report()
    more = replace(found, overall=replace(found.overall, registered=12_037))
    said = explained(more, BOOKS) or ""
    assert "2 people more: those whom others registered or imported are not in the simulator's books" in said
    assert "--data" in said


def test_an_identity_under_which_nobody_is_enrolled_is_named() -> None:
    pack = load_pack("shantou-2022")
    everybody = {relief.identity.value: 1 for relief in pack.reliefs}

    assert unseen(pack, {"identities": everybody}) == []
    del everybody["DIBAO"]
    (sentence,) = unseen(pack, {"identities": everybody})
    assert "DIBAO" in sentence
    assert unseen(load_pack("luoshan-2024"), {"identities": {}}) == [], "the document alone sets no amount"
