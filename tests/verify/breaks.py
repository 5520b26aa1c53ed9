"""Ways in which an installation could be broken behind its back, each with the check that must find it."""

from tests.verify.break_form import Break
from tests.verify.breaks_between_rows import BETWEEN_ROWS

_COLUMNS = (
    "idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token, benefit_year, batch_id,"
    " effective_on, caused_by, region, actor, correlation_id"
)


def _delete_one(table: str, condition: str) -> str:
    return f"DELETE FROM {table} WHERE id = (SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT 1)"


def _update_one(table: str, changes: str, condition: str) -> str:
    return f"UPDATE {table} SET {changes} WHERE id = (SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT 1)"


def _copied(kind: str, /, **changes: str) -> str:
    columns = ", ".join(dict.fromkeys((*_COLUMNS.split(", "), *changes)))
    values = ", ".join(changes.get(column, column) for column in columns.split(", "))
    return (
        f"INSERT INTO transfer (id, {columns}) SELECT gen_random_uuid(), {values} FROM transfer"
        f" WHERE kind = '{kind}' ORDER BY id LIMIT 1"
    )


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


_SEALED_BY_SOMEBODY = (
    "INSERT INTO sealed_block SELECT table_name, block + 1, form, last_written_by, last_id, last_written_by,"
    " gen_random_uuid(), 1, content, hash, content, sealed_at FROM sealed_block WHERE table_name = 'transfer'"
    " ORDER BY block DESC LIMIT 1"
)

_PURGED_ROWS = (
    "DELETE FROM outbox WHERE (written_by, id) <= (SELECT last_written_by, last_id FROM sealed_block"
    " WHERE table_name = 'outbox' AND block = 1)"
)


def _approved_reversal(subject: str) -> str:
    """The rows that two people leave behind who approved the reversal of a deposit's line."""
    return _approved("reverse_bank_line", subject)


def _approved(act: str, subject: str) -> str:
    """The rows that two people leave behind who approved something about a deposit's line."""
    return (
        "INSERT INTO approval (id, act, subject, region, body, reason, proposed_by, proposed_on, expires_on, state,"
        " decided_by, decided_on, decided_at, correlation_id)"
        f" SELECT gen_random_uuid(), '{act}', {subject}, region, '{{}}', 'x', 'bank', booked_on, booked_on,"
        " 'APPROVED', 'tax', booked_on, now(), correlation_id"
        " FROM bank_line WHERE kind = 'DEPOSIT'"
    )


# Somebody wrote that two people closed the first notice.
_APPROVED_CLOSING = (
    "INSERT INTO approval (id, act, subject, region, body, reason, proposed_by, proposed_on, expires_on, state,"
    " decided_by, decided_on, decided_at, correlation_id)"
    " SELECT gen_random_uuid(), 'close_notice', id, region, '{}', 'x', 'clerk', '2023-10-08', '2023-10-08', 'APPROVED',"
    " 'checker', '2023-10-08', now(), correlation_id FROM raw_notice ORDER BY id LIMIT 1"
)

_ALIKE_RECEIPTS = (
    "UPDATE cash_receipt SET receipt_no = (SELECT lower(min(receipt_no)) FROM cash_receipt)"
    " WHERE receipt_no = (SELECT max(receipt_no) FROM cash_receipt)"
)
_RESOLVED_BY_NOBODY = (
    "INSERT INTO document_look_alike (kind, document_id, number, beside_id, beside_number, region, resolved_by)"
    " SELECT 'CERTIFICATE', id::text, 'ws-1', id::text, 'WS-1', region, gen_random_uuid() FROM remittance_batch LIMIT 1"
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
        "a transfer of which another account is said",
        "SEALS_CONTENT",
        "payment",
        (_update_one("transfer", "person_token = 'somebody else'", "kind = 'premium_received'"),),
        query="_CONTENT",
    ),
    Break(
        "an envelope replaced by another",
        "SEALS_CONTENT",
        "payment",
        (_update_one("raw_notice", "envelope = '\\x00'", "kind = 'PAYMENT'"),),
    ),
    Break(
        "an announced amount changed",
        "SEALS_CONTENT",
        "subsidy",
        (_update_one("outbox", "payload = '{}'::json", "true"),),
    ),
    Break("an event sealed and deleted", "SEALS_CONTENT", "quota", (_delete_one("outbox", "true"),)),
    Break(
        "a transfer slipped in among sealed ones",
        "SEALS_CONTENT",
        "payment",
        (_copied("premium_received", idempotency_key="'slipped in'", written_by="written_by"),),
    ),
    Break(
        "a block of another content",
        "SEALS_CHAIN",
        "payment",
        ("UPDATE sealed_block SET content = sha256(content) WHERE table_name = 'transfer' AND block = 1",),
    ),
    Break(
        "blocks missing before the first that stands there",
        "SEALS_CHAIN",
        "registration",
        ("UPDATE sealed_block SET block = block + 1000, previous = sha256(previous) WHERE table_name = 'outbox'",),
    ),
    Break("a block invented", "SEALS_CHAIN", "payment", (_SEALED_BY_SOMEBODY,)),
    Break(
        "blocks no longer append-only",
        "SEALS_CHAIN",
        "quota",
        ("ALTER TABLE sealed_block DISABLE TRIGGER sealed_block_append_only",),
        query="_REWRITABLE",
    ),
    Break(
        "a service allowed to rewrite its blocks",
        "SEALS_CHAIN",
        "subsidy",
        ("GRANT UPDATE ON sealed_block TO subsidy_app",),
    ),
    Break(
        "a block purged before its time",
        "SEALS_PURGED",
        "subsidy",
        (
            _PURGED_ROWS,
            "INSERT INTO purged_block VALUES ('outbox', 1, now())",
        ),
        query="_PURGED",
    ),
    Break(
        "the books purged",
        "SEALS_PURGED",
        "payment",
        ("INSERT INTO purged_block VALUES ('transfer', 1, now() + interval '31 days')",),
    ),
    Break(
        "rows of a purged block",
        "SEALS_CONTENT",
        "payment",
        ("INSERT INTO purged_block VALUES ('outbox', 1, now() + interval '31 days')",),
    ),
    Break(
        "rows that nobody seals",
        "SEALS_CURRENT",
        "payment",
        (_copied("premium_received", idempotency_key="'unsealed'", recorded_at="now() - interval '11 minutes'"),),
        query="_UNSEALED",
    ),
    Break(
        "rows of a transaction that has not begun",
        "SEALS_CURRENT",
        "payment",
        (_copied("premium_received", idempotency_key="'tomorrow'", written_by="'9223372036854775807'::xid8"),),
    ),
    Break(
        "a transfer deleted",
        "BOOKS_EQUATION",
        "payment",
        (_delete_one("transfer", "kind = 'premium_received' AND amount_fen = 38000"),),
        38_000,
        query="_EQUATION",
    ),
    Break(
        "a remittance booked on another day",
        "BOOKS_EQUATION",
        "payment",
        (_update_one("transfer", "effective_on = effective_on + 1", "kind = 'remitted'"),),
    ),
    Break(
        "a refund that moved no money",
        "BOOKS_EQUATION",
        "payment",
        ("DELETE FROM transfer WHERE kind = 'refunded'",),
        38_000 * 2,
    ),
    Break(
        "a sum that was forged",
        "BOOKS_SUMS",
        "payment",
        (
            (
                "INSERT INTO transfer_sum AS s VALUES ('411521101201', 2024, 'premium_received', 'channel:WECHAT',"
                " 'premium', 1, 1) ON CONFLICT (region, benefit_year, kind, debit, credit)"
                " DO UPDATE SET fen = s.fen + 1"
            ),
        ),
        1,
        query="_SUMS",
    ),
    Break(
        "a transfer slipped in below the horizon",
        "BOOKS_SUMS",
        "payment",
        (
            "UPDATE transfer_horizon SET below = greatest(below, '1'::xid8)",
            _copied("premium_received", idempotency_key="'forged'", written_by="'0'::xid8"),
        ),
    ),
    Break(
        "an impossible posting",
        "BOOKS_POSTINGS",
        "payment",
        (_update_one("transfer", "credit = 'treasury'", "kind = 'receipt_taken'"),),
    ),
    Break(
        "the append-only trigger switched off",
        "BOOKS_POSTINGS",
        "payment",
        ("ALTER TABLE transfer DISABLE TRIGGER transfer_append_only",),
        query="_APPEND_ONLY",
    ),
    Break(
        "the service allowed to rewrite the books",
        "BOOKS_POSTINGS",
        "payment",
        ("GRANT UPDATE ON transfer TO payment_app",),
    ),
    Break(
        "one key posted twice",
        "BOOKS_POSTINGS",
        "payment",
        ("ALTER TABLE transfer DROP CONSTRAINT transfer_idempotency_key_key", _copied("settled")),
        query="_TRANSFERS",
    ),
    Break(
        "money received in the treasury twice",
        "BOOKS_POSTINGS",
        "payment",
        (_copied("received_in_treasury", idempotency_key="'again'"),),
        query="_BALANCES",
    ),
    Break(
        "suspended money that shrank",
        "BOOKS_ACCOUNTS",
        "payment",
        ("UPDATE suspense SET amount_fen = amount_fen - 1 WHERE reason = 'UNKNOWN_ORDER'",),
        1,
        query="_ACCOUNTS",
    ),
    Break(
        "cash never deposited after all",
        "BOOKS_ACCOUNTS",
        "payment",
        ("UPDATE cash_receipt SET state = 'USED', deposited_on = NULL WHERE receipt_no = 'R1-0'",),
    ),
    Break(
        "a bill marked unpaid",
        "BOOKS_ACCOUNTS",
        "payment",
        (
            _update_one(
                "bill",
                "state = 'OPEN', row_no = NULL, due_fen = NULL, aided_fen = NULL, paid_on = NULL, paid_through = NULL,"
                " paid_by = NULL",
                "state = 'PAID' AND due_fen = 38000",
            ),
        ),
        38_000,
    ),
    Break(
        "a channel success without payment",
        "CHANNEL_SUCCESSES",
        "payment",
        (_delete_one("payment", "amount_fen = 38000"),),
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
        (_copied("premium_received", idempotency_key="'again'"),),
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
        (_delete_one("transfer", "kind = 'settled' AND amount_fen = 18000"),),
        18_000,
        query="_SETTLED",
    ),
    Break(
        "a fee kept back by the channel",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE bank_line SET amount_fen = amount_fen - 60 WHERE kind = 'SETTLEMENT'",),
        60,
        query="_PAYOUTS",
    ),
    Break(
        "money for a day before the first bill that nobody paid",
        "BANK_STATEMENT",
        "payment",
        (
            (
                "INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, part,"
                " declared_fen, actor, correlation_id) SELECT '01900000-0000-7000-8000-000000000009', region, kind,"
                " 'CLOSED_EMPTY', channel, merchant_id, '2023-10-07', 1, 60, actor, correlation_id"
                " FROM remittance_batch WHERE kind = 'ONLINE' LIMIT 1"
            ),
            (
                "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, batch_id,"
                " region, actor, correlation_id) SELECT gen_random_uuid(), 'B-FORGED', 1, booked_on, kind, reference,"
                " 60, '01900000-0000-7000-8000-000000000009', region, actor, correlation_id"
                " FROM bank_line WHERE kind = 'SETTLEMENT' LIMIT 1"
            ),
        ),
        60,
        query="_SETTLEMENTS",
    ),
    Break(
        "a difference closed by nobody",
        "BANK_STATEMENT",
        "payment",
        (
            (
                "INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, happened_at, owner, since,"
                " state, closed_because, closed_on, closed_by, region, actor, correlation_id)"
                " SELECT gen_random_uuid(), 4, 'PAYMENT', channel, merchant_id, now(), 'OFFICE', '2023-10-09',"
                " 'CLOSED', 'DECIDED', '2023-10-09', gen_random_uuid(), region, actor, correlation_id"
                " FROM payout LIMIT 1"
            ),
        ),
        query="_DIFFERENCES_CLOSED",
    ),
    Break(
        "a payment attributed to a day by nobody",
        "BANK_STATEMENT",
        "payment",
        (
            (
                "UPDATE payment_line l SET attributed_to = p.paid_on, attributed_by = gen_random_uuid() FROM payment p"
                " WHERE p.id = l.payment_id AND l.settled_on IS NOT NULL"
            ),
        ),
        query="_COUNTED",
    ),
    Break(
        "a deposit larger than its receipts",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE bank_line SET amount_fen = amount_fen + 100 WHERE kind = 'DEPOSIT'",),
        100,
        query="_DEPOSITS",
    ),
    Break(
        "a bank line reversed under another line's approval",
        "BANK_STATEMENT",
        "payment",
        (
            _approved_reversal("'another'"),
            "UPDATE bank_line SET reversed_on = booked_on, reversed_by = a.id FROM approval a WHERE kind = 'DEPOSIT'",
        ),
    ),
    Break(
        "an approved reversal whose line still counts",
        "BANK_STATEMENT",
        "payment",
        (_approved_reversal("id"),),
        query="_REVERSED",
    ),
    Break(
        "a short deposit that two people accepted and nobody owes",
        "BANK_STATEMENT",
        "payment",
        (_approved("accept_short_deposit", "batch_id"),),
        query="_ACCEPTED",
    ),
    Break(
        "a payout released by nobody",
        "BANK_STATEMENT",
        "payment",
        ("UPDATE payout SET released_by = gen_random_uuid()",),
        query="_RELEASED",
    ),
    Break(
        "money that a collector owes for no receipt",
        "MOVED_FOR_A_REASON",
        "payment",
        (
            _copied(
                "deposit_matched",
                idempotency_key="'deposit_short:forged'",
                kind="'deposit_short'",
                debit="'collector_short'",
                amount_fen="1",
            ),
        ),
        1,
        query="_OWED",
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
        "an enrolment set PAID",
        "PAID_MEANS_CREDITED",
        "registration",
        (
            (
                "UPDATE enrolment SET state = 'PAID', paid_basis = 'CONTRIBUTION', paid_on = '2023-10-08',"
                " paid_fen = 38000, due_fen = 38000, aided_fen = 0 WHERE state = 'PENDING_PAYMENT'"
            ),
        ),
        38_000,
    ),
    Break(
        "an enrolment's payment forgotten",
        "PAID_MEANS_CREDITED",
        "registration",
        (_update_one("enrolment", "state = 'PENDING_PAYMENT'", "paid_fen = 18000"),),
    ),
    Break(
        "a paid enrolment in another village",
        "PAID_MEANS_CREDITED",
        "registration",
        ("UPDATE enrolment SET region = '411521102299' WHERE paid_fen = 18000",),
    ),
    Break(
        "one person enrolled twice",
        "ONE_ENROLMENT_PER_PERSON",
        "registration",
        (
            "DROP INDEX enrolment_one_live_per_person_and_year",
            (
                "UPDATE enrolment SET person_token = (SELECT person_token FROM enrolment WHERE paid_fen = 18000)"
                " WHERE state = 'PENDING_PAYMENT'"
            ),
        ),
        query="_TWICE",
    ),
    Break(
        "an unpaid person covered",
        "ONE_ENROLMENT_PER_PERSON",
        "registration",
        (
            (
                "UPDATE enrolment SET benefit_start = '2024-01-01', benefit_end = '2024-12-31'"
                " WHERE state = 'PENDING_PAYMENT'"
            ),
        ),
        query="_COVER",
    ),
    Break(
        "an assessment that registration never saw",
        "ASSESSMENTS_KNOWN",
        "registration",
        ("UPDATE enrolment SET assessment_version = 7 WHERE state = 'PENDING_PAYMENT'",),
    ),
    Break(
        "a bill that vanished",
        "ASSESSMENTS_KNOWN",
        "payment",
        ("DELETE FROM bill WHERE state = 'OPEN'",),
    ),
    Break(
        "an assessment that vanished",
        "ASSESSMENTS_KNOWN",
        "subsidy",
        ("DELETE FROM assessment WHERE enrolment_id = (SELECT min(enrolment_id::text)::uuid FROM assessment)",),
    ),
    Break(
        "aid of another amount",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE transfer SET amount_fen = 19000 WHERE kind = 'aid_earned' AND amount_fen = 20000",),
        1_000,
    ),
    Break(
        "aid of another funder",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE transfer SET debit = 'funder:nobody' WHERE kind = 'aid_earned' AND amount_fen = 38000",),
    ),
    Break(
        "a bill of another due",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE bill SET due_fen = 17000 WHERE due_fen = 18000",),
        1_000,
    ),
    Break(
        "an open bill of an old version",
        "AID_AS_ASSESSED",
        "payment",
        ("UPDATE bill SET version = 9 WHERE state = 'OPEN'",),
    ),
    Break(
        "a line in the treasury whose batch is on its way",
        "REMITTED_ONCE",
        "payment",
        ("UPDATE remittance_line SET place = 'TREASURY' WHERE receipt_no = 'R1-0'",),
        38_000,
    ),
    Break(
        "a line whose remittance was not booked",
        "REMITTED_ONCE",
        "payment",
        (_delete_one("transfer", "kind = 'remitted' AND amount_fen = 18000"),),
        18_000,
        query="_BOOKED",
    ),
    Break(
        "one receipt on its way twice",
        "REMITTED_ONCE",
        "payment",
        (
            "DROP INDEX remittance_line_once",
            (
                "INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region,"
                " amount_fen, place, actor, correlation_id)"
                " SELECT (SELECT id FROM remittance_batch WHERE kind = 'ONLINE'), enrolment_id, source_id,"
                " person_token, benefit_year, region, amount_fen, 'TREASURY', actor, correlation_id"
                " FROM remittance_line WHERE receipt_no = 'R1-0'"
            ),
        ),
    ),
    Break(
        "a line without credited money",
        "REMITTED_ONCE",
        "payment",
        ("UPDATE remittance_line SET source_id = gen_random_uuid() WHERE receipt_no = 'R1-1'",),
        38_000,
        query="_SOURCES",
    ),
    Break(
        "one certificate for two batches",
        "REMITTED_ONCE",
        "payment",
        (
            "ALTER TABLE remittance_batch DROP CONSTRAINT remittance_batch_certificate_no_key",
            "DROP INDEX remittance_batch_certificate_form",
            (
                "UPDATE remittance_batch SET state = 'CERTIFICATE_ISSUED', received_on = '2023-10-11',"
                " certificate_no = 'WS-1', certificate_issued_on = '2023-10-11' WHERE kind = 'ENTRUSTED_CASH'"
            ),
        ),
    ),
    Break(
        "a batch larger than its lines",
        "REMITTED_ONCE",
        "payment",
        ("UPDATE remittance_batch SET amount_fen = amount_fen + 1 WHERE kind = 'ENTRUSTED_CASH'",),
        1,
        query="_BATCHES",
    ),
    Break(
        "a certificate that registration never saw",
        "TREASURY_KNOWN",
        "registration",
        ("UPDATE enrolment SET certificate_no = NULL WHERE paid_fen = 18000",),
    ),
    Break(
        "premium under no township",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        ("UPDATE transfer SET region = '411521' WHERE kind = 'premium_received' AND amount_fen = 18000",),
    ),
    Break(
        "money without a home that nobody names",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        ("DELETE FROM suspense WHERE reason = 'UNKNOWN_ORDER'",),
        38_000,
        query="_UNNAMED",
    ),
    Break(
        "a counter changed",
        "COUNTERS_RECOMPUTED",
        "quota",
        ("UPDATE village_counter SET enrolled = enrolled - 1 WHERE region = '411521101201'",),
    ),
    Break(
        "cash owed back for a receipt that was imported",
        "CASH_GIVEN_BACK",
        "payment",
        (
            (
                "INSERT INTO cash_refund (receipt_id, region, recalled_on, actor, correlation_id) SELECT id, region,"
                " deposited_on, actor, correlation_id FROM cash_receipt WHERE state = 'WRITTEN_OFF' ORDER BY id LIMIT 1"
            ),
        ),
        query="_OWED",
    ),
    Break(
        "income of nobody",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        (_update_one("transfer", "enrolment_id = NULL", "kind = 'premium_received' AND amount_fen = 18000"),),
        18_000,
        "_HOMELESS_INCOME",
    ),
    Break(
        "a bill that wandered to another village",
        "MONEY_HAS_A_TOWNSHIP",
        "payment",
        ("UPDATE bill SET region = '411521102299' WHERE due_fen = 18000",),
        query="_WANDERING",
    ),
    Break(
        "cash given back that moved no money",
        "CASH_GIVEN_BACK",
        "payment",
        (
            "UPDATE cash_receipt SET state = 'RECALLED', recall_reason = 'ALREADY_PAID' WHERE receipt_no = 'R1-0'",
            (
                "INSERT INTO cash_refund (receipt_id, region, recalled_on, approved_on, approved_by, fetched_on,"
                " fetched_by, actor, correlation_id) SELECT id, region, received_on, received_on, 'x', received_on,"
                " 'x', actor, correlation_id FROM cash_receipt WHERE receipt_no = 'R1-0'"
            ),
            (
                "INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id,"
                " person_token, benefit_year, batch_id, effective_on, caused_by, region, actor, correlation_id)"
                " SELECT id, 'x', 'import_failed', 'unapplied', 'refund_payable', amount_fen, enrolment_id,"
                " person_token, benefit_year, batch_id, received_on, id, region, actor, correlation_id"
                " FROM cash_receipt WHERE receipt_no = 'R1-0'"
            ),
        ),
        38_000,
        "_MOVED",
    ),
    Break(
        "somebody called refunded who brought no cash",
        "CASH_GIVEN_BACK",
        "registration",
        ("UPDATE enrolment SET state = 'IMPORT_FAILED_REFUNDED' WHERE state = 'PENDING_PAYMENT'",),
        query="_STATES",
    ),
    Break(
        "an enrolment paid with less than it owed",
        "PAID_MEANS_CREDITED",
        "registration",
        ("UPDATE enrolment SET due_fen = due_fen + 1 WHERE paid_fen = 18000",),
        1,
        "_BASIS",
    ),
    Break(
        "a payment larger than its lines",
        "PAYMENTS_BOOKED",
        "payment",
        ("UPDATE payment SET amount_fen = 18001 WHERE amount_fen = 18000",),
        1,
        "_PAYMENTS",
    ),
    Break(
        "a batch called back whose lines stayed on their way",
        "REMITTED_ONCE",
        "payment",
        (
            (
                "UPDATE remittance_batch SET state = 'RETURNED', returned_on = remitted_on, return_reason = 'x'"
                " WHERE kind = 'ENTRUSTED_CASH'"
            ),
        ),
        query="_PLACES",
    ),
    Break(
        "a counter lost",
        "COUNTERS_RECOMPUTED",
        "quota",
        ("DELETE FROM village_counter WHERE region = '411521102201'",),
    ),
    Break(
        "targets that no longer sum",
        "TARGETS_SUM",
        "quota",
        ("UPDATE town_target SET target = target + 1 WHERE region = '411521101'",),
        query="_TARGETS",
    ),
    Break(
        "an event lost from the outbox",
        "EVENTS_CONTIGUOUS",
        "payment",
        (_delete_one("outbox", "event = 'payment.contribution_paid.v1'"),),
        query="_CONTIGUOUS",
    ),
    Break(
        "an event announced out of turn",
        "EVENTS_CONTIGUOUS",
        "payment",
        (_update_one("outbox", "published_at = NULL", "event = 'payment.contribution_paid.v1'"),),
        query="_OVERTAKEN",
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
        "an event of an epoch that never began",
        "EVENTS_CONTIGUOUS",
        "payment",
        (_update_one("outbox", "epoch = 2", "event = 'payment.contribution_paid.v1'"),),
        query="_EPOCHS",
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
        "lines that are said to be on their way, and are not there",
        "REMITTED_ONCE",
        "payment",
        (
            (
                "UPDATE remittance_move SET lines_left = 99"
                " WHERE step_id = (SELECT step_id FROM remittance_move ORDER BY step_id LIMIT 1)"
            ),
        ),
        query="_MOVING",
    ),
    *BETWEEN_ROWS,
    Break(
        "a payment settled before it was paid",
        "CHRONOLOGY",
        "payment",
        (_update_one("payment_line", "settled_on = '2023-10-01'", "settled_on IS NOT NULL"),),
        query="_ONLINE_DAYS",
    ),
    Break(
        "cash deposited before it was received",
        "CHRONOLOGY",
        "payment",
        (_update_one("cash_receipt", "deposited_on = '2023-10-01'", "deposited_on IS NOT NULL"),),
        query="_CASH_DAYS",
    ),
    Break(
        "a batch remitted before its settlement day",
        "CHRONOLOGY",
        "payment",
        (
            _update_one(
                "remittance_batch", "settlement_day = '2099-01-01'", "remitted_on IS NOT NULL AND kind = 'ONLINE'"
            ),
        ),
        query="_BATCH_DAYS",
    ),
    Break(
        "a refund before its payment",
        "CHRONOLOGY",
        "payment",
        (_update_one("refund", "refunded_on = '2023-10-01'", "state = 'PAID'"),),
        query="_REFUND_DAYS",
    ),
    Break(
        "a receipt of long ago that nobody approved",
        "CHRONOLOGY",
        "payment",
        (
            "ALTER TABLE cash_receipt DROP CONSTRAINT cash_receipt_entered_in_time",
            _update_one("cash_receipt", "entered_on = '2024-03-20', entry_days = 30", "true"),
        ),
        query="_LATE_RECEIPTS",
    ),
    Break(
        "two receipts under numbers that look alike",
        "DOCUMENT_NUMBERS",
        "payment",
        (
            "DROP INDEX cash_receipt_form",
            _ALIKE_RECEIPTS,
        ),
        query="_ALIKE",
    ),
    Break(
        "numbers resolved by nobody",
        "DOCUMENT_NUMBERS",
        "payment",
        (
            "ALTER TABLE document_look_alike DROP CONSTRAINT document_look_alike_resolved_by_fkey",
            _RESOLVED_BY_NOBODY,
        ),
        query="_RESOLVED",
    ),
    Break(
        "a slip dated after the business date",
        "CLEARING_AGE",
        "payment",
        ("UPDATE deposit_slip SET deposited_on = '2199-01-01'",),
        query="_FUTURE",
    ),
)
