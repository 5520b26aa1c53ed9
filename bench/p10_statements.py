"""P10: every statement of the product, planned as its service sends it, on databases with 200,000 people.

`make test` asks whether an index serves; here PostgreSQL knows how many rows there are, and chooses. A large table that
it reads as a whole all the same is named, with how many rows it expects to read for each that it gives back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.installation import Installation, installed
from bench.plan import Plan
from bench.population.fill import Population, fill
from bench.results import Line, at_most, line
from services.composition import WITH_DATABASE
from tests.architecture.excused_plans.unbounded import UNBOUNDED
from tests.architecture.excused_plans.whole import WHOLE
from tests.architecture.test_statement_plans import OPENED, of
from tests.harness.plans import Planner

TITLE = "every statement, planned on databases with 200,000 people"
_PEOPLE, _LARGE = 200_000, 10_000
_ROWS = "SELECT relname::text AS name, reltuples::bigint AS rows FROM pg_class WHERE relkind = 'r'"


@dataclass(frozen=True, slots=True)
class Guilty:
    """A statement that reads a large table from end to end, and how many rows for each that it gives back."""

    place: str
    table: str
    per_row: float

    @property
    def excused(self) -> bool:
        """Whether the list of `make test` says why."""
        return self.table in WHOLE.get(self.place, {}) or self.table in UNBOUNDED.get(self.place, {})


async def measure(plan: Plan) -> Sequence[Line]:
    """Plan each statement once: a plan is the same in every round."""
    people = plan.count(_PEOPLE, least=1_000)
    population = Population(people, people // 100)
    async with installed("bench-p10") as made:
        plan.say(f"P10 making {people:,} people")
        await fill(made, population)
        planned, found = 0, list[Guilty]()
        for database in WITH_DATABASE:
            statements = [one for one in of(database) if "LOCK TABLE" not in one.sql]
            planned += len(statements)
            found += await _guilty(made, database, [(one.place, one.sql) for one in statements], plan.count(_LARGE))
    for one in found:
        why = "" if one.excused else "  NOT IN THE LIST"
        plan.say(f"  {one.place}: all of {one.table}, {one.per_row:,.0f} rows for each{why}")
    return [
        line("P10", f"statements planned, {people:,} people", "", [float(planned)]),
        line("P10", "that read a large table from end to end", "", [float(len(found))]),
        line("P10", "of these without a reason", "", [float(sum(not one.excused for one in found))], at_most(0)),
    ]


async def _guilty(made: Installation, database: str, statements: Sequence[tuple[str, str]], large: int) -> list[Guilty]:
    connection = await asyncpg.connect(made.settings.service_url(database))
    try:
        rows = {row["name"]: row["rows"] for row in await connection.fetch(_ROWS)}
        first = [str(each).replace("ON COMMIT DROP", "") for each in OPENED.get(database, ())]
        planner = await Planner.on(connection, made.settings.region, *first, without=())
        found = []
        for place, sql in statements:
            plan = await planner.plan(sql)
            found += [
                Guilty(place, node["Relation Name"], rows[node["Relation Name"]] / max(1, plan.get("Plan Rows", 1)))
                for node in _nodes(plan)
                if node["Node Type"] == "Seq Scan" and rows.get(node["Relation Name"], 0) >= large
            ]
        return found
    finally:
        await connection.close()


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)
