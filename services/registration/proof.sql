-- What registration shows the auditor: where each enrolment stands. Never a name, a number or what is known about a
-- person; the token is there because one person may have one live enrolment a year only, and the token of the name as a
-- digest, to be compared with payment's.

CREATE VIEW proof.enrolment AS
SELECT id, region, benefit_year, person_token, state, state <> 'TERMINATED' AS live,
       state <> 'TERMINATED' AND NOT (state = 'REJECTED' AND coalesce(reason_code, '') IN
           ('NOT_IN_SCOPE', 'EMPLOYEE_INSURED', 'INSURED_ELSEWHERE', 'ENROL_AT_SCHOOL')) AS registered,
       CASE WHEN state = 'REJECTED' THEN reason_code END AS rejected_for,
       state IN ('PAID', 'WAITING', 'ACTIVE', 'EXPIRED') AS enrolled, registered_on, assessment_version, outcome,
       bill_version, paid_basis, paid_on, paid_fen, due_fen, aided_fen, channel, benefit_start, benefit_end,
       benefit_wait, benefit_held, money_state, in_treasury_on, certificate_no, cash_returned_on, paid_version,
       left(encode(sha256(convert_to(name_token, 'UTF8')), 'hex'), 16) AS named_as
FROM enrolment;

-- How many they are: the counts that the summary reads, and what has not been folded into them yet.
CREATE VIEW proof.enrolment_count AS
SELECT region, benefit_year, state, reason_code, paid_on, people FROM enrolment_count;
CREATE VIEW proof.enrolment_count_delta AS
SELECT region, benefit_year, state, reason_code, paid_on, people FROM enrolment_count_delta;
