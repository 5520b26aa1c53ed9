"""Each subject in miniature: it ends, every count is exact (each raises otherwise), and all references take part.

`make test` plays callbacks and policy; `make bench` plays all of them before it measures anything.
"""

from collections.abc import Sequence

import pytest

from bench import p1_callbacks, p2_chain, p4_policy, p5_bills, p6_growth, p7_start, p11_audit
from bench.__main__ import subjects
from bench.installation import NotDurable, installed
from bench.plan import Plan
from bench.results import Line

MINIATURE = Plan(repeat=1, scale=0.005)


def values_of(lines: Sequence[Line]) -> set[str]:
    """What was measured; each of it is a number above nothing, but processor time, which is counted in whole ticks."""
    measured = [line for line in lines if line.unit != "%" and not line.what.startswith("processor per ")]
    assert all(value > 0 for line in measured for value in line.values), lines
    return {line.what for line in lines}


async def test_callbacks_beside_empty_endpoint_pgbench_and_textbook() -> None:
    lines = await p1_callbacks.measure(MINIATURE)
    assert {
        "callbacks, canbao",
        "(a) empty FastAPI endpoint",
        "canbao / (c)",
        "latency at half load, p99",
    } <= values_of(lines)


@pytest.mark.miniature
async def test_the_chain_beside_aiokafka_and_the_textbooks_chain() -> None:
    lines = await p2_chain.measure(MINIATURE)
    assert {
        "enrolments counted, canbao",
        "(b) textbook chain",
        "canbao / (a)",
        "latency at half load, p99",
    } <= values_of(lines)


async def test_policy_beside_openfisca_and_person_by_person() -> None:
    lines = await p4_policy.measure(MINIATURE)
    for pack in p4_policy.PACKS:
        assert {
            f"{pack}: schedules, with reasons",
            f"{pack}: schedules / (a)",
            f"{pack}: canbao policy assess, file to answers",
        } <= values_of(lines)


def test_a_due_that_a_reference_computes_otherwise_is_refused() -> None:
    with pytest.raises(p4_policy.Differs, match="person 1: 38000 fen by schedule, 37999"):
        p4_policy.refuse_different("luoshan-2024", [1, 38_000], [1, 37_999])


async def test_a_days_bill_beside_duckdb_and_postgresql() -> None:
    lines = await p5_bills.measure(MINIATURE)
    assert {
        "compared / DuckDB",
        "the whole / PostgreSQL",
        "memory of the whole",
    } <= values_of(lines)


@pytest.mark.miniature
async def test_growth_in_two_counties() -> None:
    lines = await p6_growth.measure(MINIATURE)
    assert {"elapsed per enrolment, 50 people", "elapsed per enrolment, 5,000 people"} <= values_of(lines)


@pytest.mark.miniature
async def test_start_and_memory() -> None:
    lines = await p7_start.measure(MINIATURE)
    assert {"warm start until every part is ready", "memory (PSS) once ready"} <= values_of(lines)


@pytest.mark.miniature
async def test_the_audit_of_a_county() -> None:
    lines = await p11_audit.measure(MINIATURE)
    assert {"verify, 3,213 people", "highest memory, 3,213 people", "of it SAID_AS_STORED"} <= values_of(lines)


async def test_a_database_that_may_forget_is_refused() -> None:
    with pytest.raises(NotDurable, match="synchronous_commit"):
        async with installed("bench-forgets", parameters={"synchronous_commit": "off"}):
            pytest.fail("it was measured all the same")


def test_a_subject_is_found_by_its_modules_name() -> None:
    assert subjects().items() >= {("p1", "bench.p1_callbacks"), ("p2", "bench.p2_chain")}
    assert all(name.startswith("p") for name in subjects())
