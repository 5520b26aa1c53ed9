"""The way to the treasury: each remitted line in exactly one place, and registration knowing which."""

from verify.check import ConsistencyCheck
from verify.checks.sql import count, differing_rows
from verify.comparison import Side
from verify.findings import Findings
from verify.in_flight import Flow, reconcile
from verify.snapshot import Databases

# Where a line is follows from its batch's state, or from the state before while it has not followed the batch.
_PLACES = """
    SELECT concat('remittance line ', line.batch_id, ' ', line.enrolment_id) AS subject, line.region,
           state.place AS expected, line.place AS found, line.amount_fen AS fen
    FROM proof.remittance_line AS line
    JOIN (
        SELECT id, CASE state WHEN 'REMITTED' THEN 'IN_TRANSIT' WHEN 'TREASURY_CONFIRMED' THEN 'TREASURY'
                              WHEN 'CERTIFICATE_ISSUED' THEN 'TREASURY' WHEN 'RETURNED' THEN 'RETURNED'
                              WHEN 'REVERSED' THEN 'WITHDRAWN'
                              ELSE 'PENDING' END AS place
        FROM proof.remittance_batch
    ) AS batch ON batch.id = line.batch_id
    LEFT JOIN proof.remittance_move AS move ON move.batch_id = line.batch_id AND move.lines_left > 0
         AND (move.moved_to IS NULL OR line.enrolment_id > move.moved_to)
    CROSS JOIN LATERAL (
        SELECT CASE move.step WHEN 'REMIT' THEN 'PENDING' WHEN 'CONFIRM_TREASURY' THEN 'IN_TRANSIT'
                              WHEN 'RETURN' THEN 'IN_TRANSIT' ELSE batch.place END AS place
    ) AS state
    WHERE state.place <> line.place
    ORDER BY line.batch_id, line.enrolment_id
"""
# Lines that have not followed their batch are on their way, for as long as their number is right.
_MOVING = """
    SELECT concat('batch ', move.batch_id, ' ', move.step) AS subject, move.region, '0 lines left' AS expected,
           concat(move.lines_left, ' lines left') AS found, after.fen,
           CASE WHEN after.lines = move.lines_left
                 AND (move.replaced_by IS NULL OR copied.lines + move.lines_left = batch.line_count)
                THEN greatest(extract(epoch FROM clock_timestamp() - move.recorded_at), 0)::float8 END AS age_s
    FROM proof.remittance_move AS move JOIN proof.remittance_batch AS batch ON batch.id = move.batch_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS lines, coalesce(sum(amount_fen), 0)::bigint AS fen FROM proof.remittance_line AS line
        WHERE line.batch_id = move.batch_id AND (move.moved_to IS NULL OR line.enrolment_id > move.moved_to)
    ) AS after
    CROSS JOIN LATERAL (
        SELECT count(*) AS lines FROM proof.remittance_line AS line WHERE line.batch_id = move.replaced_by
    ) AS copied
    WHERE move.lines_left > 0 ORDER BY move.step_id
"""
# A move is of the step that began it, in the same moment; done, it has come to its batch's last line. What came back
# has a batch of its own. Steps from before lines moved in portions have no move: none is asked before the first move.
_MOVES = """
    SELECT concat('batch ', coalesce(move.batch_id, step.batch_id), ' ', coalesce(move.step, step.step)) AS subject,
           coalesce(move.region, step.region) AS region,
           CASE WHEN step.id IS NULL THEN 'a step of its batch'
                ELSE concat_ws(' ', step.batch_id, step.step, 'to', last.enrolment_id) END AS expected,
           CASE WHEN move.step_id IS NULL THEN 'no move of its lines'
                ELSE concat_ws(' ', move.batch_id, move.step, 'to', move.moved_to, 'replaced by', move.replaced_by) END
           AS found, 0::bigint AS fen
    FROM proof.remittance_move AS move FULL JOIN (
        SELECT * FROM proof.remittance_step
        WHERE step IN ('REMIT', 'CONFIRM_TREASURY', 'ISSUE_CERTIFICATE', 'RETURN')
    ) AS step ON step.id = move.step_id
    LEFT JOIN proof.remittance_batch AS replacing ON replacing.id = move.replaced_by
    LEFT JOIN LATERAL (
        SELECT enrolment_id FROM proof.remittance_line AS line
        WHERE line.batch_id = move.batch_id ORDER BY enrolment_id DESC LIMIT 1
    ) AS last ON true
    WHERE CASE WHEN move.step_id IS NULL
               THEN step.id > (SELECT step_id FROM proof.remittance_move ORDER BY step_id LIMIT 1)
               ELSE (step.batch_id, step.step, step.region, move.stepped_at)
                    IS DISTINCT FROM (move.batch_id, move.step, move.region, move.recorded_at)
                 OR (move.step = 'RETURN') <> (move.replaced_by IS NOT NULL)
                 OR move.replaced_by IS NOT NULL AND replacing.previous_batch_id IS DISTINCT FROM move.batch_id
                 OR move.lines_left = 0 AND move.moved_to IS DISTINCT FROM last.enrolment_id END
    ORDER BY subject, found
"""
# The parts of a channel's day follow each other, those of a statement begin with the first. A day is settled by the
# bills from its merchant's first day on. A batch that replaces another is of the same part.
_PARTS = """
    SELECT concat('batch ', batch.id) AS subject, batch.region,
           concat_ws(' ', 'part', coalesce(earlier.part, batch.place), CASE WHEN batch.of_bills THEN 'by bill' END)
           AS expected,
           concat_ws(' ', 'part', batch.part, CASE WHEN batch.by_bill THEN 'by bill' END) AS found,
           batch.amount_fen AS fen
    FROM (
        SELECT known.*, merchant.channel IS NOT NULL AS of_bills, row_number() OVER (
                   PARTITION BY known.statement_no, known.region, known.channel, known.merchant_id,
                                known.settlement_day, known.previous_batch_id IS NULL ORDER BY known.part) AS place
        FROM proof.remittance_batch AS known LEFT JOIN proof.billed_merchant AS merchant
          ON (merchant.channel, merchant.merchant_id) = (known.channel, known.merchant_id)
         AND merchant.first_day <= known.settlement_day
    ) AS batch LEFT JOIN proof.remittance_batch AS earlier ON earlier.id = batch.previous_batch_id
    WHERE batch.by_bill <> batch.of_bills
       OR CASE WHEN earlier.id IS NOT NULL
               THEN (earlier.part, earlier.by_bill, earlier.channel, earlier.merchant_id, earlier.settlement_day)
                    IS DISTINCT FROM (batch.part, batch.by_bill, batch.channel, batch.merchant_id, batch.settlement_day)
               ELSE batch.part <> batch.place AND (batch.place = 1 OR batch.kind = 'ONLINE') END
    ORDER BY subject
"""
# A receipt or payment line is on its way once at a time, with its own amount and for its own person.
_SOURCES = """
    WITH source AS (
        SELECT id, enrolment_id, amount_fen FROM proof.cash_receipt WHERE state = 'WRITTEN_OFF'
        UNION ALL SELECT id, enrolment_id, amount_fen FROM proof.payment_line
        WHERE coalesce(premium, state = 'CREDITED')
    )
    SELECT concat('remittance line ', line.batch_id, ' ', line.enrolment_id) AS subject, line.region,
           coalesce(concat(source.enrolment_id, ' ', source.amount_fen), 'no credited money') AS expected,
           concat(line.enrolment_id, ' ', line.amount_fen) AS found,
           (line.amount_fen - coalesce(source.amount_fen, 0)) AS fen
    FROM proof.remittance_line AS line LEFT JOIN source ON source.id = line.source_id
    WHERE source.id IS NULL OR source.enrolment_id IS DISTINCT FROM line.enrolment_id
       OR source.amount_fen <> line.amount_fen
    UNION ALL
    SELECT concat('source ', source_id), min(region), 'one place',
           concat(count(*), ': ', string_agg(place, ', ' ORDER BY place)), (sum(amount_fen) - min(amount_fen))::bigint
    FROM proof.remittance_line WHERE place NOT IN ('RETURNED', 'WITHDRAWN') GROUP BY source_id HAVING count(*) > 1
    ORDER BY subject
"""
# Line by line, what the books moved for a batch is where the batch says that its money is.
_BOOKED = """
    WITH booked AS (
        SELECT batch_id, enrolment_id, min(region) AS region,
               sum((debit = 'in_transit')::int * amount_fen - (credit = 'in_transit')::int * amount_fen)
               AS in_transit_fen,
               sum((debit = 'treasury')::int * amount_fen - (credit = 'treasury')::int * amount_fen) AS treasury_fen
        FROM proof.transfer
        WHERE 'in_transit' IN (debit, credit) GROUP BY 1, 2
    ), line AS (
        SELECT batch_id, enrolment_id, region, amount_fen,
               CASE WHEN place = 'IN_TRANSIT' THEN amount_fen ELSE 0 END AS in_transit_fen,
               CASE WHEN place = 'TREASURY' THEN amount_fen ELSE 0 END AS treasury_fen
        FROM proof.remittance_line
    )
    SELECT concat('remittance line ', batch_id, ' ', enrolment_id) AS subject,
           coalesce(line.region, booked.region) AS region,
           concat('in transit ', coalesce(line.in_transit_fen, 0), ', treasury ', coalesce(line.treasury_fen, 0))
           AS expected,
           concat('in transit ', coalesce(booked.in_transit_fen, 0), ', treasury ', coalesce(booked.treasury_fen, 0))
           AS found,
           (coalesce(booked.in_transit_fen + booked.treasury_fen, 0)
            - coalesce(line.in_transit_fen + line.treasury_fen, 0))::bigint AS fen
    FROM line FULL JOIN booked USING (batch_id, enrolment_id)
    WHERE coalesce(line.in_transit_fen, 0) <> coalesce(booked.in_transit_fen, 0)
       OR coalesce(line.treasury_fen, 0) <> coalesce(booked.treasury_fen, 0)
    ORDER BY batch_id, enrolment_id
"""
_BATCHES = """
    SELECT concat('batch ', batch.id) AS subject, batch.region,
           concat(batch.line_count, ' lines, ', batch.amount_fen) AS expected,
           concat(coalesce(lines.lines, 0), ' lines, ', coalesce(lines.fen, 0)) AS found,
           (coalesce(lines.fen, 0) - batch.amount_fen)::bigint AS fen
    FROM proof.remittance_batch AS batch
    LEFT JOIN (SELECT batch_id, count(*) AS lines, sum(amount_fen) AS fen FROM proof.remittance_line GROUP BY 1)
         AS lines ON lines.batch_id = batch.id
    WHERE (coalesce(lines.fen, 0) <> batch.amount_fen OR coalesce(lines.lines, 0) <> batch.line_count)
      AND NOT EXISTS (SELECT FROM proof.remittance_move AS move
                      WHERE move.replaced_by = batch.id AND move.lines_left > 0)
    UNION ALL
    SELECT concat('certificate ', certificate_no), min(region), '1 batch', concat(count(*), ' batches'), 0
    FROM proof.remittance_batch WHERE certificate_no IS NOT NULL GROUP BY certificate_no HAVING count(*) > 1
    UNION ALL
    SELECT concat('serial ', collection_notice_serial), min(region), '1 batch', concat(count(*), ' batches'), 0
    FROM proof.remittance_batch WHERE collection_notice_serial IS NOT NULL
    GROUP BY collection_notice_serial HAVING count(*) > 1
    ORDER BY subject
"""

# Only enrolments that once left for the treasury: what registration has to know of.
_WHERE_IT_IS = """
    SELECT key, region, fen, CASE
               WHEN places @> '{TREASURY}' THEN concat('IN_TREASURY ', received_on, ' ', coalesce(certificate_no, '—'))
               WHEN places @> '{IN_TRANSIT}' THEN 'IN_TRANSIT' ELSE 'RETURNED' END AS facts
    FROM (
        SELECT line.enrolment_id::text AS key, min(line.region) AS region, array_agg(line.place) AS places,
               coalesce(sum(line.amount_fen) FILTER (WHERE line.place = 'TREASURY'), 0)::bigint AS fen,
               max(batch.received_on) AS received_on,
               max(batch.certificate_no) FILTER (WHERE move.step_id IS NULL) AS certificate_no
        FROM proof.remittance_line AS line JOIN proof.remittance_batch AS batch ON batch.id = line.batch_id
        LEFT JOIN proof.remittance_move AS move ON move.batch_id = line.batch_id AND move.lines_left > 0
             AND move.step = 'ISSUE_CERTIFICATE' AND (move.moved_to IS NULL OR line.enrolment_id > move.moved_to)
        WHERE line.place NOT IN ('PENDING', 'WITHDRAWN') GROUP BY line.enrolment_id
    ) AS line
"""
_WHERE_IT_IS_SAID = """
    SELECT id::text AS key, region, CASE money_state WHEN 'IN_TREASURY' THEN paid_fen ELSE 0 END AS fen,
           CASE money_state WHEN 'IN_TREASURY'
                THEN concat('IN_TREASURY ', in_treasury_on, ' ', coalesce(certificate_no, '—'))
                ELSE money_state END AS facts
    FROM proof.enrolment WHERE money_state IS NOT NULL
"""
_FLOW = Flow(
    "payment",
    "registration",
    (
        "payment.contribution_remitted.v1",
        "payment.contribution_returned.v1",
        "payment.contribution_in_treasury.v1",
        "payment.certificate_issued.v1",
    ),
)


async def lines(databases: Databases, findings: Findings) -> None:
    """Each remitted line is in exactly one of in transit, treasury and returned, in the batches and in the books."""
    findings.count_examined(await count(databases.payment, "remittance_line"))
    for sql in (_PLACES, _MOVING, _MOVES, _SOURCES, _BOOKED, _BATCHES, _PARTS):
        await differing_rows(databases.payment, findings, sql)


async def known(databases: Databases, findings: Findings) -> None:
    """Registration knows for each enrolment where its money is, and by which certificate."""
    await reconcile(
        databases,
        findings,
        Side(databases.payment, _WHERE_IT_IS),
        Side(databases.registration_first, _WHERE_IT_IS_SAID),
        (_FLOW,),
    )


CHECKS = (
    ConsistencyCheck(
        "REMITTED_ONCE",
        "上解明细各在一处",
        "Each remitted line is in exactly one place",
        "上解明细 ↔ 批次状态 ↔ 在途与国库分录；步骤 ↔ 明细的移动；批次的分次；完税证明与流水号唯一",
        lines,
    ),
    ConsistencyCheck(
        "TREASURY_KNOWN",
        "入库情况已告知登记",
        "Registration knows where the money is",
        "参保登记的资金状态与完税证明 ↔ 上解批次",
        known,
    ),
)
