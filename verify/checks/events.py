"""The order of events: none is missing, none is consumed that was not announced, none is stuck unexplained."""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows, named_rows
from verify.comparison import KeyDifference
from verify.consumer_progress import (
    EPOCH,
    SUBSCRIPTIONS,
    compare_cursors,
    consumed_until,
    place_text,
    same_event,
    unequal,
)
from verify.findings import Findings
from verify.report import RowFinding
from verify.snapshot import Databases, DatabaseSnapshot

# Rows stay 30 days. In an installation younger than that none can have been purged.
_KEPT_DAYS = 30
_CONTIGUOUS = f"""
    WITH announced AS (
        SELECT aggregate_id, min(region) AS region, count(*) AS events, min(aggregate_seq) AS first,
               max(aggregate_seq) AS last
        FROM proof.outbox GROUP BY aggregate_id
    ), age AS (
        SELECT coalesce(min(settled_at) < clock_timestamp() - interval '{_KEPT_DAYS} days', false) AS may_be_purged
        FROM proof.installation
    )
    SELECT concat('aggregate ', coalesce(announced.aggregate_id, counted.id)) AS subject, announced.region,
           concat('1…', counted.seq) AS expected,
           CASE WHEN announced.events IS NULL THEN 'no event'
                ELSE concat(first, '…', last, ' in ', events) END AS found, 0 AS fen
    FROM announced FULL JOIN proof.aggregate AS counted ON counted.id = announced.aggregate_id CROSS JOIN age
    WHERE (announced.events IS NULL AND NOT may_be_purged)
       OR (announced.events IS NOT NULL AND (
               last IS DISTINCT FROM counted.seq OR events <> last - first + 1 OR (first > 1 AND NOT may_be_purged)))
    ORDER BY 1
"""  # noqa: S608 - a constant
_OVERTAKEN = """
    SELECT concat('event ', waiting.id) AS subject, waiting.region, 'published in its order' AS expected,
           concat(waiting.event, ' ', waiting.aggregate_seq, ' was overtaken') AS found, 0 AS fen
    FROM proof.outbox AS waiting
    WHERE waiting.published_at IS NULL AND EXISTS (
        SELECT FROM proof.outbox AS later
        WHERE later.aggregate_id = waiting.aggregate_id AND later.aggregate_seq > waiting.aggregate_seq
          AND later.published_at IS NOT NULL)
    ORDER BY waiting.id
"""
# The next one has the next number, or begins a later epoch at a number that is not beyond it.
_NEXT_EVENTS = f"""
    SELECT DISTINCT ON (consumed.id) consumed.id::text AS key, consumed.place, event.region, event.event,
           event.published_at IS NOT NULL AS sent,
           greatest(extract(epoch FROM clock_timestamp() - event.recorded_at), 0)::float8 AS age_s
    FROM unnest(CAST(:keys AS uuid[]), CAST(:places AS bigint[])) AS consumed (id, place)
    JOIN proof.outbox AS event
      ON event.aggregate_id = consumed.id AND event.aggregate_seq <= consumed.place % {EPOCH} + 1
     AND event.epoch * {EPOCH} + event.aggregate_seq > consumed.place
    ORDER BY consumed.id, event.epoch, event.aggregate_seq
"""  # noqa: S608 - a constant
_WAITING_LETTERS = f"""
    SELECT letter.event_id::text AS event_id, letter.publisher, letter.event, letter.region, letter.reason,
           letter.aggregate_id::text AS key, letter.epoch * {EPOCH} + letter.seq AS place,
           coalesce(cursor.epoch * {EPOCH} + cursor.seq, 0) AS consumed,
           greatest(extract(epoch FROM clock_timestamp() - letter.recorded_at), 0)::float8 AS age_s
    FROM proof.dead_letter AS letter
    LEFT JOIN proof.cursor AS cursor
      ON cursor.publisher = letter.publisher AND cursor.aggregate_id = letter.aggregate_id
    WHERE letter.state = 'WAITING' ORDER BY letter.event_id
"""  # noqa: S608 - a constant
_DISCARDED = """
    SELECT concat('dead letter ', event_id) AS subject, region, 'taken in' AS expected,
           concat(event, ' discarded: ', coalesce(settled_because, '—')) AS found, 0 AS fen
    FROM proof.dead_letter WHERE state = 'DISCARDED' ORDER BY event_id
"""
_PARKED = f"""
    SELECT parked.event_id::text AS event_id, parked.publisher, parked.event, parked.region, 'GAP' AS reason,
           parked.aggregate_id::text AS key, parked.epoch * {EPOCH} + parked.seq AS place,
           coalesce(cursor.epoch * {EPOCH} + cursor.seq, 0) AS consumed,
           greatest(extract(epoch FROM clock_timestamp() - parked.parked_at), 0)::float8 AS age_s
    FROM proof.parked AS parked
    LEFT JOIN proof.cursor AS cursor
      ON cursor.publisher = parked.publisher AND cursor.aggregate_id = parked.aggregate_id
    ORDER BY parked.event_id
"""  # noqa: S608 - a constant


# Each begins with a restoration, which the auditor should know of.
_BEGUN = """
    SELECT concat('epoch ', epoch) AS subject, NULL AS region, 'epoch 1' AS expected,
           concat('began ', to_char(began_at, 'YYYY-MM-DD HH24:MI:SSOF'), ' by ', began_by, ', restored to ',
                  to_char(restored_to, 'YYYY-MM-DD HH24:MI:SSOF'), ': ', because,
                  CASE WHEN abandoned <> '{}' THEN concat('; abandoned ', abandoned) END) AS found, 0 AS fen
    FROM proof.epoch WHERE epoch > 1 ORDER BY epoch
"""
# What was announced after the moment to which a database was restored is lost, or counts in the epoch that began then:
# what is still there says that nothing was restored. An hour is left to what was sent and not yet marked.
_EPOCHS = """
    SELECT concat('epoch ', epoch) AS subject, NULL AS region, concat('epoch ', place) AS expected,
           concat('epoch ', epoch) AS found, 0 AS fen
    FROM (SELECT epoch, row_number() OVER (ORDER BY epoch) AS place FROM proof.epoch) AS counted
    WHERE epoch <> place
    UNION ALL
    SELECT concat('epoch ', epoch), NULL, 'begun once, after the moment to which it restored, or with the installation',
           concat_ws(' ', 'began', began_at, 'by', began_by, because, 'restored to', restored_to, abandoned), 0
    FROM proof.epoch WHERE began_at > clock_timestamp() OR began_at < restored_to
        OR (epoch = 1) <> (restored_to IS NULL)
        OR epoch = 1 AND (began_by, because, abandoned) <> ('canbao migrate', 'installed', '{}')
    UNION ALL
    SELECT concat('event ', event.id), event.region, 'an epoch that began', concat('epoch ', event.epoch), 0
    FROM proof.outbox AS event WHERE NOT EXISTS (SELECT FROM proof.epoch WHERE epoch.epoch = event.epoch)
    UNION ALL
    SELECT concat('aggregate ', counted.id), event.region, concat('epoch ', event.epoch),
           concat('epoch ', counted.epoch), 0
    FROM proof.aggregate AS counted
    JOIN proof.outbox AS event ON event.aggregate_id = counted.id AND event.aggregate_seq = counted.seq
    WHERE event.epoch <> counted.epoch
    UNION ALL
    SELECT concat('event ', event.id), event.region,
           concat('nothing of epoch ', event.epoch, ' after ', began.restored_to), concat('of ', event.recorded_at), 0
    FROM proof.epoch AS began
    JOIN proof.outbox AS event ON began.epoch > 1 AND event.epoch < began.epoch AND event.recorded_at < began.began_at
         AND event.recorded_at > began.restored_to + interval '1 hour'
    ORDER BY 1
"""


async def contiguous(databases: Databases, findings: Findings) -> None:
    """Each publisher's events of an aggregate are numbered without a gap and leave in their order."""
    for snapshot in databases.each:
        findings.count_examined(await count(snapshot, "outbox"))
        for sql in (_CONTIGUOUS, _OVERTAKEN, _EPOCHS):
            await differing_rows(snapshot, findings, sql)
        await named_rows(snapshot, findings, _BEGUN)


async def consumed(databases: Databases, findings: Findings) -> None:
    """No consumer is ahead of its publisher; what is not yet consumed is in the outbox, with its age."""
    for publisher, consumer in SUBSCRIPTIONS:
        compared, announced, taken_in = await compare_cursors(databases, publisher, consumer)
        findings.count_examined(compared.keys)
        async for some in unequal(compared, announced, taken_in):
            await _lag(databases.publisher(publisher), findings, consumer, some)


async def stuck(databases: Databases, findings: Findings) -> None:
    """A dead letter or parked event waits for something located, or else it is a break; discarded ones are named."""
    for name in ("registration", "quota", "payment", "subsidy"):
        snapshot = databases.consumer(name)
        for kind, sql in (("dead letter", _WAITING_LETTERS), ("parked event", _PARKED)):
            async for rows in snapshot.stream(sql):
                findings.count_examined(len(rows))
                await _explain_stuck(databases, findings, f"{name}: {kind}", rows)
        await named_rows(snapshot, findings, _DISCARDED)


async def _lag(publisher: DatabaseSnapshot, findings: Findings, consumer: str, some: Sequence[KeyDifference]) -> None:
    behind = [difference for difference in some if difference.fen < 0]
    rows = await publisher.rows(
        _NEXT_EVENTS,
        keys=[difference.key for difference in behind],
        places=[consumed_until(difference) for difference in behind],
    )
    next_events = {row["key"]: row for row in rows}
    for difference in some:
        if difference.fen == 0 and same_event(difference):
            continue
        announced = difference.left.fen if difference.left else 0
        event = next_events.get(difference.key)
        found = f"consumed {place_text(consumed_until(difference))}"
        finding = RowFinding(
            f"{consumer} ← {publisher.database} {difference.key}",
            event["region"] if event else None,
            f"consumed {place_text(announced)}",
            f"{found}, next {event['event']} {'sent' if event['sent'] else 'not sent'}"
            if event
            else found
            if difference.fen
            else "another event under this number",
        )
        if event is None:
            findings.add_break(finding)
        else:
            findings.add_in_flight(finding, event["age_s"])


async def _explain_stuck(databases: Databases, findings: Findings, kind: str, rows: Sequence[RowMapping]) -> None:
    """Located means: the next event that the consumer needs is in its publisher's outbox."""
    known = {publisher for publisher, _ in SUBSCRIPTIONS}
    there: set[tuple[str, str, int]] = set()
    for publisher in sorted({row["publisher"] for row in rows} & known):
        asked = [row for row in rows if row["publisher"] == publisher]
        found = await databases.publisher(publisher).rows(
            _NEXT_EVENTS, keys=[row["key"] for row in asked], places=[row["consumed"] for row in asked]
        )
        there |= {(publisher, row["key"], row["place"]) for row in found}
    for row in rows:
        finding = RowFinding(
            f"{kind} {row['event_id']}",
            row["region"],
            f"after {row['publisher']} {row['key']} {place_text(row['consumed'])}",
            f"{row['event']} {place_text(row['place']) if row['place'] else '—'}: {row['reason']}",
        )
        later = row["place"] is not None and row["place"] > row["consumed"]
        if later and (row["publisher"], row["key"], row["consumed"]) in there:
            findings.add_in_flight(finding, row["age_s"])
        else:
            findings.add_break(finding)


CHECKS = (
    ConsistencyCheck(
        "EVENTS_CONTIGUOUS",
        "事件序号连续",
        "Events of an aggregate are numbered without gaps",
        "发件箱序号 1…n ↔ 聚合计数；发布顺序",
        contiguous,
    ),
    ConsistencyCheck(
        "EVENTS_HEARD",
        "事件均已送达",
        "Every announced event is consumed, and nothing else",
        "各订阅方游标 ↔ 发布方序号",
        consumed,
    ),
    ConsistencyCheck(
        "NOTHING_STUCK",
        "无不明死信与滞留",
        "No unexplained dead letter or parked event",
        "死信、滞留事件 ↔ 发布方发件箱",
        stuck,
    ),
)
