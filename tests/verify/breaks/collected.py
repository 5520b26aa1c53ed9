"""Breaks of what institutions collected without an order and took back, and the check that must find each."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import delete_one

BREAKS = (
    Break(
        "money credited to somebody else than the institution named",
        "COLLECTED_AS_SAID",
        "payment",
        ("UPDATE direct_payment SET person_token = 'somebody else'",),
        38_000,
        query="_AS_SAID",
    ),
    Break(
        "a reversal of another amount than it took back",
        "COLLECTED_AS_SAID",
        "payment",
        ("UPDATE direct_reversal SET amount_fen = 1 WHERE sequence = '1'",),
        query="_TAKEN_BACK",
    ),
    Break(
        "a payment taken back that the books still hold",
        "COLLECTED_AS_SAID",
        "payment",
        (delete_one("transfer", "kind = 'premium_reversed'"),),
        38_000,
        query="_BOOKED_BACK",
    ),
)
