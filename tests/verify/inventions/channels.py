"""Frauds with what people pay through a channel."""

from tests.verify.inventions.invention import NOBODY, Invention, done_in

_APPROVAL = (
    "INSERT INTO approval (id, act, subject, region, body, reason, proposed_by, proposed_on, expires_on, state,"
    " decided_by, decided_on, decided_at, correlation_id)"
    " SELECT '01900000-0000-7000-8000-00000000aaaa', '{act}', {subject}, region, '{{}}', 'x', 'one', '2023-10-20',"
    " '2023-11-19', 'APPROVED', 'other', '2023-10-20', now(), correlation_id FROM {of}"
)

CHANNELS = (
    Invention(
        "a payment that the channel never took, invented whole with the services login",
        "CHANNEL_BILLS",
        done_in(
            "payment",
            "INSERT INTO payment_order (id, order_no, channel, merchant_id, appid, benefit_year, state, amount_fen,"
            " code_url, expires_at, opened_at, last_day, trade_type, region, actor, correlation_id)"
            " SELECT '01900000-0000-7000-8000-000000000001', 'FRIEND', channel, merchant_id, appid, benefit_year,"
            " 'CONFIRMED', 38000, code_url, expires_at, opened_at, last_day, trade_type, '411521102201', actor,"
            " correlation_id FROM payment_order LIMIT 1",
            "INSERT INTO order_line (order_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, open,"
            " region, actor, correlation_id) SELECT '01900000-0000-7000-8000-000000000001', id, enrolment_id,"
            " person_token, benefit_year, 38000, false, region, actor, correlation_id FROM bill WHERE state = 'OPEN'",
            "INSERT INTO raw_notice (id, channel, merchant_id, notify_id, source, envelope, serial, signed_at,"
            " event_type, kind, payee_merchant_id, payee_appid, order_no, transaction_id, outcome, amount_fen,"
            " currency, succeeded_at, state, region, actor, correlation_id)"
            " SELECT '01900000-0000-7000-8000-000000000002', channel, merchant_id, 'FRIEND', source, envelope, serial,"
            " signed_at, event_type, kind, payee_merchant_id, payee_appid, 'FRIEND', 'FRIEND', outcome, 38000,"
            " currency, succeeded_at, 'CREDITED', region, actor, correlation_id FROM raw_notice"
            " WHERE kind = 'PAYMENT' AND amount_fen = 18000",
            "INSERT INTO payment (id, channel, merchant_id, transaction_id, order_id, order_no, notice_id, amount_fen,"
            " paid_at, paid_on, region, actor, correlation_id)"
            " SELECT '01900000-0000-7000-8000-000000000003', channel, merchant_id, 'FRIEND',"
            " '01900000-0000-7000-8000-000000000001', 'FRIEND', '01900000-0000-7000-8000-000000000002', 38000, paid_at,"
            " paid_on, '411521102201', actor, correlation_id FROM payment WHERE amount_fen = 18000",
            "INSERT INTO payment_line (id, payment_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen,"
            " state, region, actor, correlation_id) SELECT '01900000-0000-7000-8000-000000000004',"
            " '01900000-0000-7000-8000-000000000003', id, enrolment_id, person_token, benefit_year, 38000, 'CREDITED',"
            " region, actor, correlation_id FROM bill WHERE state = 'OPEN'",
            "INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token,"
            " benefit_year, effective_on, caused_by, region, actor, correlation_id)"
            " SELECT gen_random_uuid(), 'friend', 'premium_received', 'channel:WECHAT', 'premium', 38000, enrolment_id,"
            " person_token, benefit_year, '2023-10-08', '01900000-0000-7000-8000-000000000002', region, actor,"
            " correlation_id FROM bill WHERE state = 'OPEN'",
            "UPDATE bill SET state = 'PAID', row_no = 0, due_fen = 38000, aided_fen = 0, paid_on = '2023-10-08',"
            " paid_through = 'WECHAT', paid_by = '01900000-0000-7000-8000-000000000004' WHERE state = 'OPEN'",
        ),
        service=True,
    ),
    Invention(
        "a line forged into the channels trade bill",
        "CHANNEL_BILLS",
        done_in(
            "payment",
            "INSERT INTO bill_trade_line (bill_id, line_no, kind, order_no, transaction_id, outcome, amount_fen,"
            " due_fen, happened_at, region) SELECT bill_id, line_no + 100, kind, order_no, transaction_id, outcome,"
            " amount_fen, due_fen, happened_at, region FROM bill_trade_line WHERE amount_fen = 18000",
            "UPDATE channel_bill SET line_count = line_count + 1 WHERE kind = 'TRADE' AND line_count > 0",
        ),
        service=True,
    ),
    Invention(
        "a trade line without a movement of the channels account",
        "CHANNEL_BILLS",
        done_in(
            "payment",
            "DELETE FROM bill_flow_line WHERE amount_fen = 18000",
            "UPDATE bill_flow_line SET balance_fen = balance_fen - 18000 WHERE line_no > 2 AND kind <> 'PAYOUT'",
            "UPDATE bill_flow_line SET amount_fen = amount_fen + 18000 WHERE kind = 'PAYOUT'",
            "UPDATE channel_bill SET line_count = line_count - 1 WHERE kind = 'FUND_FLOW' AND line_count > 1",
            "UPDATE payout SET amount_fen = amount_fen - 18000",
        ),
    ),
    Invention(
        "a suspended payment deleted with all its rows, sealed again",
        "CHANNEL_BILLS",
        done_in(
            "payment",
            "CREATE TEMPORARY TABLE gone AS SELECT p.id, p.notice_id, p.transaction_id FROM payment AS p"
            " WHERE p.order_no = 'NOSUCHORDER01'",
            "DELETE FROM transfer WHERE caused_by IN (SELECT notice_id FROM gone) OR caused_by IN (SELECT r.id FROM"
            " refund AS r JOIN gone USING (transaction_id)) OR idempotency_key IN (SELECT concat('settled:', l.id) FROM"
            " payment_line AS l JOIN gone ON gone.id = l.payment_id)",
            "DELETE FROM suspense WHERE transaction_id IN (SELECT transaction_id FROM gone)",
            "DELETE FROM payment_line WHERE payment_id IN (SELECT id FROM gone)",
            "DELETE FROM payment WHERE id IN (SELECT id FROM gone)",
            "DELETE FROM raw_notice WHERE transaction_id IN (SELECT transaction_id FROM gone)",
        ),
        sealed_again=True,
    ),
    Invention(
        "a refund that names another persons transaction",
        "MONEY_HAS_A_SOURCE",
        done_in(
            "payment",
            "UPDATE refund SET transaction_id = (SELECT transaction_id FROM payment WHERE amount_fen = 18000)",
            "UPDATE raw_notice SET transaction_id = (SELECT transaction_id FROM payment WHERE amount_fen = 18000)"
            " WHERE kind = 'REFUND' AND refund_no IS NOT NULL",
        ),
        sealed_again=True,
    ),
    Invention(
        "a refund called paid by the services login",
        "CHANNEL_WORD",
        done_in(
            "payment",
            "INSERT INTO refund (id, suspense_id, refund_no, attempt, channel, merchant_id, transaction_id,"
            " enrolment_id, benefit_year, amount_fen, paid_fen, reason, state, requested_on, approved_by, approved_on,"
            " refunded_on, region, actor, correlation_id)"
            " SELECT '01900000-0000-7000-8000-0000000000bb', id, 'R0190000000007000800000000000000bbT1', 1,"
            " channel, merchant_id, transaction_id, enrolment_id, benefit_year, amount_fen, paid_fen, reason, 'PAID',"
            " suspended_on, 'x', suspended_on, suspended_on, region, actor, correlation_id FROM suspense"
            " WHERE reason = 'UNKNOWN_ORDER'",
        ),
        service=True,
    ),
    Invention(
        "a payout called met for less than it was",
        "BANK_STATEMENT",
        done_in(
            "payment",
            "UPDATE payout SET amount_fen = amount_fen - 38000",
            "UPDATE bank_line SET amount_fen = amount_fen - 38000 WHERE kind = 'SETTLEMENT'",
            "UPDATE remittance_batch SET declared_fen = declared_fen - 38000, counted_fen = counted_fen - 38000"
            " WHERE kind = 'ONLINE'",
        ),
        sealed_again=True,
    ),
    Invention(
        "a payout moved to another batch by the services login",
        "BANK_STATEMENT",
        done_in(
            "payment",
            "UPDATE payout SET batch_id = (SELECT id FROM remittance_batch WHERE statement_no = 'S1')",
        ),
        service=True,
    ),
    Invention(
        "a difference explained away for money that the bank did not pay",
        "BANK_STATEMENT",
        done_in(
            "payment",
            "ALTER TABLE settlement_difference DROP CONSTRAINT settlement_difference_check4",
            "INSERT INTO settlement_difference (id, class, kind, channel, merchant_id, transaction_id, payout_id,"
            " bill_id, line_no, theirs_fen, owner, since, happened_at, state, closed_because, closed_on, region, actor,"
            " correlation_id) SELECT gen_random_uuid(), 4, 'PAYMENT', channel, merchant_id, 'NEVER', id, bill_id,"
            " line_no, 38000, 'OFFICE', '2023-10-09', now(), 'CLOSED', 'DECIDED', '2023-10-09', region, actor,"
            " correlation_id FROM payout",
        ),
    ),
    Invention(
        "a line attributed to another day by an approval that is another lines",
        "BANK_STATEMENT",
        done_in(
            "payment",
            _APPROVAL.format(
                act="attribute_settlement", subject="'WECHAT:1900000109:ANOTHER'", of="payout ORDER BY id LIMIT 1"
            ),
            "UPDATE payment_line SET attributed_to = '2023-10-09',"
            " attributed_by = '01900000-0000-7000-8000-00000000aaaa' WHERE amount_fen = 18000",
        ),
        service=True,
    ),
    Invention(
        "a line attributed to another day by an approval that the services login invented",
        NOBODY,
        done_in(
            "payment",
            _APPROVAL.format(
                act="attribute_settlement",
                subject="concat_ws(':', channel, merchant_id, transaction_id)",
                of="payment WHERE amount_fen = 18000",
            ),
            "UPDATE payment_line SET attributed_to = '2023-10-09',"
            " attributed_by = '01900000-0000-7000-8000-00000000aaaa' WHERE amount_fen = 18000",
        ),
        service=True,
    ),
)
