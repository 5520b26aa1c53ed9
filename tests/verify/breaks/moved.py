"""Breaks of where money came from and why it moved: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import copied


def _reversed_line(booked_on: str) -> str:
    """Insert a copy of the settlement's line that two people reversed."""
    return (
        "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, batch_id,"
        " reversed_on, reversed_by, region, actor, correlation_id) SELECT gen_random_uuid(), 'REVERSED', 1,"
        f" {booked_on}, kind, reference, amount_fen, batch_id, booked_on, gen_random_uuid(), region, actor,"
        " correlation_id FROM bank_line WHERE kind = 'SETTLEMENT'"
    )


BREAKS = (
    Break(
        "a bill paid through another channel than its money",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE bill SET paid_through = 'VILLAGE_CASH' WHERE due_fen = 18000",),
        query="_BILL_SOURCES",
    ),
    Break(
        "a payment line that names a bill it did not pay",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE payment_line SET bill_id = (SELECT id FROM bill WHERE state = 'OPEN') WHERE amount_fen = 18000",),
        query="_BILL_OF_LINE",
    ),
    Break(
        "a bill with less aid than is booked",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE bill SET aided_fen = aided_fen - 1 WHERE due_fen = 18000",),
        query="_BILL_AID",
    ),
    Break(
        "a bill of another year than its aid",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE bill SET benefit_year = 2025 WHERE state = 'NOTHING_DUE'",),
        query="_YEARS",
    ),
    Break(
        "money suspended before it was paid",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE suspense SET suspended_on = suspended_on - 1 WHERE reason = 'UNKNOWN_ORDER'",),
        query="_SUSPENDED",
    ),
    Break(
        "a refund put forward before the money came",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE refund SET requested_on = requested_on - 1 WHERE state = 'PAID'",),
        query="_REFUNDS",
    ),
    Break(
        "money said to make good what nobody gave back",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE suspense SET state = 'RECOVERED' WHERE reason = 'UNKNOWN_ORDER'",),
        query="_RECOVERED",
    ),
    Break(
        "a payment that goes to the treasury in another's place",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE payment_line SET premium = true WHERE amount_fen = 18000",),
        query="_IN_PLACE",
    ),
    Break(
        "a line settled on another day than booked",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE payment_line SET settled_on = settled_on + 1 WHERE amount_fen = 18000",),
        query="_DAYS",
    ),
    Break(
        "a transfer without a cause",
        "MOVED_FOR_A_REASON",
        "payment",
        (("UPDATE transfer SET caused_by = gen_random_uuid() WHERE kind = 'premium_received' AND amount_fen = 18000"),),
        query="_CAUSES",
    ),
    Break(
        "money settled by a line that was reversed",
        "MOVED_FOR_A_REASON",
        "payment",
        (
            _reversed_line("booked_on"),
            (
                "UPDATE transfer SET caused_by = (SELECT id FROM bank_line WHERE statement_no = 'REVERSED') WHERE"
                " kind = 'settled' AND amount_fen = 18000"
            ),
        ),
        18000,
        query="_CAUSES",
    ),
    Break(
        "cash imported under a batch of a channel",
        "MOVED_FOR_A_REASON",
        "payment",
        (
            (
                "UPDATE transfer SET batch_id = (SELECT id FROM remittance_batch WHERE kind = 'ONLINE') WHERE"
                " kind = 'cash_imported'"
            ),
        ),
        query="_BATCH_OF",
    ),
    Break(
        "a deposit booked short of its receipt",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE transfer SET amount_fen = amount_fen - 1 WHERE kind = 'deposit_matched'",),
        query="_DEPOSITED",
    ),
    Break(
        "a step of a batch in another village",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE remittance_step SET region = '411521102201' WHERE step = 'MATCH' AND region = '411521'",),
        query="_STEPS",
    ),
    Break(
        "a day matched on the day of a line that was reversed",
        "MOVED_FOR_A_REASON",
        "payment",
        (
            _reversed_line("booked_on + 1"),
            "UPDATE remittance_step SET effective_on = effective_on + 1 WHERE step = 'MATCH' AND region = '411521'",
        ),
        query="_STEPS",
    ),
    Break(
        "a batch that counted something else",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE remittance_batch SET counted_fen = 1 WHERE kind = 'ENTRUSTED_CASH'",),
        query="_DECLARED",
    ),
    Break(
        "a line on its way with another receipts number",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE remittance_line SET receipt_no = 'X' WHERE receipt_no = 'R1-0'",),
        query="_LINE_FACTS",
    ),
    Break(
        "a bank line that refers to another day",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE bank_line SET reference = 'X' WHERE kind = 'SETTLEMENT'",),
        query="_REFERENCES",
    ),
    Break(
        "money that a collector owes for no receipt",
        "MOVED_FOR_A_REASON",
        "payment",
        (
            copied(
                "deposit_matched",
                idempotency_key="'deposit_short:forged'",
                kind="'deposit_short'",
                debit="'collector_short'",
                amount_fen="1",
            ),
        ),
        1,
        query="_COLLECTORS_DEBT",
    ),
)
