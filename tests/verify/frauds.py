"""The frauds of the finding, by hand on a played season: what a fraudster would do, and the check that must find it."""

from dataclasses import dataclass

# Who pays by WeChat alone, with 180 yuan and the county's 200, and the one person who has not paid yet.
_AIDED = "(SELECT enrolment_id FROM bill WHERE due_fen = 18000)"
_UNPAID_BILL = "state = 'OPEN'"
_OTHER_VILLAGE = "'411521101999'"


@dataclass(frozen=True)
class Fraud:
    """What is done, where, by whom, and which check must find it; the rest of verify may find it as well."""

    name: str
    check: str
    done: tuple[tuple[str, str], ...]
    service: bool = False  # with the service's own login, whom no trigger and no grant lets pass

    def __str__(self) -> str:
        """As the test is called."""
        return self.name.replace(" ", "_")


def _in(database: str, *statements: str) -> tuple[tuple[str, str], ...]:
    return tuple((database, statement) for statement in statements)


def _moved(database: str, tables: str, whose: str) -> tuple[tuple[str, str], ...]:
    return _in(database, *(f"UPDATE {t} SET region = {_OTHER_VILLAGE} WHERE {whose}" for t in tables.split()))


FRAUDS = (
    Fraud(
        "enrolled for nothing",
        "COVER_AS_PRICED",
        (
            *_in("payment", f"UPDATE bill SET state = 'NOTHING_DUE', row_no = NULL WHERE {_UNPAID_BILL}"),
            *_in(
                "registration",
                "UPDATE enrolment SET state = 'PAID', paid_basis = 'NOTHING_DUE', paid_on = '2023-10-08', paid_fen = 0,"
                " due_fen = 0, aided_fen = 0, paid_version = 1, benefit_start = '2024-01-01',"
                " benefit_end = '2024-12-31' WHERE state = 'PENDING_PAYMENT'",
            ),
            *_in("quota", "UPDATE village_counter SET enrolled = enrolled + 1 WHERE region = '411521102201'"),
        ),
    ),
    Fraud(
        "cover begins earlier than it may",
        "COVER_AS_PRICED",
        _in("registration", "UPDATE enrolment SET benefit_start = '2023-10-09' WHERE paid_fen = 18000"),
    ),
    Fraud(
        "a wait removed",
        "COVER_AS_PRICED",
        _in(
            "subsidy",
            "UPDATE pricing SET schedule = jsonb_set(jsonb_set(schedule::jsonb, '{0,wait}',"
            ' \'{"code": "LATE", "days": 0, "months": 3}\'), \'{0,benefit,start}\', \'"DAY_AFTER_WAIT"\')::json'
            " WHERE id = (SELECT pricing_id FROM enrolment WHERE paid_on IS NOT NULL ORDER BY id LIMIT 1)",
        ),
    ),
    Fraud(
        "another day of payment in registration",
        "PAID_AS_BILLED",
        _in("registration", "UPDATE enrolment SET paid_on = paid_on - 1 WHERE paid_fen = 18000"),
    ),
    Fraud(
        "another channel in registration",
        "PAID_AS_BILLED",
        _in("registration", "UPDATE enrolment SET channel = 'VILLAGE_CASH' WHERE paid_fen = 18000"),
    ),
    Fraud(
        "a receipt and its bill backdated",
        "MOVED_FOR_A_REASON",
        _in(
            "payment",
            "UPDATE cash_receipt SET received_on = '2023-10-01' WHERE receipt_no = 'R1-0'",
            "UPDATE bill SET paid_on = '2023-10-01'"
            " WHERE paid_by = (SELECT id FROM cash_receipt WHERE receipt_no = 'R1-0')",
        ),
    ),
    Fraud(
        "a payment of another time than its notice",
        "CHANNEL_WORD",
        _in("payment", "UPDATE payment SET paid_at = paid_at + interval '1 hour' WHERE amount_fen = 18000"),
    ),
    Fraud(
        "a strangers payment given to a friend",
        "PAID_AS_ORDERED",
        _in(
            "payment",
            "UPDATE payment_line SET enrolment_id = friend.enrolment_id, bill_id = friend.id FROM bill AS friend"
            f" WHERE friend.{_UNPAID_BILL} AND payment_line.amount_fen = 38000 AND payment_line.state = 'CREDITED'"
            " AND payment_line.region = '411521102201'",
            "UPDATE transfer SET enrolment_id = (SELECT enrolment_id FROM bill WHERE state = 'OPEN')"
            " WHERE credit = 'premium' AND kind = 'premium_received' AND region = '411521102201'",
        ),
    ),
    Fraud(
        "an invented transaction number",
        "CHANNEL_WORD",
        _in("payment", "UPDATE payment SET transaction_id = 'INVENTED' WHERE amount_fen = 18000"),
    ),
    Fraud(
        "a success of our order called another apps",
        "PAID_AS_ORDERED",
        _in(
            "payment",
            "UPDATE raw_notice SET state = 'QUARANTINED', reason = 'OTHER_APP' WHERE amount_fen = 18000",
            "DELETE FROM payment_line WHERE amount_fen = 18000",
            "DELETE FROM payment WHERE amount_fen = 18000",
        ),
    ),
    Fraud(
        "suspended money called refunded without the channels word",
        "CHANNEL_WORD",
        _in(
            "payment",
            "UPDATE suspense SET state = 'REFUNDED' WHERE reason = 'UNKNOWN_ORDER'",
            "INSERT INTO refund (id, suspense_id, refund_no, channel, merchant_id, transaction_id, amount_fen,"
            " paid_fen, reason, state, requested_on, approved_by, approved_on, refunded_on, region, actor,"
            " correlation_id)"
            " SELECT gen_random_uuid(), id, 'RINVENTED', channel, merchant_id, transaction_id, amount_fen, paid_fen,"
            " reason, 'PAID', suspended_on, 'x', suspended_on, suspended_on, region, actor, correlation_id"
            " FROM suspense WHERE reason = 'UNKNOWN_ORDER'",
        ),
    ),
    Fraud(
        "poor without a roster line",
        "IDENTITIES_CERTIFIED",
        _in("subsidy", "DELETE FROM roster_line WHERE identity = 'DIBAO'"),
    ),
    Fraud(
        "a roster line withdrawn before it counted",
        "IDENTITIES_CERTIFIED",
        _in(
            "subsidy",
            "UPDATE roster_line SET withdrawn_on = certified_on - 1, withdrawal_reason = 'x', withdrawn_by = 'x'"
            " WHERE identity = 'DIBAO'",
        ),
    ),
    Fraud(
        "another certificate everywhere",
        "SAID_AS_STORED",
        (
            *_in("payment", "UPDATE remittance_batch SET certificate_no = 'FALSE' WHERE certificate_no IS NOT NULL"),
            *_in("registration", "UPDATE enrolment SET certificate_no = 'FALSE' WHERE certificate_no IS NOT NULL"),
        ),
    ),
    Fraud(
        "another day in the treasury everywhere",
        "MOVED_FOR_A_REASON",
        (
            *_in(
                "payment",
                "UPDATE remittance_batch SET received_on = received_on - 1 WHERE received_on IS NOT NULL",
                "UPDATE transfer SET effective_on = effective_on - 1 WHERE kind = 'received_in_treasury'",
            ),
            *_in(
                "registration",
                "UPDATE enrolment SET in_treasury_on = in_treasury_on - 1 WHERE in_treasury_on IS NOT NULL",
            ),
        ),
    ),
    Fraud(
        "the funders shares forgotten",
        "MONEY_HAS_A_SOURCE",
        (
            *_in("payment", f"DELETE FROM transfer WHERE credit = 'aided' AND enrolment_id = {_AIDED}"),
            *_in("registration", "UPDATE enrolment SET aided_fen = 0 WHERE paid_fen = 18000"),
        ),
    ),
    Fraud(
        "paid orders cancelled",
        "PAID_AS_ORDERED",
        _in("payment", "UPDATE payment_order SET state = 'CANCELLED' WHERE state = 'CONFIRMED'"),
    ),
    Fraud(
        "orders of one fen",
        "PAID_AS_ORDERED",
        _in("payment", "UPDATE payment_order SET amount_fen = 1", "UPDATE order_line SET amount_fen = 1"),
    ),
    Fraud(
        "an unexplained bank line deleted",
        "SEALS_CONTENT",
        _in("payment", "DELETE FROM bank_line WHERE reference = 'WHOSE'"),
    ),
    Fraud(
        "a person moved to another village with all money",
        "SAID_AS_STORED",
        (
            *_moved("payment", "bill order_line payment_line transfer remittance_line", f"enrolment_id = {_AIDED}"),
            *_in("payment", f"UPDATE payment_order SET region = {_OTHER_VILLAGE} WHERE amount_fen = 18000"),
            *_in("payment", f"UPDATE payment SET region = {_OTHER_VILLAGE} WHERE amount_fen = 18000"),
            *_moved("registration", "enrolment", "paid_fen = 18000"),
            *_in("quota", f"UPDATE village_counter SET region = {_OTHER_VILLAGE} WHERE region = '411521102201'"),
        ),
    ),
    Fraud(
        "deposits booked under another batch",
        "MOVED_FOR_A_REASON",
        _in(
            "payment",
            "UPDATE transfer SET batch_id = (SELECT id FROM remittance_batch WHERE kind = 'ONLINE')"
            " WHERE kind = 'deposit_matched'",
        ),
    ),
    Fraud(
        "the channels words on refunds deleted",
        "CHANNEL_WORD",
        _in("payment", "DELETE FROM raw_notice WHERE kind = 'REFUND'"),
    ),
    Fraud(
        "an event that never comes",
        "SAID_AS_STORED",
        (
            *_in("payment", "DELETE FROM outbox WHERE event = 'payment.certificate_issued.v1'"),
            *_in(
                "payment",
                "UPDATE aggregate SET seq = seq - 1 WHERE id IN (SELECT enrolment_id FROM remittance_line AS l"
                " JOIN remittance_batch AS b ON b.id = l.batch_id WHERE b.certificate_no IS NOT NULL)",
            ),
        ),
    ),
    Fraud(
        "a break hidden by one invented event",
        "SAID_AS_STORED",
        (
            *_in("registration", "UPDATE enrolment SET state = 'PENDING_PAYMENT' WHERE paid_fen = 18000"),
            *_in(
                "payment",
                "INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, benefit_year, actor, service,"
                " correlation_id, payload) SELECT gen_random_uuid(), lane, topic, key, (SELECT seq + 1 FROM aggregate"
                " WHERE aggregate.id = outbox.key), event, region, benefit_year, actor, service, correlation_id,"
                " jsonb_set(payload::jsonb, '{paid_on}', '\"2023-10-07\"')::json FROM outbox"
                f" WHERE event = 'payment.contribution_paid.v1' AND key = {_AIDED}",
                f"UPDATE aggregate SET seq = seq + 1 WHERE id = {_AIDED}",
            ),
        ),
    ),
    Fraud(
        "a bill backdated by the services login",
        "MONEY_HAS_A_SOURCE",
        _in("payment", "UPDATE bill SET paid_on = paid_on - 1 WHERE due_fen = 18000"),
        service=True,
    ),
    Fraud(
        "cover lengthened by the services login",
        "COVER_AS_PRICED",
        _in("registration", "UPDATE enrolment SET benefit_end = benefit_end + 365 WHERE paid_fen = 18000"),
        service=True,
    ),
)
