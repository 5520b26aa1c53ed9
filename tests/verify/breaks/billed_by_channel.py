"""Breaks of the channels' own bills, record by record: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break

_ANOTHER_DIFFERS = (
    "INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, happened_at,"
    " owner, since, region, actor, correlation_id)"
    " SELECT gen_random_uuid(), 4, 'PAYMENT', channel, merchant_id, 'OF-ANOTHER', now(), 'OFFICE',"
    " '2023-10-09', region, actor, correlation_id FROM payout LIMIT 1"
)
BREAKS = (
    Break(
        "a payment that moved nothing of the channels account",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE bill_flow_line SET business_no = 'NOBODYS' WHERE amount_fen = 18000",),
        query="_MOVEMENTS",
    ),
    Break(
        "an amount other than the channel's bill says",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE bill_trade_line SET amount_fen = 18001 WHERE amount_fen = 18000",),
        1,
        query="_PAYMENTS_BILLED",
    ),
    Break(
        "a payment under another order than the channel's",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE payment SET order_no = 'ANOTHER' WHERE amount_fen = 18000",),
        0,
        query="_PAYMENTS_BILLED",
    ),
    Break(
        "a payment of the channel's bill that we lack",
        "CHANNEL_BILLS",
        "payment",
        ("DELETE FROM payment WHERE amount_fen = 18000",),
        18_000,
        query="_PAYMENTS_BILLED",
    ),
    Break(
        "a payment of ours that no bill of the channel has",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE payment SET transaction_id = 'INVENTED' WHERE amount_fen = 18000",),
        36_000,
        query="_PAYMENTS_BILLED",
    ),
    Break(
        "a payment that no bill has while another one is known to differ",
        "CHANNEL_BILLS",
        "payment",
        (
            _ANOTHER_DIFFERS,
            "UPDATE payment SET transaction_id = 'INVENTED' WHERE amount_fen = 18000",
        ),
        36_000,
        query="_PAYMENTS_BILLED",
    ),
    Break(
        "a payment that moved nothing while another one is known to differ",
        "CHANNEL_BILLS",
        "payment",
        (
            _ANOTHER_DIFFERS,
            "UPDATE bill_flow_line SET business_no = 'NOBODYS' WHERE amount_fen = 18000",
        ),
        query="_MOVEMENTS",
    ),
    Break(
        "a line of the channel's bill deleted",
        "CHANNEL_BILLS",
        "payment",
        ("DELETE FROM bill_trade_line WHERE amount_fen = 18000",),
    ),
    Break(
        "a refund of which the channel gave back less",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE bill_trade_line SET amount_fen = amount_fen - 1, due_fen = due_fen - 1 WHERE kind = 'REFUND'",),
        query="_REFUNDS_BILLED",
    ),
    Break(
        "a refund of the channel that we never asked for",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE refund SET refund_no = refund_no || 'X', approved_on = '2023-10-01'",),
        query="_REFUNDS_BILLED",
    ),
    Break(
        "a refund said to be paid that no bill of the channel has",
        "CHANNEL_BILLS",
        "payment",
        (
            (
                "UPDATE bill_trade_line SET kind = 'PAYMENT', refund_no = NULL, channel_refund_id = NULL"
                " WHERE kind = 'REFUND'"
            ),
        ),
    ),
    Break(
        "a bill of which a line more was counted",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE channel_bill SET line_count = line_count + 1 WHERE kind = 'TRADE' AND state = 'READ'",),
        query="_LINES_KEPT",
    ),
    Break(
        "lines of a bill that nobody asked for",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE bill_flow_line SET bill_id = gen_random_uuid() WHERE kind = 'PAYOUT'",),
        query="_LINES_KEPT",
    ),
    Break(
        "a balance at the channel off by a fen",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE bill_flow_line SET balance_fen = balance_fen + 1 WHERE kind = 'PAYOUT'",),
        1,
        query="_RUNNING_BALANCES",
    ),
    Break(
        "a payout smaller than the channel's books say",
        "CHANNEL_BILLS",
        "payment",
        ("UPDATE bill_flow_line SET amount_fen = amount_fen + 60 WHERE kind = 'PAYOUT'",),
        query="_RUNNING_BALANCES",
    ),
    Break(
        "a day of which the channel's bill is gone",
        "CHANNEL_BILLS",
        "payment",
        ("DELETE FROM channel_bill WHERE kind = 'TRADE' AND bill_day = '2023-10-15'",),
        query="_BILL_OF_EACH_DAY",
    ),
    Break(
        "a payment by a line that no bill has",
        "CHANNEL_BILLS",
        "payment",
        (
            (
                "UPDATE payment p SET notice_id = NULL, bill_id = b.id, bill_line = 99 FROM channel_bill b"
                " WHERE b.kind = 'FUND_FLOW' AND b.bill_day = '2023-10-08' AND p.amount_fen = 18000"
            ),
        ),
        query="_BILLED_PAYMENTS",
    ),
)
