"""The causal chain of one enrolment, from registration to certificate, over every database and in the order of time.

Facts come from the services' own rows; the events between them from the outboxes, with what caused them. Nothing here
says who the person is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from rich.console import Console
from rich.text import Text

from shared.domain.clock import SHANGHAI
from shared.settings import Settings
from verify.snapshot import Databases, DatabaseSnapshot, open_databases
from verify.trace_sql import EVENTS, FACTS

_MOST = 2_000


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One thing that happened: when it was made, where, what, and which event caused it."""

    at: datetime
    database: str
    kind: str
    what: str
    details: Mapping[str, Any]
    id: str
    caused_by: str | None
    order: int


async def trace_of(settings: Settings, enrolment_id: UUID) -> tuple[TraceStep, ...]:
    """Everything that is known to have happened to an enrolment, in order; nothing where nobody knows it."""
    async with open_databases(settings) as databases:
        steps = [step for snapshot in databases.each for step in await _events(snapshot, enrolment_id)]
        for database, sql in FACTS:
            steps += await _facts(databases.publisher(database), sql, enrolment_id)
        return tuple(_in_order(steps, databases))


def print_trace(enrolment_id: UUID, chain: Sequence[TraceStep], console: Console | None = None) -> None:
    """Print the chain readably: facts in bold, events indented under what caused them."""
    console = console or Console()
    console.print(Text(f"参保 {enrolment_id} · 因果链 · causal chain", style="bold"), soft_wrap=True)
    depths = _depths(chain)
    for step in chain:
        console.print(_line(step, depths[step.id]), soft_wrap=True)


def _line(step: TraceStep, depth: int) -> Text:
    moment = step.at.astimezone(SHANGHAI)
    event = step.kind == "event"
    mark = "  " * depth + ("→ " if event else "■ ")
    details = ", ".join(f"{name}={value}" for name, value in step.details.items() if value is not None)
    return Text.assemble(
        (f"{moment:%Y-%m-%d %H:%M:%S.%f}  ", "dim"),
        (f"{step.database:<13}", "cyan"),
        mark,
        (step.what, "" if event else "bold"),
        (f"  {details}" if details else "", "" if event else "green"),
    )


def _depths(chain: Sequence[TraceStep]) -> dict[str, int]:
    """How many steps lie before each one in its chain of causes; bounded, and safe against a cause of itself."""
    by_id = {step.id: step for step in chain}
    depths: dict[str, int] = {}
    for step in chain:
        depth, cause, seen = 0, step.caused_by, {step.id}
        while cause is not None and cause in by_id and cause not in seen:
            seen.add(cause)
            depth, cause = depth + 1, by_id[cause].caused_by
        depths[step.id] = min(depth, 12)
    return depths


def _in_order(steps: Sequence[TraceStep], databases: Databases) -> list[TraceStep]:
    """By the time of recording. Clocks of several servers may differ a little: a cause never comes after its effect."""
    ranks = {snapshot.database: rank for rank, snapshot in enumerate((databases.registration, *databases.each))}
    ordered = sorted(steps, key=lambda step: (step.at, step.kind == "event", ranks[step.database], step.order, step.id))
    placed: dict[str, TraceStep] = {}
    by_id = {step.id: step for step in ordered}

    def place(step: TraceStep, above: frozenset[str]) -> None:
        cause = by_id.get(step.caused_by or "")
        if cause is not None and cause.id not in placed and cause.id not in above:
            place(cause, above | {step.id})
        placed.setdefault(step.id, step)

    for step in ordered:
        place(step, frozenset())
    return list(placed.values())


async def _events(snapshot: DatabaseSnapshot, enrolment_id: UUID) -> list[TraceStep]:
    rows = await snapshot.rows(EVENTS, enrolment=enrolment_id, most=_MOST)
    return [
        TraceStep(
            row["recorded_at"],
            snapshot.database,
            "event",
            row["event"],
            _details(row["payload"]) | ({} if row["published_at"] else {"未发布 unpublished": "…"}),
            str(row["id"]),
            str(row["causation_id"]) if row["causation_id"] else None,
            row["aggregate_seq"],
        )
        for row in rows
    ]


async def _facts(snapshot: DatabaseSnapshot, sql: str, enrolment_id: UUID) -> list[TraceStep]:
    return [
        TraceStep(
            row["at"],
            snapshot.database,
            "fact",
            row["what"],
            _details(row["details"]),
            row["id"],
            row["caused_by"],
            0,
        )
        for row in await snapshot.rows(sql, enrolment=enrolment_id, most=_MOST)
    ]


def _details(value: Any) -> dict[str, Any]:
    details = orjson.loads(value) if isinstance(value, str) else value
    return dict(details or {})
