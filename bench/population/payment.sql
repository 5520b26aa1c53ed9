INSERT INTO person_name (enrolment_id, region, person_token, name_token)
SELECT p.id, p.region, p.token, encode(sha256(convert_to(p.token, 'UTF8')), 'hex') FROM pg_temp.people($1, $2) AS p;

INSERT INTO bill (id, enrolment_id, person_token, benefit_year, version, schedule, reasons, state, row_no, due_fen,
                  aided_fen, paid_on, paid_through, paid_by, region, actor, correlation_id)
SELECT pg_temp.made(2, p.n), p.id, p.token, 2024, 1, t.schedule, t.reasons,
       CASE WHEN p.payer THEN 'OPEN' ELSE 'PAID' END, past.row_no, past.due_fen, past.aided, past.paid_on,
       past.through, past.paid_by, p.region, 'clerk', p.id
FROM pg_temp.people($1, $2) AS p
CROSS JOIN template AS t
LEFT JOIN LATERAL (
    SELECT t.row_no, t.due_fen, 0 AS aided, p.day AS paid_on, 'WECHAT' AS through, pg_temp.made(6, p.n) AS paid_by
) AS past ON NOT p.payer;

INSERT INTO payment_order (id, order_no, channel, merchant_id, appid, benefit_year, state, amount_fen, code_url,
                           opened_at, expires_at, last_day, region, actor, correlation_id)
SELECT pg_temp.made(3, p.n), replace(CAST(pg_temp.made(3, p.n) AS text), '-', ''), 'WECHAT', t.merchant_id, t.appid,
       2024, CASE WHEN p.payer THEN 'AWAITING' ELSE 'CONFIRMED' END, t.due_fen, 'weixin://wxpay/bizpayurl?pr=' || p.n,
       now(), (t.today + 2) AT TIME ZONE 'Asia/Shanghai', t.today + 1, p.region, 'clerk', p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t;

INSERT INTO order_line (order_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, open, region, actor,
                        correlation_id)
SELECT pg_temp.made(3, p.n), pg_temp.made(2, p.n), p.id, p.token, 2024, t.due_fen, p.payer, p.region, 'clerk', p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t;

INSERT INTO raw_notice (id, channel, merchant_id, notify_id, source, envelope, serial, signed_at, event_type, kind,
                        payee_merchant_id, payee_appid, order_no, transaction_id, outcome, amount_fen, currency,
                        succeeded_at, state, region, actor, correlation_id)
SELECT pg_temp.made(4, p.n), 'WECHAT', t.merchant_id, 'EV-' || p.n, 'NOTICE', t.envelope, 'SERIAL', now(),
       'TRANSACTION.SUCCESS', 'PAYMENT', t.merchant_id, t.appid, replace(CAST(pg_temp.made(3, p.n) AS text), '-', ''),
       'T-' || p.n, 'SUCCESS', t.due_fen, 'CNY', p.day AT TIME ZONE 'Asia/Shanghai', 'CREDITED', t.county,
       'channel:WECHAT', p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t WHERE NOT p.payer;

INSERT INTO payment (id, channel, merchant_id, transaction_id, order_id, order_no, notice_id, amount_fen, paid_at,
                     paid_on, region, actor, correlation_id)
SELECT pg_temp.made(5, p.n), 'WECHAT', t.merchant_id, 'T-' || p.n, pg_temp.made(3, p.n),
       replace(CAST(pg_temp.made(3, p.n) AS text), '-', ''), pg_temp.made(4, p.n), t.due_fen,
       p.day AT TIME ZONE 'Asia/Shanghai', p.day, p.region, 'clerk', p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t WHERE NOT p.payer;

INSERT INTO payment_line (id, payment_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, state,
                          settled_on, counted_by, region, actor, correlation_id)
SELECT pg_temp.made(6, p.n), pg_temp.made(5, p.n), pg_temp.made(2, p.n), p.id, p.token, 2024, t.due_fen, 'CREDITED',
       CASE WHEN t.settled THEN p.day + 1 END, CASE WHEN t.settled THEN pg_temp.made(8, p.batch) END, p.region, 'clerk',
       p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t WHERE NOT p.payer;

INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token, benefit_year,
                      effective_on, caused_by, region, actor, correlation_id)
SELECT pg_temp.made(7, p.n), concat_ws(':', 'premium_received', 'WECHAT', t.merchant_id, 'T-' || p.n, p.id),
       'premium_received', 'channel:WECHAT', 'premium', t.due_fen, p.id, p.token, 2024, p.day, pg_temp.made(4, p.n),
       p.region, 'clerk', p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t WHERE NOT p.payer;

INSERT INTO aggregate (id, seq) SELECT id, announced FROM pg_temp.people($1, $2);

INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service, correlation_id,
                    payload, published_at)
SELECT pg_temp.made(16 + s.seq, p.n), p.lane, 'payment', p.id, s.seq, s.event, p.region, 2024, 'clerk', 'payment',
       p.id, s.payload, now()
FROM pg_temp.people($1, $2) AS p
CROSS JOIN template AS t
CROSS JOIN LATERAL (VALUES
    (1, 'payment.bill_issued.v1', json_build_object('bill_id', pg_temp.made(2, p.n), 'version', 1)),
    (2, 'payment.contribution_paid.v1', json_build_object(
        'bill_id', pg_temp.made(2, p.n), 'bill_version', 1, 'due_fen', t.due_fen, 'aided_fen', 0,
        'channel', 'WECHAT', 'paid_on', p.day)),
    (3, 'payment.contribution_remitted.v1', json_build_object(
        'batch_id', pg_temp.made(8, p.batch), 'amount_fen', t.due_fen, 'remitted_on', p.day + 2)),
    (4, 'payment.contribution_in_treasury.v1', json_build_object(
        'batch_id', pg_temp.made(8, p.batch), 'amount_fen', t.due_fen, 'received_on', p.day + 3)),
    (5, 'payment.certificate_issued.v1', json_build_object(
        'batch_id', pg_temp.made(8, p.batch), 'certificate_no', concat('WS-', p.batch), 'issued_on', p.day + 3))
) AS s (seq, event, payload)
WHERE s.seq <= p.announced;

INSERT INTO cursor (publisher, aggregate_id, seq) SELECT 'subsidy', id, 1 FROM pg_temp.people($1, $2);

INSERT INTO cursor (publisher, aggregate_id, seq) SELECT 'registration', id, said FROM pg_temp.people($1, $2);
