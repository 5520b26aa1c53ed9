"""Breaks of institutions' files and of what was made of them, and the check that must find each."""

from tests.verify.breaks.form import Break

BREAKS = (
    Break(
        "a file's line of another person than it was taken with",
        "FILES_AS_WORKED",
        "payment",
        ("UPDATE channel_file_line SET person_token = 'somebody else' WHERE line_no = 3",),
        0,
        query="_AS_TAKEN",
    ),
    Break(
        "a line that waits in a file that is done",
        "FILES_AS_WORKED",
        "payment",
        ("UPDATE channel_file_line SET state = 'WAITING' WHERE line_no = 3",),
        38_000,
        query="_WORKED",
    ),
    Break(
        "money in the treasury that no detail brought there",
        "FILES_AS_WORKED",
        "payment",
        (
            (
                "INSERT INTO tax_direct_receipt (id, payment_line_id, received_on, file_id, file_line, amount_fen,"
                " region, actor, correlation_id)"
                " SELECT gen_random_uuid(), l.id, '2023-10-08', f.id, 3, l.amount_fen, l.region, 'x', l.correlation_id"
                " FROM payment_line l CROSS JOIN channel_file f WHERE l.amount_fen = 38000 ORDER BY l.id LIMIT 1"
            ),
        ),
        38_000,
        query="_IN_TREASURY",
    ),
)
