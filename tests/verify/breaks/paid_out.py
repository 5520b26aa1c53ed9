"""Breaks of what the bank books: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break


def _approved_reversal(subject: str) -> str:
    """The rows that two people leave behind who approved the reversal of a deposit's line."""
    return _approved("reverse_bank_line", subject)


def _approved(act: str, subject: str, by: str = "tax") -> str:
    """The rows that two people leave behind who approved something about a deposit's line."""
    return (
        "INSERT INTO approval (id, act, subject, region, body, reason, proposed_by, proposed_on, expires_on, state,"
        " decided_by, decided_on, decided_at, correlation_id)"
        f" SELECT gen_random_uuid(), '{act}', {subject}, region, '{{}}', 'x', 'bank', booked_on, booked_on,"
        f" 'APPROVED', '{by}', booked_on, now(), correlation_id"
        " FROM bank_line WHERE kind = 'DEPOSIT'"
    )


BREAKS = (
    Break(
        "a payout that leaves out what moved before",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE payout SET after_line = after_line + 1",),
        query="_PAYOUTS_FOLLOW",
    ),
    Break(
        "a payout that is said to be on its way, and nothing of it follows",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE payout SET state = 'SETTLING', settled_day = after_day, settled_line = after_line",),
        query="_SETTLING",
    ),
    Break(
        "a fee kept back by the channel",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE bank_line SET amount_fen = amount_fen - 60 WHERE kind = 'SETTLEMENT'",),
        60,
        query="_PAYOUTS",
    ),
    Break(
        "money for a day before the first bill that nobody paid",
        "BANK_STATEMENT",
        "payment",
        (
            (
                "INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, part,"
                " declared_fen, actor, correlation_id) SELECT '01900000-0000-7000-8000-000000000009', region, kind,"
                " 'CLOSED_EMPTY', channel, merchant_id, '2023-10-07', 1, 60, actor, correlation_id"
                " FROM remittance_batch WHERE kind = 'ONLINE' LIMIT 1"
            ),
            (
                "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, batch_id,"
                " region, actor, correlation_id) SELECT gen_random_uuid(), 'B-FORGED', 1, booked_on, kind, reference,"
                " 60, '01900000-0000-7000-8000-000000000009', region, actor, correlation_id"
                " FROM bank_line WHERE kind = 'SETTLEMENT' LIMIT 1"
            ),
        ),
        60,
        query="_SETTLEMENTS",
    ),
    Break(
        "a difference closed by nobody",
        "BANK_STATEMENT",
        "payment",
        (
            (
                "INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, happened_at, owner, since,"
                " state, closed_because, closed_on, closed_by, region, actor, correlation_id)"
                " SELECT gen_random_uuid(), 4, 'PAYMENT', channel, merchant_id, now(), 'OFFICE', '2023-10-09',"
                " 'CLOSED', 'DECIDED', '2023-10-09', gen_random_uuid(), region, actor, correlation_id"
                " FROM payout LIMIT 1"
            ),
        ),
        query="_DIFFERENCES_CLOSED",
    ),
    Break(
        "a payment attributed to a day by nobody",
        "BANK_STATEMENT",
        "payment",
        (
            (
                "UPDATE payment_line l SET attributed_to = p.paid_on, attributed_by = gen_random_uuid() FROM payment p"
                " WHERE p.id = l.payment_id AND l.settled_on IS NOT NULL"
            ),
        ),
        query="_COUNTED",
    ),
    Break(
        "a deposit larger than its receipts",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE bank_line SET amount_fen = amount_fen + 100 WHERE kind = 'DEPOSIT'",),
        100,
        query="_DEPOSITS",
    ),
    Break(
        "a bank line reversed under another line's approval",
        "BANK_STATEMENT",
        "payment",
        (
            _approved_reversal("'another'"),
            "UPDATE bank_line SET reversed_on = booked_on, reversed_by = a.id FROM approval a WHERE kind = 'DEPOSIT'",
        ),
    ),
    Break(
        "an approved reversal whose line still counts",
        "BANK_STATEMENT",
        "payment",
        (_approved_reversal("id"),),
        query="_REVERSED",
    ),
    Break(
        "a short deposit that two people accepted and nobody owes",
        "BANK_STATEMENT",
        "payment",
        (_approved("accept_short_deposit", "batch_id"),),
        query="_ACCEPTED",
    ),
    Break(
        "an approval by a client whose name reads as its proposers",
        "BANK_STATEMENT",
        "payment",
        (_approved("attribute_line", "id::text", by="ＢＡＮＫ"),),
        query="_TWO_CLIENTS",
    ),
    Break(
        "a payout released by nobody",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE payout SET released_by = gen_random_uuid()",),
        query="_RELEASED",
    ),
)
