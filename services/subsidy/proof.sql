-- What subsidy shows the auditor: every version of every assessment and the terms behind it. Never a name, a number, a
-- token, what is known about a person or which hardship is certified.

CREATE VIEW proof.assessment AS
SELECT assessment.enrolment_id, assessment.version, assessment.region, assessment.benefit_year, pricing.outcome,
       pricing.reason_code, pricing.pack, assessment.pricing_id, assessment.assessed_on, assessment.cause,
       NOT EXISTS (
           SELECT FROM assessment AS newer
           WHERE newer.enrolment_id = assessment.enrolment_id AND newer.version > assessment.version
       ) AS latest,
       assessment.correlation_id, assessment.recorded_at
FROM assessment JOIN pricing ON pricing.id = assessment.pricing_id;

-- The terms by payment date, shared by all whose facts come to the same.
CREATE VIEW proof.pricing_row AS
SELECT pricing.id AS pricing_id, (line.ordinality - 1)::integer AS row_no,
       (line.value ->> 'pay_from')::date AS pay_from, (line.value ->> 'pay_until')::date AS pay_until,
       (line.value ->> 'standard_fen')::bigint AS standard_fen, (line.value ->> 'due_fen')::bigint AS due_fen,
       line.value -> 'shares' AS shares
FROM pricing CROSS JOIN json_array_elements(pricing.schedule) WITH ORDINALITY AS line;

CREATE VIEW proof.pricing_share AS
SELECT line.pricing_id, line.row_no, share.value ->> 'funder' AS funder,
       (share.value ->> 'amount_fen')::bigint AS amount_fen
FROM proof.pricing_row AS line CROSS JOIN json_array_elements(line.shares) AS share;
