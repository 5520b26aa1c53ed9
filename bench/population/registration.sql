INSERT INTO enrolment (id, region, benefit_year, person_token, document_type, document_number, masked_number,
                       person_name, facts, state, registered_on, assessment_version, outcome, assessment, bill_version,
                       paid_basis, paid_on, paid_fen, due_fen, aided_fen, channel, benefit_start, benefit_end, paid_version,
                       money_state, in_treasury_on, certificate_no, name_token, actor, correlation_id)
SELECT p.id, p.region, 2024, p.token, 'RESIDENT_ID', decode(p.token || p.token, 'hex'), '411521********0000',
       decode(p.token, 'hex'), t.facts, CASE WHEN p.payer THEN 'PENDING_PAYMENT' ELSE 'PAID' END, t.today, 1, 'PRICED',
       t.assessment, 1, past.basis, past.paid_on, past.fen, past.fen, past.aided, past.channel, past.starts_on,
       past.ends_on, past.version, past.place, past.received_on, past.certificate,
       encode(sha256(convert_to(p.token, 'UTF8')), 'hex'), 'clerk', p.id
FROM pg_temp.people($1, $2) AS p
CROSS JOIN template AS t
LEFT JOIN LATERAL (
    SELECT 'CONTRIBUTION' AS basis, p.day AS paid_on, t.due_fen AS fen, 0 AS aided, 'WECHAT' AS channel,
           t.starts_on, t.ends_on, 1 AS version, CASE WHEN t.settled THEN 'IN_TREASURY' END AS place,
           CASE WHEN t.settled THEN p.day + 3 END AS received_on,
           CASE WHEN t.settled THEN concat('WS-', p.batch) END AS certificate
) AS past ON NOT p.payer;

INSERT INTO aggregate (id, seq) SELECT id, said FROM pg_temp.people($1, $2);

INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service, correlation_id,
                    payload, published_at)
SELECT pg_temp.made(16 + s.seq, p.n), p.lane, 'registration', p.id, s.seq, s.event, p.region, 2024, 'clerk',
       'registration', p.id, s.payload, now()
FROM pg_temp.people($1, $2) AS p
CROSS JOIN template AS t
CROSS JOIN LATERAL (VALUES
    (1, 'registration.enrolment_registered.v1', json_build_object('registered_on', t.today)),
    (2, 'registration.enrolment_paid.v1', json_build_object('basis', 'CONTRIBUTION', 'paid_on', p.day))
) AS s (seq, event, payload)
WHERE s.seq <= p.said;

INSERT INTO cursor (publisher, aggregate_id, seq) SELECT 'subsidy', id, 1 FROM pg_temp.people($1, $2);

INSERT INTO cursor (publisher, aggregate_id, seq) SELECT 'payment', id, announced FROM pg_temp.people($1, $2);
