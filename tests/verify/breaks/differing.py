"""Breaks of what differs from the channel's bills: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break

BREAKS = (
    Break(
        "a difference that names nothing",
        "DIFFERENCES_PROVED",
        "payment",
        (
            (
                "INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, happened_at,"
                " theirs_fen, owner, since, region, actor, correlation_id)"
                " SELECT gen_random_uuid(), 4, 'PAYMENT', channel, merchant_id, 'INVENTED', now(), 38000, 'OFFICE',"
                " '2023-10-09', region, actor, correlation_id FROM payout"
            ),
        ),
        query="_DIFFERENCES_COMPARED",
    ),
    Break(
        "a difference that stays open though its payment was counted",
        "DIFFERENCES_PROVED",
        "payment",
        (
            (
                "INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, payment_id,"
                " ours_fen, happened_at, owner, since, region, actor, correlation_id)"
                " SELECT gen_random_uuid(), 6, 'PAYMENT', channel, merchant_id, p.transaction_id, p.id, p.amount_fen,"
                " p.paid_at, 'CHANNEL', p.paid_on + 1, m.region, m.actor, m.correlation_id"
                " FROM payment p JOIN billed_merchant m USING (channel, merchant_id) WHERE p.amount_fen = 18000"
            ),
        ),
        query="_DIFFERENCES_ENDED",
    ),
    Break(
        "a refund nobody asked for that the books do not have",
        "DIFFERENCES_PROVED",
        "payment",
        (
            (
                "INSERT INTO unasked_refund (id, channel, merchant_id, channel_refund_id, payment_line_id,"
                " enrolment_id, benefit_year, amount_fen, refunded_on, caused_by, region, actor, correlation_id)"
                " SELECT gen_random_uuid(), p.channel, p.merchant_id, 'INVENTED', l.id, l.enrolment_id,"
                " l.benefit_year, l.amount_fen, p.paid_on, p.notice_id, l.region, l.actor, l.correlation_id"
                " FROM payment p JOIN payment_line l ON l.payment_id = p.id WHERE p.amount_fen = 18000"
            ),
        ),
        18_000,
        query="_UNASKED_REFUNDS",
    ),
    Break(
        "a payout that went on though a fee is in it",
        "DIFFERENCES_PROVED",
        "payment",
        ("UPDATE bill_flow_line SET kind = 'FEE' WHERE amount_fen = 18000",),
        query="_PAYOUT_FAULTS",
    ),
)
