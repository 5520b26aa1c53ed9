-- What brings the days of a season to the treasury, in payment's database: the channel's bills record by record, payouts,
-- the bank's lines, batches with their steps and lines, and what the books moved.

CREATE TEMPORARY TABLE settled_day AS
SELECT payment.paid_on AS day, payment.paid_on - t.today + 1 AS k, count(*) AS payments,
       CAST(sum(payment.amount_fen) AS bigint) AS fen, payment.paid_on = t.today AS first
FROM payment CROSS JOIN template AS t GROUP BY payment.paid_on, t.today;

INSERT INTO billed_merchant (channel, merchant_id, first_day, region, actor, correlation_id)
SELECT 'WECHAT', t.merchant_id, t.today, t.county, 'bench', pg_temp.made(1, 0) FROM template AS t;

INSERT INTO channel_bill (id, channel, merchant_id, kind, bill_day, state, asked_at, asked_on, attempts, content_hash,
                          content_bytes, line_count, read_at, read_on, region, actor, correlation_id)
SELECT pg_temp.made(11, 2 * k + CAST(kind = 'TRADE' AS integer)), 'WECHAT', t.merchant_id, kind, day,
       CASE WHEN lines > 0 THEN 'READ' ELSE 'EMPTY' END, now(), day + 1, 1,
       CASE WHEN lines > 0 THEN substr(sha256(CAST(concat(kind, day) AS bytea)), 1, 20) END,
       CASE WHEN lines > 0 THEN 300 * lines END, lines, now(), day + 1, t.county, 'bench', pg_temp.made(1, 0)
FROM (
    SELECT d.day, d.day - t.today + 1 AS k, coalesce(of_day.payments, 0) AS payments,
           CAST(before.day IS NOT NULL AS integer) AS payouts
    FROM template AS t
    CROSS JOIN LATERAL (SELECT t.today + CAST(n AS integer) AS day FROM generate_series(0, t.days + 1) AS n) AS d
    LEFT JOIN settled_day AS of_day ON of_day.day = d.day
    LEFT JOIN settled_day AS before ON before.day = d.day - 1
) AS known
CROSS JOIN template AS t
CROSS JOIN LATERAL (VALUES ('TRADE', payments), ('FUND_FLOW', payments + payouts)) AS kinds (kind, lines);

INSERT INTO bill_trade_line (bill_id, line_no, kind, order_no, transaction_id, outcome, amount_fen, due_fen,
                             happened_at, region)
SELECT pg_temp.made(11, 2 * s.k + 1), row_number() OVER (PARTITION BY s.day ORDER BY p.id), 'PAYMENT', p.order_no,
       p.transaction_id, 'SUCCESS', p.amount_fen, p.amount_fen, p.paid_at, t.county
FROM payment AS p JOIN settled_day AS s ON s.day = p.paid_on CROSS JOIN template AS t;

INSERT INTO bill_flow_line (bill_id, line_no, booked_at, flow_no, business_no, voucher_no, kind, amount_fen,
                            balance_fen, remark, region)
SELECT pg_temp.made(11, 2 * s.k), row_number() OVER ordered + CAST(NOT s.first AS integer), p.paid_at,
       concat('F', p.transaction_id), p.transaction_id, p.order_no, 'PAYMENT', p.amount_fen,
       sum(p.amount_fen) OVER ordered, '', t.county
FROM payment AS p JOIN settled_day AS s ON s.day = p.paid_on CROSS JOIN template AS t
WINDOW ordered AS (PARTITION BY s.day ORDER BY p.id ROWS UNBOUNDED PRECEDING)
UNION ALL
SELECT pg_temp.made(11, 2 * s.k + 2), 1, (s.day + 1) AT TIME ZONE 'Asia/Shanghai', concat('FP', s.k),
       concat('P', s.k), NULL, 'PAYOUT', -s.fen, 0, '', t.county
FROM settled_day AS s CROSS JOIN template AS t;

INSERT INTO read_bill (bill_id, state, content_hash, line_count, lines_digest, read_on, region)
SELECT bill.id, bill.state, bill.content_hash, bill.line_count, decode(lines.digest, 'hex'), bill.read_on, bill.region
FROM channel_bill AS bill LEFT JOIN proof.bill_digest AS lines ON lines.bill_id = bill.id;

INSERT INTO payout (id, channel, merchant_id, bill_id, line_no, paid_out_on, amount_fen, after_day, after_line,
                    until_day, until_line, state, batch_id, region, actor, correlation_id)
SELECT pg_temp.made(9, s.k), 'WECHAT', t.merchant_id, pg_temp.made(11, 2 * s.k + 2), 1, s.day + 1, s.fen,
       coalesce(lag(s.day) OVER k, s.day),
       coalesce(lag(s.payments + CAST(NOT s.first AS integer)) OVER k, 0), s.day, s.payments + CAST(NOT s.first AS integer), 'MET', pg_temp.made(8, s.k),
       t.county, 'bench', pg_temp.made(1, 0)
FROM settled_day AS s CROSS JOIN template AS t WINDOW k AS (ORDER BY s.k);

INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, batch_id, region, actor,
                       correlation_id)
SELECT pg_temp.made(10, s.k), concat('B-', s.k), 1, s.day + 1, 'SETTLEMENT',
       concat_ws(':', 'WECHAT', t.merchant_id, s.day), s.fen, pg_temp.made(8, s.k), t.county, 'bench', pg_temp.made(1, 0)
FROM settled_day AS s CROSS JOIN template AS t;

INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, declared_fen, counted_fen,
                              amount_fen, line_count, remitted_on, received_on, certificate_no, certificate_issued_on,
                              by_bill, payout_id, moved_on, actor, correlation_id)
SELECT pg_temp.made(8, s.k), t.county, 'ONLINE', 'CERTIFICATE_ISSUED', 'WECHAT', t.merchant_id, s.day, s.fen, s.fen,
       s.fen, s.payments, s.day + 2, s.day + 3, concat('WS-', s.k), s.day + 3, true, pg_temp.made(9, s.k), s.day + 3,
       'bench', pg_temp.made(1, 0)
FROM settled_day AS s CROSS JOIN template AS t;

INSERT INTO remittance_step (id, batch_id, step, from_state, to_state, version, effective_on, region, actor,
                             correlation_id)
SELECT pg_temp.made(12, 10 * s.k + v.place), pg_temp.made(8, s.k), v.step, v.before, v.after, 1, s.day + v.days,
       t.county, 'bench', pg_temp.made(1, 0)
FROM settled_day AS s CROSS JOIN template AS t CROSS JOIN LATERAL (VALUES
    (1, 'MATCH', 'OPEN', 'READY_TO_REMIT', 1),
    (2, 'CONFIRM_DETAIL', 'READY_TO_REMIT', 'DETAIL_CONFIRMED', NULL),
    (3, 'REMIT', 'DETAIL_CONFIRMED', 'REMITTED', 2),
    (4, 'CONFIRM_TREASURY', 'REMITTED', 'TREASURY_CONFIRMED', 3),
    (5, 'ISSUE_CERTIFICATE', 'TREASURY_CONFIRMED', 'CERTIFICATE_ISSUED', 3)) AS v (place, step, before, after, days);

INSERT INTO remittance_move (step_id, batch_id, step, moved_to, lines_left, region, actor, correlation_id)
SELECT step.id, step.batch_id, step.step, pg_temp.made(1, 4294967295), 0, step.region, 'bench', pg_temp.made(1, 0)
FROM remittance_step AS step WHERE step.step IN ('REMIT', 'CONFIRM_TREASURY', 'ISSUE_CERTIFICATE');

INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen, place,
                             tax_line_no, actor, correlation_id)
SELECT counted_by, enrolment_id, id, person_token, benefit_year, region, amount_fen, 'TREASURY',
       concat('T-', right(CAST(id AS text), 12)), 'bench', correlation_id
FROM payment_line WHERE counted_by IS NOT NULL;

INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token, benefit_year,
                      batch_id, effective_on, caused_by, region, actor, correlation_id)
SELECT gen_random_uuid(), CASE v.kind WHEN 'settled' THEN concat('settled:', line.id)
                          ELSE concat_ws(':', v.kind, line.counted_by, line.enrolment_id) END,
       v.kind, v.debit, v.credit, line.amount_fen, line.enrolment_id, line.person_token, line.benefit_year,
       line.counted_by, line.settled_on + v.days, v.cause, line.region, 'bench', line.correlation_id
FROM payment_line AS line JOIN settled_day AS s ON pg_temp.made(8, s.k) = line.counted_by
CROSS JOIN LATERAL (VALUES
    ('settled', 'pending', 'channel:WECHAT', 0, pg_temp.made(10, s.k)),
    ('remitted', 'in_transit', 'pending', 1, pg_temp.made(12, 10 * s.k + 3)),
    ('received_in_treasury', 'treasury', 'in_transit', 2, pg_temp.made(12, 10 * s.k + 4))
) AS v (kind, debit, credit, days, cause);

INSERT INTO transfer_sum (region, benefit_year, kind, debit, credit, fen, times)
SELECT region, benefit_year, kind, debit, credit, sum(amount_fen), count(*) FROM transfer GROUP BY 1, 2, 3, 4, 5;

UPDATE transfer_horizon SET below = CAST(CAST(CAST(pg_current_xact_id() AS text) AS numeric) + 1 AS text)::xid8
