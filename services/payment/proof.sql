-- What payment shows the auditor: bills, orders, notices, payments, the books and the way to the treasury. Never the
-- envelope of a notice, which holds who paid, nor a person's token.

-- By which what clerks enter is judged. Where nobody set one, the day is the clock's.
CREATE VIEW proof.business_date AS SELECT business_date FROM business_date;

CREATE VIEW proof.transfer AS
SELECT id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, benefit_year, region, batch_id, effective_on,
       caused_by, actor, correlation_id, recorded_at
FROM transfer;

CREATE VIEW proof.transfer_sum AS SELECT region, benefit_year, kind, debit, credit, fen, times FROM transfer_sum;

-- Only what stands below the horizon is in the sums.
CREATE VIEW proof.summed_transfer AS
SELECT region, benefit_year, kind, debit, credit, amount_fen
FROM transfer WHERE written_by < (SELECT below FROM transfer_horizon);

-- The terms of a bill are shown as a digest, to be compared with those of the price that it asks; so is the person.
CREATE VIEW proof.bill AS
SELECT id, enrolment_id, benefit_year, region, version, state, superseded_because, row_no, due_fen, aided_fen,
       paid_on, paid_through, paid_by,
       (SELECT md5(string_agg(concat_ws('|', line.value ->> 'pay_from', line.value ->> 'pay_until',
            line.value ->> 'standard_fen', line.value ->> 'due_fen', line.value -> 'wait', line.value -> 'benefit',
            line.value -> 'shares'), ';' ORDER BY line.ordinality))
        FROM jsonb_array_elements(schedule) WITH ORDINALITY AS line) AS terms,
       left(encode(sha256(convert_to(person_token, 'UTF8')), 'hex'), 16) AS person
FROM bill;

CREATE VIEW proof.payment_order AS
SELECT id, order_no, channel, merchant_id, benefit_year, region, state, amount_fen, appid
FROM payment_order;

-- How many orders of before the last restoration wait for the channel's word: open ones that it was not asked about
-- since, and ended ones about which it has given no final answer.
CREATE VIEW proof.order_to_ask AS
SELECT count(*) AS orders
FROM payment_order JOIN (SELECT max(began_at) AS at FROM epoch WHERE epoch > 1) AS began ON opened_at < began.at
WHERE next_ask_at IS NOT NULL
  AND (state NOT IN ('CREATED', 'AWAITING', 'UNKNOWN') OR coalesce(queried_at, '-infinity') < began.at);

CREATE VIEW proof.order_line AS
SELECT order_id, bill_id, enrolment_id, benefit_year, region, amount_fen, open FROM order_line;

CREATE VIEW proof.notice AS
SELECT id, channel, merchant_id, notify_id, source, event_type, kind, payee_merchant_id, payee_provider_id, order_no,
       transaction_id, refund_no, outcome, amount_fen, currency, succeeded_at, state, reason, closed_by, region,
       correlation_id, recorded_at, payee_appid
FROM raw_notice;

CREATE VIEW proof.payment AS
SELECT id, channel, merchant_id, transaction_id, order_id, order_no, notice_id, bill_id, bill_line, amount_fen,
       paid_at, paid_on, region
FROM payment;

CREATE VIEW proof.payment_line AS
SELECT id, payment_id, bill_id, enrolment_id, benefit_year, region, amount_fen, state, settled_on, counted_by,
       attributed_to, attributed_by, premium
FROM payment_line;

CREATE VIEW proof.suspense AS
SELECT id, payment_line_id, notice_id, channel, merchant_id, order_no, transaction_id, enrolment_id, benefit_year,
       region, amount_fen, reason, suspended_on, state, paid_fen
FROM suspense;

CREATE VIEW proof.refund AS
SELECT id, suspense_id, refund_no, channel, merchant_id, transaction_id, enrolment_id, benefit_year, region, amount_fen,
       reason, state, requested_on, approved_on, refunded_on, paid_fen, deducted_by, attributed_to, attributed_by
FROM refund;

CREATE VIEW proof.suspense_decision AS
SELECT id, suspense_id, kind, decided_on, bill_id, applied_on, batch_id, benefit_year, region FROM suspense_decision;

CREATE VIEW proof.unasked_refund AS
SELECT id, channel, merchant_id, channel_refund_id, payment_line_id, enrolment_id, benefit_year, region, amount_fen,
       refunded_on, caused_by, deducted_by, recorded_at, recovered_by
FROM unasked_refund;

CREATE VIEW proof.payout AS
SELECT id, channel, merchant_id, bill_id, line_no, paid_out_on, amount_fen, after_day, after_line, until_day, until_line,
       state, fault, unusual_fen, released_by, batch_id, region, recorded_at
FROM payout;

CREATE VIEW proof.settlement_difference AS
SELECT id, class, kind, channel, merchant_id, transaction_id, channel_refund_id, payment_id, refund_id, payout_id,
       unasked_id, bill_id, line_no, ours_fen, theirs_fen, owner, since, state, closed_because, closed_on, closed_by,
       region, recorded_at
FROM settlement_difference;

CREATE VIEW proof.cash_receipt AS
SELECT id, receipt_no, enrolment_id, benefit_year, region, amount_fen, received_on, state, recall_reason, batch_id,
       deposited_on, entered_on, entry_days, late_approval, actor
FROM cash_receipt;

CREATE VIEW proof.document_look_alike AS
SELECT id, kind, document_id, number, beside_number, region, resolved_by, new_number, recorded_at
FROM document_look_alike;

CREATE VIEW proof.cash_refund AS
SELECT receipt_id, region, state, recalled_on, approved_on, fetched_on, returned_on, recorded_at
FROM cash_refund;

CREATE VIEW proof.deposit_slip AS
SELECT slip_no, batch_id, amount_fen, deposited_on, withdrawn, region, recorded_at FROM deposit_slip;

CREATE VIEW proof.bank_line AS
SELECT id, statement_no, line_no, booked_on, kind, reference, amount_fen, batch_id,
       reversed_on, reversed_by, actor, region
FROM bank_line;

CREATE VIEW proof.billed_merchant AS SELECT channel, merchant_id, first_day, region, recorded_at FROM billed_merchant;

-- Never the file itself: it holds who paid.
CREATE VIEW proof.channel_bill AS
SELECT id, channel, merchant_id, kind, bill_day, state, fault, line_count, region,
       EXISTS (SELECT FROM channel_bill_content AS part WHERE part.bill_id = channel_bill.id) AS has_file
FROM channel_bill;

CREATE VIEW proof.bill_trade_line AS
SELECT bill_id, line_no, kind, order_no, transaction_id, refund_no, channel_refund_id, outcome, amount_fen, due_fen,
       region
FROM bill_trade_line;

CREATE VIEW proof.bill_flow_line AS
SELECT bill_id, line_no, business_no, kind, amount_fen, balance_fen, region
FROM bill_flow_line;

CREATE VIEW proof.remittance_batch AS
SELECT id, region, kind, state, held_at, statement_no, benefit_year, channel, merchant_id, settlement_day, part,
       by_bill, payout_id, declared_fen, amount_fen, line_count, collection_notice_serial, remitted_on, received_on,
       certificate_no, certificate_issued_on, returned_on, previous_batch_id, moved_on, counted_fen, recorded_at
FROM remittance_batch;

CREATE VIEW proof.remittance_line AS
SELECT batch_id, enrolment_id, source_id, benefit_year, region, amount_fen, place, receipt_no
FROM remittance_line;

-- A move begins in the moment of its step.
CREATE VIEW proof.remittance_move AS
SELECT step_id, batch_id, step, replaced_by, moved_to, lines_left, region, recorded_at,
       (SELECT recorded_at FROM remittance_step AS step WHERE step.id = remittance_move.step_id) AS stepped_at
FROM remittance_move;

CREATE VIEW proof.remittance_step AS
SELECT id, batch_id, step, from_state, to_state, effective_on, region
FROM remittance_step;

CREATE VIEW proof.sealed_transfer AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token,
           benefit_year, batch_id, effective_on, caused_by, region, actor, correlation_id, recorded_at,
           written_by))), 'hex') AS digest
FROM transfer;

CREATE VIEW proof.sealed_raw_notice AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, channel, merchant_id, notify_id, source, envelope, serial, signed_at, event_type, kind, payee_merchant_id,
           payee_provider_id, payee_appid, order_no, transaction_id, refund_no, channel_refund_id, outcome, amount_fen,
           currency, succeeded_at, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM raw_notice;

CREATE VIEW proof.sealed_bank_line AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, statement_no, line_no, account, booked_on, kind, reference, amount_fen, bank_reference, region, actor,
           correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM bank_line;

-- What was read of a bill, and the digest of its lines as they stand now, as it was made when they were stored: over 5,000
-- lines at a time, in their order.
CREATE VIEW proof.read_bill AS
SELECT bill_id, state, line_count, encode(lines_digest, 'hex') AS lines_digest, region FROM read_bill;

CREATE VIEW proof.bill_digest AS
SELECT bill.id AS bill_id, encode(sha256(string_agg(piece.digest, ''::bytea ORDER BY piece.place)), 'hex') AS digest
FROM channel_bill AS bill
CROSS JOIN generate_series(0, (SELECT max(line_no) FROM bill_trade_line WHERE bill_id = bill.id) / 5000) AS place
CROSS JOIN LATERAL (
    SELECT place, sha256(string_agg(record_send(ROW(
               line_no, kind, order_no, transaction_id, refund_no, channel_refund_id, outcome, amount_fen, due_fen,
               happened_at, region)), ''::bytea ORDER BY line_no)) AS digest
    FROM bill_trade_line AS line
    WHERE line.bill_id = bill.id AND line.line_no >= place * 5000 AND line.line_no < (place + 1) * 5000
) AS piece
GROUP BY bill.id
UNION ALL
SELECT bill.id, encode(sha256(string_agg(piece.digest, ''::bytea ORDER BY piece.place)), 'hex')
FROM channel_bill AS bill
CROSS JOIN generate_series(0, (SELECT max(line_no) FROM bill_flow_line WHERE bill_id = bill.id) / 5000) AS place
CROSS JOIN LATERAL (
    SELECT place, sha256(string_agg(record_send(ROW(
               line_no, booked_at, flow_no, business_no, voucher_no, kind, amount_fen, balance_fen, remark, region)), ''::bytea ORDER BY line_no)) AS digest
    FROM bill_flow_line AS line
    WHERE line.bill_id = bill.id AND line.line_no >= place * 5000 AND line.line_no < (place + 1) * 5000
) AS piece
GROUP BY bill.id;

-- Of what comes in the columns that are written once; what becomes of a row is compared with what made it so.
CREATE VIEW proof.sealed_billed_merchant AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, channel, merchant_id, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM billed_merchant;

CREATE VIEW proof.sealed_channel_bill AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, channel, merchant_id, kind, bill_day, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM channel_bill;

CREATE VIEW proof.sealed_read_bill AS
SELECT 1::smallint AS form, written_by, bill_id AS id, recorded_at,
       encode(sha256(record_send(ROW(
           bill_id, state, content_hash, line_count, lines_digest, read_on, region, recorded_at, written_by))), 'hex') AS digest
FROM read_bill;

CREATE VIEW proof.sealed_payout AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, channel, merchant_id, bill_id, line_no, paid_out_on, amount_fen, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM payout;

CREATE VIEW proof.sealed_settlement_difference AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, class, kind, channel, merchant_id, transaction_id, order_no, refund_no, channel_refund_id,
           payment_id, refund_id, payout_id, unasked_id, bill_id, line_no, ours_fen, theirs_fen, happened_at,
           owner, since, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM settlement_difference;

CREATE VIEW proof.sealed_unasked_refund AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, channel, merchant_id, channel_refund_id, refund_no, payment_line_id, enrolment_id, benefit_year,
           amount_fen, refunded_on, caused_by, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM unasked_refund;

CREATE VIEW proof.sealed_cash_receipt AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, enrolment_id, person_token, benefit_year, amount_fen, received_on, entered_on, entry_days,
           late_approval, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM cash_receipt;

CREATE VIEW proof.sealed_deposit_slip AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, slip_no, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM deposit_slip;

CREATE VIEW proof.sealed_remittance_batch AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, kind, benefit_year, channel, merchant_id, settlement_day, part, by_bill, previous_batch_id, region,
           actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM remittance_batch;

CREATE VIEW proof.sealed_remittance_move AS
SELECT 1::smallint AS form, written_by, step_id AS id, recorded_at,
       encode(sha256(record_send(ROW(
           step_id, batch_id, step, replaced_by, region, actor, correlation_id, recorded_at, written_by))), 'hex') AS digest
FROM remittance_move;

CREATE VIEW proof.sealed_suspense_decision AS
SELECT 1::smallint AS form, written_by, id, recorded_at,
       encode(sha256(record_send(ROW(
           id, suspense_id, kind, decided_on, bill_id, applied_on, batch_id, benefit_year, region, actor, correlation_id,
           recorded_at, written_by))), 'hex') AS digest
FROM suspense_decision;
