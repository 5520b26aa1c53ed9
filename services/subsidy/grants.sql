-- The columns of its own tables that subsidy changes; see shared/database/grants.sql.
-- Rows are claimed by a lock and deleted; a lock needs the right to change some column.

GRANT UPDATE (day) ON day_turned TO {role};
GRANT UPDATE (paid_on, pricing_id, row_no, terminated_on, version) ON enrolment TO {role};
GRANT UPDATE (people) ON enrolment_count TO {role};
GRANT UPDATE (person_token) ON person TO {role};
GRANT UPDATE (digest, queued_to) ON policy_applied TO {role};
GRANT UPDATE (id) ON roster_change TO {role};
GRANT UPDATE (withdrawal_reason, withdrawn_by, withdrawn_on) ON roster_line TO {role};
GRANT UPDATE (people) ON roster_line_count TO {role};
