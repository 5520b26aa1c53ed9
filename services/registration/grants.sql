-- The columns of its own tables that registration changes; see shared/database/grants.sql.

GRANT UPDATE (region, scopes, secret_hash) ON api_client TO {role};
GRANT UPDATE (aided_fen, assessment, assessment_version, benefit_end, benefit_held, benefit_start, benefit_wait,
    bill_version, cash_returned_on, certificate_no, channel, due_fen, in_treasury_on, money_state, name_token,
    outcome, paid_basis, paid_fen, paid_on, paid_version, state) ON enrolment TO {role};
GRANT UPDATE (people) ON enrolment_count TO {role};
GRANT UPDATE (byte_position, error_bytes, finished_at, imported, line, reasons, refused, region, unchanged) ON
    import_run TO {role};
GRANT UPDATE (name) ON region_directory TO {role};
