"""Breaks of successes of the channels and what was booked of them: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import copied, delete_one


def _another_success(state: str, reason: str | None) -> str:
    """A success that the service acknowledged and did nothing about, whatever it called it."""
    said = "NULL" if reason is None else f"'{reason}'"
    return (
        "INSERT INTO raw_notice (id, channel, merchant_id, notify_id, source, envelope, serial, signed_at,"
        " event_type, kind, payee_merchant_id, payee_appid, order_no, transaction_id, outcome, amount_fen, currency,"
        " succeeded_at, state, reason, region, actor, correlation_id)"
        " SELECT gen_random_uuid(), channel, merchant_id, 'another', source, envelope, serial, signed_at,"
        " event_type, kind, payee_merchant_id, payee_appid, order_no, 'ANOTHER', outcome,"
        f" amount_fen, currency, succeeded_at, '{state}', {said}, region, actor, correlation_id FROM raw_notice"
        " WHERE amount_fen = 18000 AND kind = 'PAYMENT' ORDER BY id LIMIT 1"
    )


# Somebody wrote that two people closed the first notice.
_APPROVED_CLOSING = (
    "INSERT INTO approval (id, act, subject, region, body, reason, proposed_by, proposed_on, expires_on, state,"
    " decided_by, decided_on, decided_at, correlation_id)"
    " SELECT gen_random_uuid(), 'close_notice', id, region, '{}', 'x', 'clerk', '2023-10-08', '2023-10-08', 'APPROVED',"
    " 'checker', '2023-10-08', now(), correlation_id FROM raw_notice ORDER BY id LIMIT 1"
)

BREAKS = (
    Break(
        "a success that nobody closed and that is called closed",
        "CHANNEL_SUCCESSES",
        "payment",
        (_another_success("CLOSED", "OTHER_APP"),),
    ),
    Break(
        "an approved closing whose notice is not closed",
        "CHANNEL_SUCCESSES",
        "payment",
        (_APPROVED_CLOSING,),
        query="_CLOSED",
    ),
    Break(
        "a notice closed under a closing of another one",
        "CHANNEL_SUCCESSES",
        "payment",
        (
            _APPROVED_CLOSING,
            "UPDATE raw_notice SET closed_by = a.id FROM approval a WHERE raw_notice.id::text <> a.subject",
        ),
        query="_CLOSED",
    ),
    Break(
        "a channel success without payment",
        "CHANNEL_SUCCESSES",
        "payment",
        (delete_one("payment", "amount_fen = 38000"),),
        38_000,
        query="_SUCCESSES",
    ),
    Break(
        "a payment doubled",
        "CHANNEL_SUCCESSES",
        "payment",
        (
            (
                "INSERT INTO payment (id, channel, merchant_id, transaction_id, order_id, order_no, notice_id,"
                " amount_fen, paid_at, paid_on, region, actor, correlation_id) SELECT gen_random_uuid(), channel,"
                " merchant_id, 'INVENTED', order_id, order_no, notice_id, amount_fen, paid_at, paid_on, region, actor,"
                " correlation_id FROM payment WHERE amount_fen = 18000"
            ),
        ),
        18_000,
    ),
    Break(
        "a payment of another amount than its notice",
        "CHANNEL_SUCCESSES",
        "payment",
        ("UPDATE payment SET amount_fen = 18001 WHERE amount_fen = 18000",),
        1,
    ),
    Break(
        "a success passed over as if it said nothing",
        "CHANNEL_SUCCESSES",
        "payment",
        (_another_success("IGNORED", None),),
        18_000,
    ),
    Break(
        "a success called a second claim though nothing was booked",
        "CHANNEL_SUCCESSES",
        "payment",
        (_another_success("SUSPENDED", "SAME_TRANSACTION_OTHER_ORDER"),),
        18_000,
    ),
    Break(
        "a success of ours called another merchant's",
        "CHANNEL_SUCCESSES",
        "payment",
        (_another_success("QUARANTINED", "OTHER_MERCHANT"),),
        18_000,
    ),
    Break(
        "a success that nobody could work on",
        "CHANNEL_SUCCESSES",
        "payment",
        (
            "DELETE FROM payment WHERE amount_fen = 18000",
            "UPDATE raw_notice SET state = 'QUARANTINED', reason = 'UNPROCESSABLE' WHERE amount_fen = 18000",
        ),
        18_000,
    ),
    Break(
        "a payment line grown",
        "PAYMENTS_BOOKED",
        "payment",
        ("UPDATE payment_line SET amount_fen = 18001 WHERE amount_fen = 18000",),
    ),
    Break(
        "a line booked twice",
        "PAYMENTS_BOOKED",
        "payment",
        (copied("premium_received", idempotency_key="'again'"),),
        query="_LINES",
    ),
    Break(
        "suspended money booked as premium",
        "PAYMENTS_BOOKED",
        "payment",
        ("UPDATE transfer SET credit = 'premium' WHERE kind = 'suspended' AND enrolment_id IS NOT NULL",),
    ),
    Break(
        "a settlement that was not booked",
        "PAYMENTS_BOOKED",
        "payment",
        (delete_one("transfer", "kind = 'settled' AND amount_fen = 18000"),),
        18_000,
        query="_SETTLED",
    ),
    Break(
        "a payment larger than its lines",
        "PAYMENTS_BOOKED",
        "payment",
        ("UPDATE payment SET amount_fen = 18001 WHERE amount_fen = 18000",),
        1,
        "_PAYMENTS",
    ),
)
