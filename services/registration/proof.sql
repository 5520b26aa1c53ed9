-- What registration shows the auditor: where each enrolment stands. Never a name, a number or what is known about a
-- person; the token is there because one person may have one live enrolment a year only.

CREATE VIEW proof.enrolment AS
SELECT id, region, benefit_year, person_token, state, state <> 'TERMINATED' AS live,
       state <> 'TERMINATED' AND NOT (state = 'REJECTED' AND coalesce(reason_code, '') IN
           ('NOT_IN_SCOPE', 'EMPLOYEE_INSURED', 'INSURED_ELSEWHERE', 'ENROL_AT_SCHOOL')) AS registered,
       state IN ('PAID', 'WAITING', 'ACTIVE', 'EXPIRED') AS enrolled, registered_on, assessment_version, outcome,
       bill_version, paid_basis, paid_on, paid_fen, due_fen, aided_fen, channel, benefit_start, benefit_end,
       benefit_wait, benefit_held, money_state, in_treasury_on, certificate_no, cash_returned_on, paid_version
FROM enrolment;
