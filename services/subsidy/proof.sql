-- What subsidy shows the auditor: every version of every assessment and the terms behind it. Never a name, a number, a
-- token, what is known about a person or which hardship is certified.

CREATE VIEW proof.assessment AS
SELECT assessment.enrolment_id, assessment.version, assessment.region, assessment.benefit_year, pricing.outcome,
       pricing.reason_code, pricing.pack, assessment.pricing_id, assessment.assessed_on,
       NOT EXISTS (
           SELECT FROM assessment AS newer
           WHERE newer.enrolment_id = assessment.enrolment_id AND newer.version > assessment.version
       ) AS latest,
       -- Whether each identity it counts is on a roster that certified it and stood there by then. Those by age come
       -- from the date of birth. Of an assessment that was taken up in a restoration the roster is entered again later.
       NOT EXISTS (
           SELECT FROM jsonb_array_elements_text(assessment.identities) AS counted (identity)
           WHERE counted.identity NOT IN ('AGE_60_69', 'AGE_70_PLUS') AND NOT EXISTS (
               SELECT FROM roster_line
               WHERE roster_line.person_token = assessment.person_token AND roster_line.identity = counted.identity
                 AND roster_line.certified_on <= assessment.assessed_on
                 AND (roster_line.recorded_at <= assessment.recorded_at OR taken_up.key IS NOT NULL)
                 AND (roster_line.withdrawn_on IS NULL OR roster_line.withdrawn_on >= roster_line.certified_on))
       ) AS certified,
       assessment.recorded_at,
       left(encode(sha256(convert_to(assessment.person_token, 'UTF8')), 'hex'), 16) AS person
FROM assessment JOIN pricing ON pricing.id = assessment.pricing_id
LEFT JOIN (
    SELECT lost.key, lost.payload ->> 'version' AS version, min(epoch.began_at) AS began_at
    FROM lost_event AS lost JOIN epoch ON epoch.epoch = lost.lost_in AND lost.recorded_at < epoch.began_at
    WHERE lost.event = 'subsidy.contribution_assessed.v1' AND lost.settled_because = 'ANNOUNCED_AGAIN'
    GROUP BY 1, 2
) AS taken_up ON taken_up.key = assessment.enrolment_id AND taken_up.version = assessment.version::text
             AND taken_up.began_at <= assessment.recorded_at;

-- The terms by payment date, shared by all whose facts come to the same.
CREATE VIEW proof.pricing_row AS
SELECT pricing.id AS pricing_id, (line.ordinality - 1)::integer AS row_no,
       (line.value ->> 'pay_from')::date AS pay_from, (line.value ->> 'pay_until')::date AS pay_until,
       (line.value ->> 'standard_fen')::bigint AS standard_fen, (line.value ->> 'due_fen')::bigint AS due_fen,
       line.value -> 'wait' ->> 'code' AS wait, (line.value -> 'wait' ->> 'months')::integer AS wait_months,
       (line.value -> 'wait' ->> 'days')::integer AS wait_days, line.value -> 'benefit' ->> 'start' AS cover_rule,
       (line.value -> 'benefit' ->> 'starts_on')::date AS cover_from,
       (line.value -> 'benefit' ->> 'ends_on')::date AS cover_until
FROM pricing CROSS JOIN json_array_elements(pricing.schedule) WITH ORDINALITY AS line;

CREATE VIEW proof.pricing_share AS
SELECT pricing.id AS pricing_id, (line.ordinality - 1)::integer AS row_no,
       share.value ->> 'funder' AS funder,
       (share.value ->> 'amount_fen')::bigint AS amount_fen
FROM pricing CROSS JOIN json_array_elements(pricing.schedule) WITH ORDINALITY AS line
CROSS JOIN json_array_elements(line.value -> 'shares') AS share;

-- The day on which an enrolment was paid, as subsidy knows it, and the row under which.
CREATE VIEW proof.paid_enrolment AS
SELECT id, region, paid_on, pricing_id, row_no FROM enrolment WHERE paid_on IS NOT NULL AND terminated_on IS NULL;

CREATE VIEW proof.pricing AS
SELECT id, (SELECT md5(string_agg(concat_ws('|', line.value ->> 'pay_from', line.value ->> 'pay_until',
            line.value ->> 'standard_fen', line.value ->> 'due_fen', line.value -> 'wait', line.value -> 'benefit',
            line.value -> 'shares'), ';' ORDER BY line.ordinality))
        FROM jsonb_array_elements(schedule::jsonb) WITH ORDINALITY AS line) AS terms
FROM pricing;

-- How many people have which price: the counts that the summary reads, what has not been folded into them yet, and a
-- recount.
CREATE VIEW proof.enrolment_count AS
SELECT region, benefit_year, pricing_id, row_no, paid, people FROM enrolment_count;
CREATE VIEW proof.enrolment_count_delta AS
SELECT region, benefit_year, pricing_id, row_no, paid, people FROM enrolment_count_delta;
CREATE VIEW proof.recounted_people AS
SELECT region, benefit_year, pricing_id, row_no, paid_on IS NOT NULL AS paid, count(*) AS people
FROM enrolment WHERE terminated_on IS NULL GROUP BY 1, 2, 3, 4, 5;

-- Lines in force of one identity in a village, counted and recounted; which identity it is is not shown.
CREATE VIEW proof.roster_line_count AS
SELECT region, sum(people)::bigint AS people, sum(recounted)::bigint AS recounted
FROM (
    SELECT region, identity, people, 0 AS recounted FROM roster_line_count
    UNION ALL
    SELECT region, identity, people, 0 FROM roster_line_count_delta
    UNION ALL
    SELECT region, identity, 0, 1 FROM roster_line WHERE withdrawn_on IS NULL
) AS each
GROUP BY region, identity;
