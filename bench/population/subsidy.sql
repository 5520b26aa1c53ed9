INSERT INTO person (person_token) SELECT token FROM pg_temp.people($1, $2);

INSERT INTO enrolment (id, region, benefit_year, person_token, registered_on, facts, version, pricing_id, row_no,
                       paid_on, actor, correlation_id)
SELECT p.id, p.region, 2024, p.token, t.today, t.facts, 1, t.pricing_id, t.row_no,
       CASE WHEN NOT p.payer THEN p.day END, 'clerk', p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t;

INSERT INTO assessment (enrolment_id, version, region, benefit_year, person_token, pricing_id, row_no, identities,
                        assessed_on, cause, actor, correlation_id)
SELECT p.id, 1, p.region, 2024, p.token, t.pricing_id, t.row_no, '[]', t.today, 'REGISTERED', 'clerk', p.id
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t;

INSERT INTO aggregate (id, seq) SELECT id, 1 FROM pg_temp.people($1, $2);

INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service, correlation_id,
                    payload, published_at)
SELECT pg_temp.made(16, p.n), p.lane, 'subsidy', p.id, 1, 'subsidy.contribution_assessed.v1', p.region, 2024, 'clerk',
       'subsidy', p.id,
       json_build_object('version', 1, 'outcome', 'PRICED', 'assessed_on', t.today), now()
FROM pg_temp.people($1, $2) AS p CROSS JOIN template AS t;

INSERT INTO cursor (publisher, aggregate_id, seq) SELECT 'registration', id, said FROM pg_temp.people($1, $2);
