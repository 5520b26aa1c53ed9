"""Frauds with the cash of villages, the bank's lines and the way to the treasury."""

from tests.verify.inventions.invention import NOBODY, Invention, done_in

_PAID = "(SELECT enrolment_id FROM bill WHERE due_fen = 18000)"
_UNPAID = "(SELECT enrolment_id FROM bill WHERE state = 'OPEN')"

CASH = (
    # Village cash and the bank.
    Invention(
        "a matched deposit unmatched by the services login",
        "BANK_STATEMENT",
        done_in("payment", "UPDATE bank_line SET batch_id = NULL WHERE reference = 'J1'"),
        service=True,
    ),
    Invention(
        "a slip withdrawn after it was matched",
        "MOVED_FOR_A_REASON",
        done_in("payment", "UPDATE deposit_slip SET withdrawn = true WHERE slip_no = 'J1'"),
        service=True,
    ),
    Invention(
        "a receipt given to another person",
        "MONEY_HAS_A_SOURCE",
        done_in(
            "payment",
            f"UPDATE cash_receipt SET enrolment_id = {_UNPAID} WHERE receipt_no = 'R1-0'",
            f"UPDATE transfer SET enrolment_id = {_UNPAID} WHERE enrolment_id = (SELECT enrolment_id FROM"
            " remittance_line WHERE receipt_no = 'R1-0')",
            f"UPDATE remittance_line SET enrolment_id = {_UNPAID} WHERE receipt_no = 'R1-0'",
        ),
        sealed_again=True,
    ),
    Invention(
        "cash of a receipt that is in the books given back to the village",
        "CASH_GIVEN_BACK",
        done_in(
            "payment",
            "INSERT INTO cash_refund (receipt_id, region, recalled_on, approved_on, approved_by, fetched_on,"
            " fetched_by, returned_on, returned_by, signed_by, actor, correlation_id) SELECT id, region, '2023-10-09',"
            " '2023-10-20', 'bureau', '2023-10-20', 'clerk', '2023-10-20', 'clerk', 'SELF', actor, correlation_id"
            " FROM cash_receipt WHERE receipt_no = 'R1-0'",
            "INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token,"
            " benefit_year, batch_id, effective_on, caused_by, region, actor, correlation_id)"
            " SELECT gen_random_uuid(), v.kind, v.kind, v.debit, v.credit, amount_fen, enrolment_id, person_token,"
            " benefit_year, batch_id, '2023-10-20', id, region, actor, correlation_id FROM cash_receipt,"
            " (VALUES ('refund_cash_fetched', 'village_cash', 'pending'),"
            " ('refund_cash_signed_for', 'refund_payable', 'village_cash')) AS v (kind, debit, credit)"
            " WHERE receipt_no = 'R1-0'",
        ),
        service=True,
    ),
    Invention(
        "a second receipt of the same cash entered and not handed in",
        "BOOKS_EQUATION",
        done_in(
            "payment",
            "INSERT INTO cash_receipt (id, receipt_no, enrolment_id, person_token, benefit_year, amount_fen,"
            " received_on, state, entered_on, entry_days, region, actor, correlation_id) SELECT gen_random_uuid(),"
            " 'R7-7', enrolment_id, person_token, benefit_year, amount_fen, received_on, 'USED', entered_on,"
            " entry_days, region, actor, correlation_id FROM cash_receipt WHERE receipt_no = 'R1-0'",
        ),
        service=True,
    ),
    Invention(
        "a deposit that the bank never booked, entered with the services login",
        NOBODY,
        done_in(
            "payment",
            "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, region, actor,"
            " correlation_id) SELECT gen_random_uuid(), 'B-X', 1, '2023-10-20', 'OTHER', 'INTEREST', 1, region, actor,"
            " correlation_id FROM bank_line WHERE reference = 'J1'",
        ),
        service=True,
    ),
    # The way to the treasury.
    Invention(
        "a batch called in the treasury while its lines follow it",
        "REMITTED_ONCE",
        done_in(
            "payment",
            "UPDATE remittance_batch SET state = 'TREASURY_CONFIRMED', received_on = '2023-10-12'"
            " WHERE statement_no = 'S1'",
            "INSERT INTO remittance_step (id, batch_id, step, from_state, to_state, version, effective_on, facts,"
            " region, actor, correlation_id) SELECT '01ffffff-0000-7000-8000-000000000001', id, 'CONFIRM_TREASURY',"
            " 'REMITTED', 'TREASURY_CONFIRMED', 1, '2023-10-12', '{}', region, actor, correlation_id"
            " FROM remittance_batch WHERE statement_no = 'S1'",
            "INSERT INTO remittance_move (step_id, batch_id, step, lines_left, region, actor, correlation_id,"
            " recorded_at) SELECT '01ffffff-0000-7000-8000-000000000001', id, 'CONFIRM_TREASURY', line_count, region,"
            " actor, correlation_id, now() - interval '25 hours' FROM remittance_batch WHERE statement_no = 'S1'",
        ),
        service=True,
    ),
    Invention(
        "two lines of one batch exchange their amounts",
        "REMITTED_ONCE",
        done_in(
            "payment",
            "UPDATE remittance_line SET amount_fen = CASE amount_fen WHEN 18000 THEN 38000 ELSE 18000 END"
            f" WHERE enrolment_id = {_PAID} OR enrolment_id = (SELECT min(enrolment_id::text)::uuid FROM"
            " remittance_line WHERE receipt_no IS NULL AND amount_fen = 38000)",
        ),
    ),
    Invention(
        "the collection notices serial exchanged for an invented one by the services login",
        NOBODY,
        done_in(
            "payment",
            "UPDATE remittance_batch SET collection_notice_serial = 'INVENTED' WHERE statement_no = 'S1'",
        ),
        service=True,
    ),
)
