-- The columns of its own tables that payment changes; see shared/database/grants.sql.

GRANT UPDATE (batch_id, reversed_by, reversed_on, set_aside_because) ON bank_line TO {role};
GRANT UPDATE (aided_fen, due_fen, paid_by, paid_on, paid_through, reasons, review, review_due_fen, row_no, schedule,
    state, superseded_because, version) ON bill TO {role};
GRANT UPDATE (batch_id, deposited_on, recall_reason, state) ON cash_receipt TO {role};
GRANT UPDATE (approved_by, approved_on, fetched_by, fetched_on, returned_by, returned_on, signed_by) ON cash_refund TO
    {role};
GRANT UPDATE (amount_fen, deposited_on, withdrawn) ON deposit_slip TO {role};
GRANT UPDATE (open) ON order_line TO {role};
GRANT UPDATE (settled_on) ON payment_line TO {role};
GRANT UPDATE (code_url, queried_at, state, to_be_queried) ON payment_order TO {role};
GRANT UPDATE (reason, state) ON raw_notice TO {role};
GRANT UPDATE (approved_by, approved_on, asked_at, attempt, channel_refund_id, failure, refund_no, refunded_on, state)
    ON refund TO {role};
GRANT UPDATE (amount_fen, certificate_issued_on, certificate_no, collection_notice_serial, counted_fen, declared_fen,
    differences, held_at, line_count, received_on, remitted_on, return_reason, returned_on, state, version) ON
    remittance_batch TO {role};
GRANT UPDATE (place, tax_line_no) ON remittance_line TO {role};
GRANT UPDATE (state) ON suspense TO {role};
GRANT UPDATE (below) ON transfer_horizon TO {role};
GRANT UPDATE (fen, times) ON transfer_sum TO {role};
GRANT UPDATE (outcome, version) ON unpriced_enrolment TO {role};
