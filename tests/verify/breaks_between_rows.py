"""Ways in which rows of one season can contradict each other, each with the check and the query that must find it."""

from tests.verify.break_form import Break

BETWEEN_ROWS = (
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
    Break(
        "a bill paid through another channel than its money",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE bill SET paid_through = 'VILLAGE_CASH' WHERE due_fen = 18000",),
        query="_BILL_SOURCES",
    ),
    Break(
        "a payment line that names a bill it did not pay",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE payment_line SET bill_id = (SELECT id FROM bill WHERE state = 'OPEN') WHERE amount_fen = 18000",),
        query="_BILL_OF_LINE",
    ),
    Break(
        "a bill with less aid than is booked",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE bill SET aided_fen = aided_fen - 1 WHERE due_fen = 18000",),
        query="_BILL_AID",
    ),
    Break(
        "a bill of another year than its aid",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE bill SET benefit_year = 2025 WHERE state = 'NOTHING_DUE'",),
        query="_YEARS",
    ),
    Break(
        "money suspended before it was paid",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE suspense SET suspended_on = suspended_on - 1 WHERE reason = 'UNKNOWN_ORDER'",),
        query="_SUSPENDED",
    ),
    Break(
        "a refund put forward before the money came",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE refund SET requested_on = requested_on - 1 WHERE state = 'PAID'",),
        query="_REFUNDS",
    ),
    Break(
        "a line settled on another day than booked",
        "MONEY_HAS_A_SOURCE",
        "payment",
        ("UPDATE payment_line SET settled_on = settled_on + 1 WHERE amount_fen = 18000",),
        query="_DAYS",
    ),
    Break(
        "a transfer without a cause",
        "MOVED_FOR_A_REASON",
        "payment",
        (("UPDATE transfer SET caused_by = gen_random_uuid() WHERE kind = 'premium_received' AND amount_fen = 18000"),),
        query="_CAUSES",
    ),
    Break(
        "cash imported under a batch of a channel",
        "MOVED_FOR_A_REASON",
        "payment",
        (
            (
                "UPDATE transfer SET batch_id = (SELECT id FROM remittance_batch WHERE kind = 'ONLINE') WHERE"
                " kind = 'cash_imported'"
            ),
        ),
        query="_BATCH_OF",
    ),
    Break(
        "a deposit booked short of its receipt",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE transfer SET amount_fen = amount_fen - 1 WHERE kind = 'deposit_matched'",),
        query="_DEPOSITED",
    ),
    Break(
        "a step of a batch in another village",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE remittance_step SET region = '411521102201' WHERE step = 'MATCH' AND region = '411521'",),
        query="_STEPS",
    ),
    Break(
        "a batch that counted something else",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE remittance_batch SET counted_fen = 1 WHERE kind = 'ENTRUSTED_CASH'",),
        query="_DECLARED",
    ),
    Break(
        "a line on its way with another receipts number",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE remittance_line SET receipt_no = 'X' WHERE receipt_no = 'R1-0'",),
        query="_LINE_FACTS",
    ),
    Break(
        "a bank line that refers to another day",
        "MOVED_FOR_A_REASON",
        "payment",
        ("UPDATE bank_line SET reference = 'X' WHERE kind = 'SETTLEMENT'",),
        query="_REFERENCES",
    ),
    Break(
        "a price that nobody was informed of",
        "COVER_AS_PRICED",
        "subsidy",
        (
            (
                "DELETE FROM assessment WHERE enrolment_id = (SELECT id FROM enrolment WHERE paid_on IS NOT NULL"
                " ORDER BY id LIMIT 1)"
            ),
        ),
        query="_ROW_OF_THE_DAY",
    ),
    Break(
        "aid of more than the standard",
        "COVER_AS_PRICED",
        "subsidy",
        (
            (
                "UPDATE pricing SET schedule = jsonb_set(schedule::jsonb, '{0,standard_fen}', '1')::json WHERE"
                " schedule::jsonb #>> '{0,shares}' <> '[]'"
            ),
        ),
        query="_ROWS_IN_ORDER",
    ),
    Break(
        "an identity without a roster",
        "IDENTITIES_CERTIFIED",
        "subsidy",
        ("DELETE FROM roster_line",),
        query="_UNCERTIFIED",
    ),
    Break(
        "money remitted before it came",
        "BOOKS_POSTINGS",
        "payment",
        ("UPDATE transfer SET effective_on = '2023-10-01' WHERE kind = 'remitted'",),
        query="_DAILY",
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
        "an enrolment paid through another channel",
        "PAID_AS_BILLED",
        "registration",
        ("UPDATE enrolment SET channel = 'VILLAGE_CASH' WHERE paid_fen = 18000",),
    ),
    Break(
        "a database of another number of partitions",
        "ONE_INSTALLATION",
        "quota",
        ("UPDATE messaging_installation SET partitions = 99",),
    ),
)
