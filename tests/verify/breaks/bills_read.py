"""Breaks of what was read of the channel's bills: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break

BREAKS = (
    Break(
        "a bill that is said to be wanted again",
        "BILLS_AS_READ",
        "payment",
        ("UPDATE channel_bill SET state = 'WANTED', read_at = NULL, read_on = NULL WHERE state = 'EMPTY'",),
        query="_AS_READ",
    ),
    Break(
        "a line of a bill at another moment than it was stored with",
        "BILLS_AS_READ",
        "payment",
        ("UPDATE bill_trade_line SET happened_at = happened_at + interval '1 minute' WHERE line_no = 1",),
        query="_LINES_AS_STORED",
    ),
    Break(
        "two lines of a bill in another order",
        "BILLS_AS_READ",
        "payment",
        (
            "ALTER TABLE bill_flow_line DROP CONSTRAINT bill_flow_line_pkey",
            (
                "UPDATE bill_flow_line SET line_no = 3 - line_no WHERE line_no <= 2 AND bill_id ="
                " (SELECT bill_id FROM bill_flow_line GROUP BY 1 HAVING count(*) > 1 LIMIT 1)"
            ),
        ),
        query="_LINES_AS_STORED",
    ),
    Break(
        "a payout in another county than its merchant",
        "BILLS_AS_READ",
        "payment",
        ("UPDATE payout SET region = '411522'",),
        query="_ONE_REGION",
    ),
    Break(
        "a payout that is settled and has a fault",
        "BILLS_AS_READ",
        "payment",
        (
            "ALTER TABLE payout DROP CONSTRAINT payout_check1",
            "UPDATE payout SET fault = 'UNUSUAL_MOVEMENT' WHERE state = 'MET'",
        ),
        query="_PAYOUTS_HELD",
    ),
)
