"""Breaks of events, their cursors and what they say: what is done, and the check that must find it."""

from tests.verify.breaks.form import Break
from tests.verify.breaks.statements import delete_one, update_one

BREAKS = (
    Break(
        "an event lost from the outbox",
        "EVENTS_CONTIGUOUS",
        "payment",
        (delete_one("outbox", "event = 'payment.contribution_paid.v1'"),),
        query="_CONTIGUOUS",
    ),
    Break(
        "an event announced out of turn",
        "EVENTS_CONTIGUOUS",
        "payment",
        (update_one("outbox", "published_at = NULL", "event = 'payment.contribution_paid.v1'"),),
        query="_OVERTAKEN",
    ),
    Break(
        "an event of an epoch that never began",
        "EVENTS_CONTIGUOUS",
        "payment",
        (update_one("outbox", "epoch = 2", "event = 'payment.contribution_paid.v1'"),),
        query="_EPOCHS",
    ),
    Break(
        "a consumer that received more than was sent",
        "EVENTS_HEARD",
        "registration",
        (
            (
                "UPDATE cursor SET seq = seq + 1 WHERE publisher = 'subsidy' AND aggregate_id ="
                " (SELECT id FROM enrolment WHERE paid_fen = 18000)"
            ),
        ),
    ),
    Break(
        "a consumer that took in another event under the last number",
        "EVENTS_HEARD",
        "registration",
        (
            (
                "UPDATE cursor SET last_event_id = uuidv7() WHERE publisher = 'subsidy' AND aggregate_id ="
                " (SELECT id FROM enrolment WHERE paid_fen = 18000)"
            ),
        ),
    ),
    Break(
        "a consumer in an epoch that its publisher never began",
        "EVENTS_HEARD",
        "registration",
        (
            (
                "UPDATE cursor SET epoch = 2 WHERE publisher = 'subsidy' AND aggregate_id ="
                " (SELECT id FROM enrolment WHERE paid_fen = 18000)"
            ),
        ),
    ),
    Break(
        "a dead letter of an event that nobody announced",
        "NOTHING_STUCK",
        "quota",
        (
            (
                "INSERT INTO dead_letter (id, event_id, publisher, aggregate_id, seq, event, region, topic, partition,"
                " \"offset\", headers, reason, error) VALUES (gen_random_uuid(), gen_random_uuid(), 'registration',"
                " gen_random_uuid(), 1, 'registration.enrolment_paid.v1', '411521', 'registration', 0, 0, '{}',"
                " 'NOT_HANDLED', 'x')"
            ),
        ),
    ),
    Break(
        "an event parked behind nothing",
        "NOTHING_STUCK",
        "quota",
        (
            (
                "INSERT INTO parked_event (publisher, aggregate_id, seq, event_id, event, region, topic, partition,"
                " \"offset\", headers) VALUES ('registration', gen_random_uuid(), 2, gen_random_uuid(),"
                " 'registration.enrolment_paid.v1', '411521', 'registration', 0, 0, '{}')"
            ),
        ),
    ),
    Break(
        "a registration on another day than announced",
        "SAID_AS_STORED",
        "registration",
        ("UPDATE enrolment SET registered_on = registered_on - 1 WHERE paid_fen = 18000",),
        query="_REGISTERED_SAID",
    ),
    Break(
        "a payment of another aid than announced",
        "SAID_AS_STORED",
        "payment",
        ("UPDATE bill SET aided_fen = aided_fen - 1 WHERE due_fen = 18000",),
        query="_PAID_SAID",
    ),
    Break(
        "money suspended for another reason than announced",
        "SAID_AS_STORED",
        "payment",
        ("UPDATE suspense SET reason = 'X' WHERE reason = 'UNKNOWN_ORDER'",),
        query="_SUSPENDED_SAID",
    ),
    Break(
        "a refund for another reason than announced",
        "SAID_AS_STORED",
        "payment",
        ("UPDATE refund SET reason = 'X'",),
        query="_REFUND_SAID",
    ),
    Break(
        "cash announced as given back that nobody owed",
        "SAID_AS_STORED",
        "payment",
        (
            (
                "INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor,"
                " service, correlation_id, payload) SELECT gen_random_uuid(), lane, topic, key, aggregate_seq +"
                " 99, 'payment.cash_returned.v1', region, benefit_year, actor, service, correlation_id,"
                ' \'{"receipt_id": "x"}\' FROM outbox ORDER BY id LIMIT 1'
            ),
        ),
        query="_CASH_SAID",
    ),
    Break(
        "a remittance on another day than announced",
        "SAID_AS_STORED",
        "payment",
        ("UPDATE remittance_batch SET remitted_on = remitted_on - 1 WHERE kind = 'ENTRUSTED_CASH'",),
        query="_REMITTED_SAID",
    ),
    Break(
        "money in the treasury earlier than announced",
        "SAID_AS_STORED",
        "payment",
        ("UPDATE remittance_batch SET received_on = received_on - 1 WHERE kind = 'ONLINE'",),
        query="_TREASURY_SAID",
    ),
    Break(
        "another certificate than announced",
        "SAID_AS_STORED",
        "payment",
        ("UPDATE remittance_batch SET certificate_no = 'WS-2' WHERE kind = 'ONLINE'",),
        query="_CERTIFIED_SAID",
    ),
    Break(
        "an assessment of another day than announced",
        "SAID_AS_STORED",
        "subsidy",
        ("UPDATE assessment SET assessed_on = assessed_on - 1",),
        query="_ASSESSED_SAID",
    ),
    Break(
        "targets of another document than announced",
        "SAID_AS_STORED",
        "quota",
        ("UPDATE target_set SET document = 'X'",),
        query="_TARGETS_SAID",
    ),
    Break(
        "an event sent before it was announced",
        "SAID_AS_STORED",
        "quota",
        ("UPDATE outbox SET published_at = recorded_at - interval '1 hour'",),
        query="_SENT_IN_ORDER",
    ),
    Break(
        "a database of another number of partitions",
        "ONE_INSTALLATION",
        "quota",
        ("UPDATE messaging_installation SET partitions = 99",),
    ),
)
