"""Breaks of what two people decided about suspended money: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break

_STRANGERS = "FROM suspense WHERE reason = 'UNKNOWN_ORDER' ORDER BY id LIMIT 1"
_REFUNDED = "FROM suspense WHERE state = 'REFUNDED' ORDER BY id LIMIT 1"


def _approved(act: str, of: str) -> str:
    """Somebody wrote that two people approved an act about suspended money."""
    return (
        "INSERT INTO approval (id, act, subject, region, body, reason, proposed_by, proposed_on, expires_on, state,"
        " decided_by, decided_on, decided_at, correlation_id)"
        f" SELECT gen_random_uuid(), '{act}', id, region, '{{}}', 'x', 'clerk', '2023-10-08', '2023-10-08', 'APPROVED',"
        f" 'checker', '2023-10-08', now(), correlation_id {of}"
    )


def _decided(kind: str, batch: str = "NULL") -> str:
    """Somebody wrote the decision of that approval."""
    return (
        "INSERT INTO suspense_decision (id, suspense_id, kind, decided_on, batch_id, region, actor, correlation_id)"
        f" SELECT id, subject::uuid, '{kind}', decided_on, {batch}, region, decided_by, correlation_id FROM approval"
        " WHERE act LIKE '%_suspense'"
    )


_MATCHED_BY_NO_DECISION = (
    "INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token,"
    " benefit_year, effective_on, caused_by, region, actor, correlation_id)"
    " SELECT gen_random_uuid(), 'suspense_matched:x', 'suspense_matched', 'suspense', 'premium', amount_fen,"
    " enrolment_id, person_token, benefit_year, effective_on, gen_random_uuid(), region, actor, correlation_id"
    " FROM transfer WHERE kind = 'premium_received' ORDER BY id LIMIT 1"
)

BREAKS = (
    Break(
        "an approved decision that was never taken",
        "SUSPENSE_DECIDED",
        "payment",
        (_approved("refund_suspense", _STRANGERS),),
        query="_DECIDED_BY_TWO",
    ),
    Break(
        "money called matched that nobody matched",
        "SUSPENSE_DECIDED",
        "payment",
        ("UPDATE suspense SET state = 'MATCHED' WHERE reason = 'UNKNOWN_ORDER'",),
        38_000,
        query="_MATCH_HELD",
    ),
    Break(
        "money that left suspense for premium by no decision",
        "SUSPENSE_DECIDED",
        "payment",
        (_MATCHED_BY_NO_DECISION,),
        query="_MATCH_BOOKED",
    ),
    Break(
        "matched money in a batch that is not its own",
        "SUSPENSE_DECIDED",
        "payment",
        (
            "ALTER TABLE suspense_decision DROP CONSTRAINT suspense_decision_no_part_of_a_match",
            _approved("refund_suspense", _REFUNDED),
            _decided("REFUND", batch="(SELECT id FROM remittance_batch ORDER BY id LIMIT 1)"),
        ),
        query="_MATCH_ON_ITS_WAY",
    ),
    Break(
        "money that two people sent back and that went nowhere",
        "SUSPENSE_DECIDED",
        "payment",
        (_approved("refund_suspense", _STRANGERS), _decided("REFUND")),
        query="_SENT_BACK",
    ),
)
