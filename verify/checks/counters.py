"""Quota's counters, recomputed, and the targets against what their notice declares."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import RowMapping

from verify.check import Check
from verify.checks.sql import count, differing_rows
from verify.report import Finding
from verify.snapshot import Databases
from verify.tally import Tally

Counts = tuple[int, int, int]  # registered, enrolled, terminated
Village = tuple[int, str]  # benefit year, region

_RECOMPUTED = """
    SELECT benefit_year, region, count(*) FILTER (WHERE live) AS registered,
           count(*) FILTER (WHERE enrolled) AS enrolled, count(*) FILTER (WHERE NOT live) AS terminated
    FROM proof.enrolment GROUP BY benefit_year, region ORDER BY benefit_year, region
"""
_COUNTED = """
    SELECT benefit_year, region, registered, enrolled, terminated FROM proof.village_counter
    ORDER BY benefit_year, region
"""
_COUNTING_EVENTS = """
    SELECT aggregate_id::text AS key, aggregate_seq AS seq, benefit_year, region, event,
           CASE event WHEN 'registration.enrolment_terminated.v1' THEN (payload ->> 'was_paid')::boolean ELSE false END
           AS was_paid,
           greatest(extract(epoch FROM clock_timestamp() - recorded_at), 0)::float8 AS age_s
    FROM proof.outbox
    WHERE region = ANY(:regions) AND event = ANY(:events)
    ORDER BY aggregate_id, aggregate_seq
"""
_CONSUMED = """
    SELECT aggregate_id::text AS key, seq FROM proof.cursor
    WHERE publisher = 'registration' AND aggregate_id = ANY(CAST(:keys AS uuid[])) ORDER BY aggregate_id
"""
_REGISTERED, _PAID, _TERMINATED = (
    "registration.enrolment_registered.v1",
    "registration.enrolment_paid.v1",
    "registration.enrolment_terminated.v1",
)
_TARGETS = """
    WITH newest AS (
        SELECT region, benefit_year, max(version) AS version FROM proof.target_set GROUP BY 1, 2
    )
    SELECT concat('targets ', declared.document, ' ', declared.benefit_year, ' v', declared.version) AS subject,
           declared.region, declared.declared_total::text AS expected, coalesce(sum(town.target), 0)::text AS found,
           0 AS fen
    FROM proof.target_set AS declared
    LEFT JOIN proof.town_target AS town
      ON town.county = declared.region AND town.benefit_year = declared.benefit_year AND town.version = declared.version
    GROUP BY declared.id, declared.document, declared.benefit_year, declared.version, declared.region,
             declared.declared_total
    HAVING coalesce(sum(town.target), 0) <> declared.declared_total
    ORDER BY 1
"""


async def counters(databases: Databases, tally: Tally) -> None:
    """Each village's counters are what registration's enrolments give; the difference must be events still to count."""
    expected = _by_village(await databases.registration.rows(_RECOMPUTED))
    found = _by_village(await databases.quota.rows(_COUNTED))
    tally.looked_at(len(expected.keys() | found.keys()))
    nothing = (0, 0, 0)
    differing = {
        village
        for village in expected.keys() | found.keys()
        if expected.get(village, nothing) != found.get(village, nothing)
    }
    if not differing:
        return
    to_come, oldest = await _to_come(databases, sorted({region for _, region in differing}))
    for village in sorted(differing):
        want, have = expected.get(village, nothing), found.get(village, nothing)
        later = to_come.get(village, nothing)
        explained = tuple(a + b for a, b in zip(have, later, strict=True)) == want
        finding = Finding(f"village {village[1]} {village[0]}", village[1], _words(want), _words(have))
        if explained:
            tally.waits(finding, oldest.get(village, 0.0))
        else:
            tally.broke(finding)


async def targets(databases: Databases, tally: Tally) -> None:
    """The towns' targets sum to the total that their notice declares."""
    tally.looked_at(await count(databases.quota, "target_set"))
    await differing_rows(databases.quota, tally, _TARGETS)


async def _to_come(databases: Databases, regions: Sequence[str]) -> tuple[dict[Village, Counts], dict[Village, float]]:
    """What events that quota has not taken in will still add to each village, and the age of the oldest."""
    counts: dict[Village, Counts] = {}
    oldest: dict[Village, float] = {}
    async for event in _not_counted(databases, regions):
        village = (event["benefit_year"], event["region"])
        counts[village] = _add(counts.get(village, (0, 0, 0)), event)
        oldest[village] = max(oldest.get(village, 0.0), event["age_s"])
    return counts, oldest


async def _not_counted(databases: Databases, regions: Sequence[str]) -> AsyncIterator[RowMapping]:
    events = [_REGISTERED, _PAID, _TERMINATED]
    async for rows in databases.registration.stream(_COUNTING_EVENTS, regions=list(regions), events=events):
        keys = sorted({row["key"] for row in rows})
        consumed = {row["key"]: row["seq"] for row in await databases.quota.rows(_CONSUMED, keys=keys)}
        for row in rows:
            if row["seq"] > consumed.get(row["key"], 0):
                yield row


def _add(counts: Counts, event: RowMapping) -> Counts:
    registered, enrolled, terminated = counts
    if event["event"] == _REGISTERED:
        return registered + 1, enrolled, terminated
    if event["event"] == _PAID:
        return registered, enrolled + 1, terminated
    return registered - 1, enrolled - (1 if event["was_paid"] else 0), terminated + 1


def _by_village(rows: Sequence[RowMapping]) -> dict[Village, Counts]:
    return {
        (row["benefit_year"], row["region"]): (row["registered"], row["enrolled"], row["terminated"]) for row in rows
    }


def _words(counts: Counts) -> str:
    return "registered {}, enrolled {}, terminated {}".format(*counts)


CHECKS = (
    Check(
        "COUNTERS_RECOMPUTED",
        "进度计数 = 重新计算",
        "Counters are what a recount gives",
        "各村计数 ↔ 参保登记重新统计",
        counters,
    ),
    Check(
        "TARGETS_SUM",
        "任务数合计 = 文件总数",
        "Targets sum to the declared total",
        "各乡镇任务数之和 ↔ 文件公布的总数",
        targets,
    ),
)
