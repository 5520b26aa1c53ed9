-- What every database shows the auditor of its messages: what it announced, how far it listened, what it could not
-- take in. Of a payload only named dates, amounts and outcomes are shown: what a later version adds stays hidden.

CREATE VIEW proof.outbox AS
SELECT outbox.id, key AS aggregate_id, coalesce(moved.epoch, outbox.epoch) AS epoch, aggregate_seq, event, service,
       region, benefit_year, actor, correlation_id, causation_id, recorded_at, published_at,
       (SELECT jsonb_object_agg(fact.key, fact.value ORDER BY fact.key)
        FROM json_each(payload) AS fact
        WHERE json_typeof(fact.value) <> 'null' AND fact.key IN (
            'version', 'outcome', 'reason_code', 'assessed_on', 'due_fen', 'amount_fen', 'aided_fen', 'bill_version',
            'channel', 'paid_on', 'basis', 'registered_on', 'terminated_on', 'was_paid', 'benefit_start',
            'benefit_end', 'batch_id', 'remitted_on', 'received_on', 'returned_on', 'certificate_no', 'issued_on',
            'refunded_on', 'reason', 'business_date', 'document', 'total', 'towns', 'bill_id', 'suspense_id',
            'refund_id', 'receipt_id', 'target_set_id')) AS payload
FROM outbox LEFT JOIN outbox_moved AS moved ON moved.id = outbox.id;

CREATE VIEW proof.aggregate AS
SELECT id, epoch, seq FROM aggregate;

CREATE VIEW proof.cursor AS
SELECT publisher, aggregate_id, epoch, seq, last_event_id FROM cursor;

CREATE VIEW proof.parked AS
SELECT publisher, aggregate_id, epoch, seq, event_id, event, region, parked_at FROM parked_event;

CREATE VIEW proof.dead_letter AS
SELECT id, event_id, publisher, aggregate_id, epoch, seq, event, region, reason, recorded_at, state, settled_at,
       settled_because
FROM dead_letter;

CREATE VIEW proof.approval AS
SELECT id, act, subject, region, proposed_by, proposed_on, expires_on, state, decided_by, decided_on, decided_at
FROM approval;

CREATE VIEW proof.epoch AS
SELECT epoch, began_at, began_by, because, restored_to, abandoned FROM epoch;

-- What a restoration lost and nobody has made good yet: how many of each kind.
CREATE VIEW proof.lost_event AS
SELECT event, count(*) AS waiting FROM lost_event WHERE settled_at IS NULL GROUP BY event;

CREATE VIEW proof.installation AS
SELECT service, installation, partitions, settled_at FROM messaging_installation;

-- The chain of blocks, and for each table that they seal a digest of every row: the auditor recomputes the blocks and
-- sees no content. A form says which columns were sealed; the columns are those that the service declares.
CREATE VIEW proof.sealed_block AS
SELECT table_name, block, form, first_written_by, first_id, last_written_by, last_id, rows,
       encode(content, 'hex') AS content, encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash, sealed_at
FROM sealed_block;

CREATE VIEW proof.purged_block AS SELECT table_name, block, purged_at FROM purged_block;

CREATE VIEW proof.sealed_outbox AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service,
           correlation_id, causation_id, payload, recorded_at, written_by))), 'hex') AS digest
FROM outbox
UNION ALL
SELECT 2::smallint, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service,
           correlation_id, causation_id, payload, recorded_at, written_by, epoch))), 'hex')
FROM outbox;
