"""Quota's counters, recomputed, and the targets against what their notice declares."""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.consumer_progress import EPOCH, compare_cursors, consumed_until, unequal
from verify.findings import Findings
from verify.report import RowFinding
from verify.snapshot import Databases

Counts = tuple[int, int, int]  # registered, enrolled, terminated
Village = tuple[int, str]  # benefit year, region
_NOTHING: Counts = (0, 0, 0)

_RECOMPUTED = """
    SELECT benefit_year, region, count(*) FILTER (WHERE registered) AS registered,
           count(*) FILTER (WHERE enrolled) AS enrolled, count(*) FILTER (WHERE NOT live) AS terminated
    FROM proof.enrolment GROUP BY benefit_year, region ORDER BY benefit_year, region
"""
_COUNTED = """
    SELECT benefit_year, region, sum(registered)::bigint AS registered, sum(enrolled)::bigint AS enrolled,
           sum(terminated)::bigint AS terminated
    FROM proof.village_counter GROUP BY benefit_year, region ORDER BY benefit_year, region
"""
_COUNTING_EVENTS = f"""
    SELECT event.benefit_year, event.region, event.event,
           CASE event.event WHEN 'registration.enrolment_terminated.v1'
                THEN (event.payload ->> 'was_paid')::boolean ELSE false END AS was_paid,
           greatest(extract(epoch FROM clock_timestamp() - event.recorded_at), 0)::float8 AS age_s
    FROM unnest(CAST(:keys AS uuid[]), CAST(:places AS bigint[])) AS consumed (id, place)
    JOIN proof.outbox AS event
      ON event.aggregate_id = consumed.id AND event.epoch * {EPOCH} + event.aggregate_seq > consumed.place
    WHERE event.event = ANY(:events)
    ORDER BY event.aggregate_id, event.aggregate_seq
"""  # noqa: S608 - a constant
_REGISTERED, _REJECTED, _READMITTED, _PAID, _REVERSED, _TERMINATED = (
    "registration.enrolment_registered.v1",
    "registration.enrolment_rejected.v1",
    "registration.enrolment_readmitted.v1",
    "registration.enrolment_paid.v1",
    "registration.enrolment_payment_reversed.v1",
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


async def counters(databases: Databases, findings: Findings) -> None:
    """Each village's counters, and what the events still to be counted add, are what registration's enrolments give."""
    expected = _by_village(await databases.registration.rows(_RECOMPUTED))
    found = _by_village(await databases.quota.rows(_COUNTED))
    to_come, oldest = await _to_come(databases)
    villages = expected.keys() | found.keys() | to_come.keys()
    findings.count_examined(len(villages))
    for village in sorted(villages):
        want, have = expected.get(village, _NOTHING), found.get(village, _NOTHING)
        finding = RowFinding(f"village {village[1]} {village[0]}", village[1], _words(want), _words(have))
        later = to_come.get(village, _NOTHING)
        if tuple(a + b for a, b in zip(have, later, strict=True)) != want:
            findings.add_break(finding)
        elif have != want:
            findings.add_in_flight(finding, oldest[village])


async def targets(databases: Databases, findings: Findings) -> None:
    """The towns' targets sum to the total that their notice declares."""
    findings.count_examined(await count(databases.quota, "target_set"))
    await differing_rows(databases.quota, findings, _TARGETS)


async def _to_come(databases: Databases) -> tuple[dict[Village, Counts], dict[Village, float]]:
    """What events that quota has not taken in will still add to each village, and the age of the oldest."""
    counts: dict[Village, Counts] = {}
    oldest: dict[Village, float] = {}
    compared, announced, consumed = await compare_cursors(databases, "registration", "quota")
    async for some in unequal(compared, announced, consumed):
        rows = await databases.registration.rows(
            _COUNTING_EVENTS,
            keys=[difference.key for difference in some],
            places=[consumed_until(difference) for difference in some],
            events=[_REGISTERED, _REJECTED, _READMITTED, _PAID, _REVERSED, _TERMINATED],
        )
        for event in rows:
            village = (event["benefit_year"], event["region"])
            counts[village] = _add(counts.get(village, _NOTHING), event)
            oldest[village] = max(oldest.get(village, 0.0), event["age_s"])
    return counts, oldest


def _add(counts: Counts, event: RowMapping) -> Counts:
    registered, enrolled, terminated = counts
    if event["event"] == _REJECTED:
        return registered - 1, enrolled, terminated
    if event["event"] in (_REGISTERED, _READMITTED):
        return registered + 1, enrolled, terminated
    if event["event"] == _PAID:
        return registered, enrolled + 1, terminated
    if event["event"] == _REVERSED:
        return registered, enrolled - 1, terminated
    return registered - 1, enrolled - (1 if event["was_paid"] else 0), terminated + 1


def _by_village(rows: Sequence[RowMapping]) -> dict[Village, Counts]:
    return {
        (row["benefit_year"], row["region"]): (row["registered"], row["enrolled"], row["terminated"]) for row in rows
    }


def _words(counts: Counts) -> str:
    return "registered {}, enrolled {}, terminated {}".format(*counts)


CHECKS = (
    ConsistencyCheck(
        "COUNTERS_RECOMPUTED",
        "进度计数 = 重新计算",
        "Counters are what a recount gives",
        "各村计数 ↔ 参保登记重新统计",
        counters,
    ),
    ConsistencyCheck(
        "TARGETS_SUM",
        "任务数合计 = 文件总数",
        "Targets sum to the declared total",
        "各乡镇任务数之和 ↔ 文件公布的总数",
        targets,
    ),
)
