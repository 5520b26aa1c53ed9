"""Breaks between what channels say and what is made of it, each with the check that must find it."""

from tests.verify.breaks.form import Break

BREAKS = (
    Break(
        "a payment a minute after its notice",
        "CHANNEL_WORD",
        "payment",
        ("UPDATE payment SET paid_at = paid_at + interval '1 minute' WHERE amount_fen = 18000",),
        query="_PAYMENT_AS_REPORTED",
    ),
    Break(
        "a notice that made a payment called a repetition",
        "CHANNEL_WORD",
        "payment",
        ("UPDATE raw_notice SET state = 'REPEATED' WHERE kind = 'PAYMENT' AND amount_fen = 18000",),
        query="_WHAT_BECAME",
    ),
    Break(
        "a refund on another day than the channel says",
        "CHANNEL_WORD",
        "payment",
        ("UPDATE refund SET refunded_on = refunded_on + 1 WHERE state = 'PAID'",),
        query="_REFUND_AS_REPORTED",
    ),
    Break(
        "the word of a refund passed over",
        "CHANNEL_WORD",
        "payment",
        ("UPDATE raw_notice SET state = 'IGNORED' WHERE kind = 'REFUND'",),
        query="_REFUND_APPLIED",
    ),
    Break(
        "an order with a line too many",
        "PAID_AS_ORDERED",
        "payment",
        (
            (
                "INSERT INTO order_line (order_id, bill_id, enrolment_id, person_token, benefit_year,"
                " amount_fen, open, region, actor, correlation_id) SELECT o.id, b.id, b.enrolment_id,"
                " b.person_token, 2024, 1, false, b.region, 'x', o.id FROM payment_order o, bill b WHERE"
                " o.amount_fen = 76000 AND b.state = 'NOTHING_DUE'"
            ),
        ),
        query="_ORDER_SUMS",
    ),
    Break(
        "a line open in an order that is paid",
        "PAID_AS_ORDERED",
        "payment",
        ("UPDATE order_line SET open = true WHERE amount_fen = 18000",),
        query="_ORDER_LINES",
    ),
    Break(
        "a payment of another order than its notice names",
        "PAID_AS_ORDERED",
        "payment",
        (
            (
                "UPDATE payment SET order_id = (SELECT id FROM payment_order WHERE amount_fen = 76000) WHERE"
                " amount_fen = 18000"
            ),
        ),
        query="_PAID_AS_ORDERED",
    ),
    Break(
        "money credited for another year than ordered",
        "PAID_AS_ORDERED",
        "payment",
        ("UPDATE payment_line SET benefit_year = 2025 WHERE amount_fen = 18000",),
        query="_CREDITED_AS_ORDERED",
    ),
    Break(
        "an order confirmed that nobody paid",
        "PAID_AS_ORDERED",
        "payment",
        (
            (
                "INSERT INTO payment_order (id, order_no, channel, merchant_id, appid, benefit_year, state,"
                " amount_fen, opened_at, expires_at, last_day, region, actor, correlation_id)"
                " SELECT id, 'UNPAIDORDER', 'WECHAT', 'x', 'x', 2024, 'CONFIRMED', 38000, now(), now(),"
                " '2023-10-31', region, 'x', id FROM bill WHERE state = 'OPEN'"
            ),
            (
                "INSERT INTO order_line (order_id, bill_id, enrolment_id, person_token, benefit_year,"
                " amount_fen, open, region, actor, correlation_id) SELECT id, id, enrolment_id, person_token,"
                " 2024, 38000, false, region, 'x', id FROM bill WHERE state = 'OPEN'"
            ),
        ),
        query="_CONFIRMED",
    ),
    Break(
        "a payment to another app than its order",
        "PAID_AS_ORDERED",
        "payment",
        ("UPDATE payment_order SET appid = 'wx0' WHERE amount_fen = 18000",),
        query="_OTHER_APPS",
    ),
)
