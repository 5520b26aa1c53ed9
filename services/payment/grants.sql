-- The columns of its own tables that payment changes; see shared/database/grants.sql.

GRANT UPDATE (batch_id, reversed_by, reversed_on, set_aside_because) ON bank_line TO {role};
GRANT UPDATE (aided_fen, due_fen, paid_by, paid_on, paid_through, reasons, review, review_due_fen, row_no, schedule,
    state, superseded_because, version) ON bill TO {role};
GRANT UPDATE (first_day) ON billed_merchant TO {role};
GRANT UPDATE (batch_id, deposited_on, look_alike, recall_reason, receipt_no, state) ON cash_receipt TO {role};
GRANT UPDATE (approved_by, approved_on, fetched_by, fetched_on, returned_by, returned_on, signed_by) ON cash_refund TO
    {role};
GRANT UPDATE (asked_at, asked_on, attempts, content_bytes, content_hash, fault, line_count, read_at, read_on, state,
    summary) ON channel_bill TO {role};
GRANT UPDATE (amount_fen, batch_id, deposited_on, withdrawn) ON deposit_slip TO {role};
GRANT UPDATE (claim, claimed_until, lines_cleared, lines_numbered, lines_read, refused_because, state, tax_total_fen)
    ON detail_fetch TO {role};
GRANT UPDATE (new_number, resolved_by) ON document_look_alike TO {role};
GRANT UPDATE (open) ON order_line TO {role};
GRANT UPDATE (attributed_by, attributed_to, counted_by, premium, reopened, settled_on) ON payment_line TO {role};
GRANT UPDATE (code_url, next_ask_at, queried_at, state) ON payment_order TO {role};
GRANT UPDATE (after_day, after_line, batch_id, fault, released_by, settled_day, settled_line, state, until_day,
    until_line, unusual_fen) ON payout TO {role};
GRANT UPDATE (used_until) ON question_pace TO {role};
GRANT UPDATE (closed_by, reason, state) ON raw_notice TO {role};
GRANT UPDATE (times) ON refused_callback TO {role};
GRANT UPDATE (approved_by, approved_on, asked_at, attempt, attributed_by, attributed_to, channel_refund_id,
    deducted_by, failure, refund_no, refunded_on, reopened, state) ON refund TO {role};
GRANT UPDATE (amount_fen, certificate_issued_on, certificate_no, collection_notice_serial, counted_fen, declared_fen,
    differences, held_at, line_count, look_alike, moved_on, payout_id, received_on, remitted_on, return_reason,
    returned_on, state, statement_no, version) ON remittance_batch TO {role};
GRANT UPDATE (place, tax_line_no) ON remittance_line TO {role};
GRANT UPDATE (lines_left, moved_to) ON remittance_move TO {role};
GRANT UPDATE (asked, asked_at, closed_because, closed_by, closed_on, state) ON settlement_difference TO {role};
GRANT UPDATE (state) ON suspense TO {role};
GRANT UPDATE (below) ON transfer_horizon TO {role};
GRANT UPDATE (fen, times) ON transfer_sum TO {role};
GRANT UPDATE (deducted_by, recovered_by, reopened) ON unasked_refund TO {role};
GRANT UPDATE (outcome, version) ON unpriced_enrolment TO {role};
