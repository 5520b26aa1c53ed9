INSERT INTO village_counter (benefit_year, region, registered, enrolled, terminated, actor, correlation_id)
SELECT 2024, p.region, count(*), count(*) FILTER (WHERE NOT p.payer), 0, 'clerk', pg_temp.made(1, 0)
FROM pg_temp.people($1, $2) AS p GROUP BY p.region ORDER BY p.region
ON CONFLICT (benefit_year, region) DO UPDATE
SET registered = village_counter.registered + EXCLUDED.registered,
    enrolled = village_counter.enrolled + EXCLUDED.enrolled;

INSERT INTO cursor (publisher, aggregate_id, seq) SELECT 'registration', id, said FROM pg_temp.people($1, $2);
