"""Breaks of batches on their way to the treasury and of cash that went back, each with the check that finds it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import delete_one

BREAKS = (
    Break(
        "a line in the treasury whose batch is on its way",
        "REMITTED_ONCE",
        "payment",
        ("UPDATE remittance_line SET place = 'TREASURY' WHERE receipt_no = 'R1-0'",),
        38_000,
    ),
    Break(
        "a line whose remittance was not booked",
        "REMITTED_ONCE",
        "payment",
        (delete_one("transfer", "kind = 'remitted' AND amount_fen = 18000"),),
        18_000,
        query="_BOOKED",
    ),
    Break(
        "one receipt on its way twice",
        "REMITTED_ONCE",
        "payment",
        (
            "DROP INDEX remittance_line_once",
            (
                "INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region,"
                " amount_fen, place, actor, correlation_id)"
                " SELECT (SELECT id FROM remittance_batch WHERE kind = 'ONLINE'), enrolment_id, source_id,"
                " person_token, benefit_year, region, amount_fen, 'TREASURY', actor, correlation_id"
                " FROM remittance_line WHERE receipt_no = 'R1-0'"
            ),
        ),
    ),
    Break(
        "a line without credited money",
        "REMITTED_ONCE",
        "payment",
        ("UPDATE remittance_line SET source_id = gen_random_uuid() WHERE receipt_no = 'R1-1'",),
        38_000,
        query="_SOURCES",
    ),
    Break(
        "one certificate for two batches",
        "REMITTED_ONCE",
        "payment",
        (
            "ALTER TABLE remittance_batch DROP CONSTRAINT remittance_batch_certificate_no_key",
            "DROP INDEX remittance_batch_certificate_form",
            (
                "UPDATE remittance_batch SET state = 'CERTIFICATE_ISSUED', received_on = '2023-10-11',"
                " certificate_no = 'WS-1', certificate_issued_on = '2023-10-11' WHERE kind = 'ENTRUSTED_CASH'"
            ),
        ),
    ),
    Break(
        "a batch larger than its lines",
        "REMITTED_ONCE",
        "payment",
        ("UPDATE remittance_batch SET amount_fen = amount_fen + 1 WHERE kind = 'ENTRUSTED_CASH'",),
        1,
        query="_BATCHES",
    ),
    Break(
        "a batch called back whose lines stayed on their way",
        "REMITTED_ONCE",
        "payment",
        (
            (
                "UPDATE remittance_batch SET state = 'RETURNED', returned_on = remitted_on, return_reason = 'x'"
                " WHERE kind = 'ENTRUSTED_CASH'"
            ),
        ),
        query="_PLACES",
    ),
    Break(
        "lines that are said to be on their way, and are not there",
        "REMITTED_ONCE",
        "payment",
        (
            (
                "UPDATE remittance_move SET lines_left = 99"
                " WHERE step_id = (SELECT step_id FROM remittance_move ORDER BY step_id LIMIT 1)"
            ),
        ),
        query="_MOVING",
    ),
    Break(
        "a step that no line of its batch took",
        "REMITTED_ONCE",
        "payment",
        (
            (
                "DELETE FROM remittance_move"
                " WHERE step_id = (SELECT step_id FROM remittance_move ORDER BY step_id DESC LIMIT 1)"
            ),
        ),
        query="_MOVES",
    ),
    Break(
        "a second part of a day that has no first one",
        "REMITTED_ONCE",
        "payment",
        ("UPDATE remittance_batch SET part = 2 WHERE kind = 'ONLINE'",),
        query="_PARTS",
    ),
    Break(
        "cash owed back for a receipt that was imported",
        "CASH_GIVEN_BACK",
        "payment",
        (
            (
                "INSERT INTO cash_refund (receipt_id, region, recalled_on, actor, correlation_id) SELECT id, region,"
                " deposited_on, actor, correlation_id FROM cash_receipt WHERE state = 'WRITTEN_OFF' ORDER BY id LIMIT 1"
            ),
        ),
        query="_OWED",
    ),
    Break(
        "cash given back that moved no money",
        "CASH_GIVEN_BACK",
        "payment",
        (
            "UPDATE cash_receipt SET state = 'RECALLED', recall_reason = 'ALREADY_PAID' WHERE receipt_no = 'R1-0'",
            (
                "INSERT INTO cash_refund (receipt_id, region, recalled_on, approved_on, approved_by, fetched_on,"
                " fetched_by, actor, correlation_id) SELECT id, region, received_on, received_on, 'x', received_on,"
                " 'x', actor, correlation_id FROM cash_receipt WHERE receipt_no = 'R1-0'"
            ),
            (
                "INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id,"
                " person_token, benefit_year, batch_id, effective_on, caused_by, region, actor, correlation_id)"
                " SELECT id, 'x', 'import_failed', 'unapplied', 'refund_payable', amount_fen, enrolment_id,"
                " person_token, benefit_year, batch_id, received_on, id, region, actor, correlation_id"
                " FROM cash_receipt WHERE receipt_no = 'R1-0'"
            ),
        ),
        38_000,
        "_MOVED",
    ),
    Break(
        "somebody called refunded who brought no cash",
        "CASH_GIVEN_BACK",
        "registration",
        ("UPDATE enrolment SET state = 'IMPORT_FAILED_REFUNDED' WHERE state = 'PENDING_PAYMENT'",),
        query="_STATES",
    ),
)
