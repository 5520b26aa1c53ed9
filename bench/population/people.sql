-- What the other files stand on: one person per number, the same in every database, and who is still to pay. Who has
-- paid did so on one of the season's days; where the season is settled, that day's batch is in the treasury.

CREATE FUNCTION pg_temp.made(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT CAST('0190' || lpad(to_hex(kind), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid)
$$;

CREATE FUNCTION pg_temp.people(first bigint, last bigint) RETURNS TABLE (
    n bigint, id uuid, token text, region text, payer boolean, said bigint, lane integer, day date,
    batch bigint, announced bigint
) LANGUAGE sql STABLE AS $$
    SELECT person.n, pg_temp.made(1, person.n), encode(sha256(CAST(CAST(person.n AS text) AS bytea)), 'hex'),
           t.villages[1 + person.n % cardinality(t.villages)], known.payer,
           CASE WHEN known.payer THEN 1 ELSE 2 END, CAST(crc32(uuid_send(pg_temp.made(1, person.n))) % 12 AS integer),
           t.today + CAST(known.place AS integer), known.place + 1,
           CASE WHEN known.payer THEN 1 WHEN t.settled THEN 5 ELSE 2 END
    FROM generate_series(first, last) AS person (n), template AS t,
         LATERAL (SELECT person.n > t.before AND (person.n - t.before) % t.stride = 0
                     AND (person.n - t.before) / t.stride <= t.payers AS payer,
                        person.n % t.days AS place) AS known
    ORDER BY person.n
$$;
