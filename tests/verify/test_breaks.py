"""Each check fires when what it guards is broken behind the services' backs, and names the row and the amount."""

import importlib
import pkgutil

import pytest

from tests.verify.breaks import BREAKS
from tests.verify.breaks.form import Break
from tests.verify.conftest import County
from verify import checks
from verify.checks import CHECKS

# Those that name what waits, or what nobody may overlook, and break nothing.
_NAMES_ONLY = {
    "_NAMED",
    "_UNEXPLAINED",
    "_DIFFERENCES",
    "_WAITING",
    "_DISCARDED",
    "_OTHER_NOTICES",
    "_BEGUN",
    "_TOO_OLD",
}
QUERIES = {
    name: (module, query)
    for module in (
        importlib.import_module(each.name) for each in pkgutil.iter_modules(checks.__path__, "verify.checks.")
    )
    for name, query in vars(module).items()
    if isinstance(query, str) and name.startswith("_") and " AS subject" in query and name not in _NAMES_ONLY
}


@pytest.mark.parametrize("broken", BREAKS, ids=str)
async def test_the_check_finds_and_without_its_query_nothing_does(
    county: County, broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    await county.break_in(broken.database, *broken.statements)
    check = await county.check(broken.check)
    assert check.verdict == "BREAK", [(c.code, c.verdict) for c in (await county.examined()).checks if c.breaks]
    assert check.breaks == len(check.rows) >= 1
    assert all(row.subject for row in check.rows)
    if broken.fen is not None:
        assert check.break_fen == broken.fen, check.rows
    if broken.query:
        module, query = QUERIES[broken.query]
        monkeypatch.setattr(module, broken.query, f"SELECT * FROM ({query}) AS emptied WHERE false")
        assert (await county.check(broken.check)).breaks == 0


def test_every_query_has_a_break_that_it_alone_finds() -> None:
    assert {broken.query for broken in BREAKS if broken.query} == QUERIES.keys()


def test_every_check_has_a_break_that_it_finds() -> None:
    assert {check.code for check in CHECKS} == {broken.check for broken in BREAKS}


def test_codes_are_stable_and_unique() -> None:
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    assert all(check.zh and check.en and check.compares for check in CHECKS)


async def test_many_broken_rows_are_counted_but_only_the_first_are_listed(county: County) -> None:
    await county.break_in(
        "payment",
        "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, batch_id, region,"
        " actor, correlation_id) SELECT gen_random_uuid(), 'X', n, '2023-10-09', 'DEPOSIT', 'NONE', 1, NULL, '411521',"
        " 'x', gen_random_uuid() FROM generate_series(1, 50) AS n",
    )
    check = await county.check("BANK_STATEMENT")
    assert (check.named_count, len(check.named), check.named_fen) == (50, 20, 50)
