"""Breaks of the books against themselves and what stands beside them, each with the check that must find it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import copied, delete_one, update_one

BREAKS = (
    Break(
        "a transfer deleted",
        "BOOKS_EQUATION",
        "payment",
        (delete_one("transfer", "kind = 'premium_received' AND debit = 'channel:WECHAT' AND amount_fen = 38000"),),
        38_000,
        query="_EQUATION",
    ),
    Break(
        "a remittance booked on another day",
        "BOOKS_EQUATION",
        "payment",
        (update_one("transfer", "effective_on = effective_on + 1", "kind = 'remitted'"),),
    ),
    Break(
        "a refund that moved no money",
        "BOOKS_EQUATION",
        "payment",
        ("DELETE FROM transfer WHERE kind = 'refunded'",),
        38_000 * 2,
    ),
    Break(
        "a sum that was forged",
        "BOOKS_SUMS",
        "payment",
        (
            (
                "INSERT INTO transfer_sum AS s VALUES ('411521101201', 2024, 'premium_received', 'channel:WECHAT',"
                " 'premium', 1, 1) ON CONFLICT (region, benefit_year, kind, debit, credit)"
                " DO UPDATE SET fen = s.fen + 1"
            ),
        ),
        1,
        query="_SUMS",
    ),
    Break(
        "a sum that stands twice",
        "BOOKS_SUMS",
        "payment",
        (
            ("ALTER TABLE transfer_sum DROP CONSTRAINT transfer_sum_region_benefit_year_kind_debit_credit_key"),
            "UPDATE transfer_horizon SET below = pg_current_xact_id()",
            (
                "WITH gone AS (DELETE FROM transfer_sum)"
                " INSERT INTO transfer_sum SELECT region, benefit_year, kind, debit, credit, sum(amount_fen), count(*)"
                " FROM transfer, generate_series(1, 2) AS twice"
                " GROUP BY twice, region, benefit_year, kind, debit, credit"
            ),
        ),
        query="_SUMS",
    ),
    Break(
        "a transfer slipped in below the horizon",
        "BOOKS_SUMS",
        "payment",
        (
            "UPDATE transfer_horizon SET below = greatest(below, '1'::xid8)",
            copied("premium_received", idempotency_key="'forged'", written_by="'0'::xid8"),
        ),
    ),
    Break(
        "an impossible posting",
        "BOOKS_POSTINGS",
        "payment",
        (update_one("transfer", "credit = 'treasury'", "kind = 'receipt_taken'"),),
    ),
    Break(
        "the append-only trigger switched off",
        "BOOKS_POSTINGS",
        "payment",
        ("ALTER TABLE transfer DISABLE TRIGGER transfer_append_only",),
        query="_APPEND_ONLY",
    ),
    Break(
        "the service allowed to rewrite the books",
        "BOOKS_POSTINGS",
        "payment",
        ("GRANT UPDATE ON transfer TO payment_app",),
    ),
    Break(
        "one key posted twice",
        "BOOKS_POSTINGS",
        "payment",
        ("ALTER TABLE transfer DROP CONSTRAINT transfer_idempotency_key_key", copied("settled")),
        query="_TRANSFERS",
    ),
    Break(
        "money received in the treasury twice",
        "BOOKS_POSTINGS",
        "payment",
        (copied("received_in_treasury", idempotency_key="'again'"),),
        query="_BALANCES",
    ),
    Break(
        "money remitted before it came",
        "BOOKS_POSTINGS",
        "payment",
        ("UPDATE transfer SET effective_on = '2023-10-01' WHERE kind = 'remitted'",),
        query="_DAILY",
    ),
    Break(
        "a refund approved before its money was suspended",
        "BOOKS_POSTINGS",
        "payment",
        ("UPDATE transfer SET effective_on = '2023-10-01' WHERE kind = 'suspense_refund_decided'",),
        query="_DAILY",
    ),
    Break(
        "suspended money that shrank",
        "BOOKS_ACCOUNTS",
        "payment",
        ("UPDATE suspense SET amount_fen = amount_fen - 1 WHERE reason = 'UNKNOWN_ORDER'",),
        1,
        query="_ACCOUNTS",
    ),
    Break(
        "cash never deposited after all",
        "BOOKS_ACCOUNTS",
        "payment",
        ("UPDATE cash_receipt SET state = 'USED', deposited_on = NULL WHERE receipt_no = 'R1-0'",),
    ),
    Break(
        "a bill marked unpaid",
        "BOOKS_ACCOUNTS",
        "payment",
        (
            update_one(
                "bill",
                "state = 'OPEN', row_no = NULL, due_fen = NULL, aided_fen = NULL, paid_on = NULL, paid_through = NULL,"
                " paid_by = NULL",
                "state = 'PAID' AND due_fen = 38000",
            ),
        ),
        38_000,
    ),
    Break(
        "premium under no township",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        ("UPDATE transfer SET region = '411521' WHERE kind = 'premium_received' AND amount_fen = 18000",),
    ),
    Break(
        "money without a home that nobody names",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        ("DELETE FROM suspense WHERE reason = 'UNKNOWN_ORDER'",),
        38_000,
        query="_UNNAMED",
    ),
    Break(
        "income of nobody",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        (update_one("transfer", "enrolment_id = NULL", "kind = 'premium_received' AND amount_fen = 18000"),),
        18_000,
        "_HOMELESS_INCOME",
    ),
    Break(
        "a bill that wandered to another village",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        ("UPDATE bill SET region = '411521102299' WHERE due_fen = 18000",),
        query="_WANDERING",
    ),
)
