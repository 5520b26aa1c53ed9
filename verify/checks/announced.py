"""What each service announced is what its rows say: nothing announced that does not stand, nothing standing unsaid.

Only while the announcement is kept: of what was purged the blocks speak.
"""

from collections.abc import Mapping
from typing import Final

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.findings import Findings
from verify.report import RowFinding
from verify.snapshot import Databases

# The newest event of a kind about a thing says what stands. ``facts`` are texts with the same words on both sides. What
# may be seen of a payload is put together once for each event (OFFSET 0), not once for each fact that is read in it.
_NEWEST = """
    SELECT DISTINCT ON (event.event, thing) event.event, event.aggregate_id, thing, event.region, facts
    FROM (
        SELECT aggregate_id, aggregate_seq, event.event, region, benefit_year, recorded_at, payload
        FROM proof.outbox AS event WHERE event.event IN ({events}) {still} OFFSET 0
    ) AS event
    CROSS JOIN LATERAL (SELECT {thing} AS thing, concat_ws(' ', {facts}) AS facts OFFSET 0) AS said
    ORDER BY event.event, thing, event.aggregate_seq DESC
"""
TEMPLATE: Final = """
    WITH said AS ({said}), stands AS ({stands})
    SELECT concat('event ', split_part(coalesce(said.event, stands.event), '.', 2), ' of ',
                  coalesce(said.thing, stands.thing)) AS subject, coalesce(said.region, stands.region) AS region,
           coalesce(stands.facts, 'no such row') AS expected, coalesce(said.facts, 'never announced') AS found, 0 AS fen
    FROM said FULL JOIN stands ON stands.event = said.event AND stands.thing = said.thing
    WHERE (said.facts, said.region) IS DISTINCT FROM (stands.facts, stands.region)
      AND (said.thing IS NOT NULL OR NOT EXISTS (SELECT FROM proof.purged_block WHERE table_name = 'outbox'))
    ORDER BY subject
"""


def _agree(events: str, thing: str, facts: str, stands: str, still: str = "") -> str:
    named = ", ".join(f"'{each}'" for each in events.split())
    said = _NEWEST.format(thing=thing, facts=facts, events=named, still=still)
    return TEMPLATE.format(said=said, stands=stands)


def _of(*names: str) -> str:
    return ", ".join(f"event.payload ->> '{name}'" for name in names)


# Who is registered again after a restoration was announced before it: the first event that this database has of them
# says that it holds again.
_REGISTERED_SAID = _agree(
    "registration.enrolment_registered.v1",
    "event.aggregate_id::text",
    "event.benefit_year, " + _of("registered_on"),
    "SELECT 'registration.enrolment_registered.v1' AS event, id::text AS thing, region,"
    " concat_ws(' ', benefit_year, registered_on) AS facts FROM proof.enrolment WHERE NOT EXISTS ("
    " SELECT FROM proof.outbox AS again WHERE again.aggregate_id = enrolment.id AND again.aggregate_seq = 1"
    " AND again.epoch > 1 AND again.event = 'registration.enrolment_reaffirmed.v1')",
)
# A contribution that was taken back is announced as reversed after it was announced as paid; its bill is open until it
# is paid once more.
_STILL_PAID = """
    AND NOT EXISTS (
        SELECT FROM proof.outbox AS taken_back
        WHERE taken_back.event = 'payment.contribution_reversed.v1' AND taken_back.aggregate_id = event.aggregate_id
          AND taken_back.aggregate_seq > event.aggregate_seq)
"""
_PAID_SAID = _agree(
    "payment.contribution_paid.v1",
    "event.payload ->> 'bill_id'",
    "event.benefit_year, " + _of("bill_version", "due_fen", "aided_fen", "channel", "paid_on"),
    "SELECT 'payment.contribution_paid.v1' AS event, id::text AS thing, region, concat_ws(' ', benefit_year, version,"
    " due_fen, aided_fen, paid_through, paid_on) AS facts FROM proof.bill WHERE state = 'PAID'",
    _STILL_PAID,
)
_SUSPENDED_SAID = _agree(
    "payment.payment_suspended.v1",
    "event.payload ->> 'suspense_id'",
    _of("amount_fen", "channel", "reason"),
    "SELECT 'payment.payment_suspended.v1' AS event, id::text AS thing, region, concat_ws(' ', amount_fen, channel,"
    " reason) AS facts FROM proof.suspense WHERE payment_line_id IS NOT NULL",
)
_REFUND_SAID = _agree(
    "payment.refund_paid.v1",
    "event.payload ->> 'refund_id'",
    _of("amount_fen", "reason", "refunded_on"),
    "SELECT 'payment.refund_paid.v1' AS event, id::text AS thing, region, concat_ws(' ', amount_fen, reason,"
    " refunded_on) AS facts FROM proof.refund WHERE state = 'PAID'",
)
_CASH_SAID = _agree(
    "payment.cash_returned.v1",
    "event.payload ->> 'receipt_id'",
    _of("amount_fen", "reason", "returned_on"),
    "SELECT 'payment.cash_returned.v1' AS event, receipt.id::text AS thing, receipt.region, concat_ws(' ',"
    " receipt.amount_fen, receipt.recall_reason, back.returned_on) AS facts FROM proof.cash_refund AS back"
    " JOIN proof.cash_receipt AS receipt ON receipt.id = back.receipt_id WHERE back.returned_on IS NOT NULL",
)
_REMITTED_SAID = _agree(
    "payment.contribution_remitted.v1",
    "concat(event.payload ->> 'batch_id', ' ', event.aggregate_id)",
    _of("amount_fen", "remitted_on"),
    "SELECT 'payment.contribution_remitted.v1' AS event, concat(line.batch_id, ' ', line.enrolment_id) AS thing,"
    " line.region, concat_ws(' ', line.amount_fen, batch.remitted_on) AS facts FROM proof.remittance_line AS line"
    " JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id WHERE line.place <> 'PENDING'",
)
_TREASURY_SAID = _agree(
    "payment.contribution_in_treasury.v1",
    "concat(event.payload ->> 'batch_id', ' ', event.aggregate_id)",
    _of("amount_fen", "received_on"),
    "SELECT 'payment.contribution_in_treasury.v1' AS event, concat(line.batch_id, ' ', line.enrolment_id) AS thing,"
    " line.region, concat_ws(' ', line.amount_fen, batch.received_on) AS facts FROM proof.remittance_line AS line"
    " JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id WHERE line.place = 'TREASURY'",
)
_CERTIFIED_SAID = _agree(
    "payment.certificate_issued.v1",
    "concat(event.payload ->> 'batch_id', ' ', event.aggregate_id)",
    _of("certificate_no", "issued_on"),
    "SELECT 'payment.certificate_issued.v1' AS event, concat(line.batch_id, ' ', line.enrolment_id) AS thing,"
    " line.region, concat_ws(' ', batch.certificate_no, batch.certificate_issued_on) AS facts"
    " FROM proof.remittance_line AS line JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id"
    " WHERE batch.certificate_no IS NOT NULL",
)
_ASSESSED_SAID = _agree(
    "subsidy.contribution_assessed.v1",
    "concat(event.aggregate_id, ' ', event.payload ->> 'version')",
    "event.benefit_year, event.recorded_at, " + _of("outcome", "reason_code", "assessed_on"),
    "SELECT 'subsidy.contribution_assessed.v1' AS event, concat(enrolment_id, ' ', version) AS thing, region,"
    " concat_ws(' ', benefit_year, recorded_at, outcome, reason_code, assessed_on) AS facts FROM proof.assessment",
)
_TARGETS_SAID = _agree(
    "quota.targets_published.v1",
    "event.aggregate_id::text",
    "event.benefit_year, " + _of("document", "total", "towns"),
    "SELECT 'quota.targets_published.v1' AS event, declared.id::text AS thing, declared.region, concat_ws(' ',"
    " declared.benefit_year, declared.document, declared.declared_total, count(DISTINCT town.region)) AS facts"
    " FROM proof.target_set AS declared LEFT JOIN proof.town_target AS town ON (town.county, town.benefit_year,"
    " town.version) = (declared.region, declared.benefit_year, declared.version)"
    " GROUP BY declared.id, declared.region, declared.benefit_year, declared.document, declared.declared_total",
)
# An event is sent after it was announced, and after those of the same aggregate before it.
_SENT_IN_ORDER = """
    SELECT concat('event ', id) AS subject, region, concat('after ', greatest(recorded_at, before)) AS expected,
           concat('sent at ', published_at) AS found, 0 AS fen
    FROM (
        SELECT id, region, recorded_at, published_at,
               max(published_at) OVER (PARTITION BY aggregate_id ORDER BY aggregate_seq
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM proof.outbox
    ) AS event
    WHERE published_at < recorded_at - interval '1 second' OR published_at < before - interval '1 second'
       OR published_at > clock_timestamp() + interval '1 hour'
    ORDER BY id
"""
_INSTALLED = """
    SELECT service, installation, partitions, settled_at,
           (SELECT count(*) FROM proof.installation) AS rows, (SELECT min(recorded_at) FROM proof.outbox) AS first
    FROM proof.installation LIMIT 1
"""


def _said() -> Mapping[str, tuple[str, ...]]:
    return {
        "registration": (_REGISTERED_SAID,),
        "payment": (
            _PAID_SAID,
            _SUSPENDED_SAID,
            _REFUND_SAID,
            _CASH_SAID,
            _REMITTED_SAID,
            _TREASURY_SAID,
            _CERTIFIED_SAID,
        ),
        "subsidy": (_ASSESSED_SAID,),
        "quota": (_TARGETS_SAID,),
    }


async def announced(databases: Databases, findings: Findings) -> None:
    """Each event's newest word is its row's, each row was announced, and events left in the order of their numbers."""
    for snapshot in databases.each:
        findings.count_examined(await count(snapshot, "outbox"))
        for sql in (*_said()[snapshot.database], _SENT_IN_ORDER):
            await differing_rows(snapshot, findings, sql)


async def installed(databases: Databases, findings: Findings) -> None:
    """Every database says that it is the service's own, of one installation with as many partitions as the others."""
    shared: set[tuple[str, int]] = set()
    for snapshot in databases.each:
        findings.count_examined(1)
        rows = await snapshot.rows(_INSTALLED)
        named = [(row["service"], row["rows"]) for row in rows]
        if named != [(snapshot.database, 1)] or any(row["first"] and row["first"] < row["settled_at"] for row in rows):
            found = ", ".join(f"{row['service']} {row['rows']} of {row['settled_at']}" for row in rows) or "none"
            findings.add_break(RowFinding(f"database {snapshot.database}", None, f"{snapshot.database} once", found))
        shared |= {(row["installation"], row["partitions"]) for row in rows}
    if len(shared) > 1:
        findings.add_break(RowFinding("installation", None, "one", ", ".join(f"{n} {p}" for n, p in sorted(shared))))


CHECKS = (
    ConsistencyCheck(
        "SAID_AS_STORED",
        "公告内容 = 明细",
        "What was announced is what stands",
        "发件箱（保留期内）↔ 登记、缴费、待查、退费、上解、入库、完税证明、核定、任务数",
        announced,
    ),
    ConsistencyCheck(
        "ONE_INSTALLATION",
        "各库同属一处安装",
        "All databases are of one installation",
        "各库的服务名、安装名、分区数、起用时间",
        installed,
    ),
)
