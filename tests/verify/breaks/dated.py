"""Breaks of days, numbers of papers and ages: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import update_one

_ALIKE_RECEIPTS = (
    "UPDATE cash_receipt SET receipt_no = (SELECT lower(min(receipt_no)) FROM cash_receipt)"
    " WHERE receipt_no = (SELECT max(receipt_no) FROM cash_receipt)"
)


_RESOLVED_BY_NOBODY = (
    "INSERT INTO document_look_alike (kind, document_id, number, beside_id, beside_number, region, resolved_by)"
    " SELECT 'CERTIFICATE', id::text, 'ws-1', id::text, 'WS-1', region, gen_random_uuid() FROM remittance_batch LIMIT 1"
)

BREAKS = (
    Break(
        "a payment settled before it was paid",
        "CHRONOLOGY",
        "payment",
        (update_one("payment_line", "settled_on = '2023-10-01'", "settled_on IS NOT NULL"),),
        query="_ONLINE_DAYS",
    ),
    Break(
        "cash deposited before it was received",
        "CHRONOLOGY",
        "payment",
        (update_one("cash_receipt", "deposited_on = '2023-10-01'", "deposited_on IS NOT NULL"),),
        query="_CASH_DAYS",
    ),
    Break(
        "a batch remitted before its settlement day",
        "CHRONOLOGY",
        "payment",
        (
            update_one(
                "remittance_batch", "settlement_day = '2099-01-01'", "remitted_on IS NOT NULL AND kind = 'ONLINE'"
            ),
        ),
        query="_BATCH_DAYS",
    ),
    Break(
        "a refund before its payment",
        "CHRONOLOGY",
        "payment",
        (update_one("refund", "refunded_on = '2023-10-01'", "state = 'PAID'"),),
        query="_REFUND_DAYS",
    ),
    Break(
        "a receipt of long ago that nobody approved",
        "CHRONOLOGY",
        "payment",
        (
            "ALTER TABLE cash_receipt DROP CONSTRAINT cash_receipt_entered_in_time",
            update_one("cash_receipt", "entered_on = '2024-03-20', entry_days = 30", "true"),
        ),
        query="_LATE_RECEIPTS",
    ),
    Break(
        "two receipts under numbers that look alike",
        "DOCUMENT_NUMBERS",
        "payment",
        (
            "DROP INDEX cash_receipt_form",
            _ALIKE_RECEIPTS,
        ),
        query="_ALIKE",
    ),
    Break(
        "numbers resolved by nobody",
        "DOCUMENT_NUMBERS",
        "payment",
        (
            "ALTER TABLE document_look_alike DROP CONSTRAINT document_look_alike_resolved_by_fkey",
            _RESOLVED_BY_NOBODY,
        ),
        query="_RESOLVED",
    ),
    Break(
        "a slip dated after the business date",
        "CLEARING_AGE",
        "payment",
        ("UPDATE deposit_slip SET deposited_on = '2199-01-01'",),
        query="_FUTURE",
    ),
)
