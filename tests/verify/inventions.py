"""Frauds that no list named: what a thief with a service's login, or the databases' administrator, would try.

Each says who must find it: a check, the anchor (`SEALS_ANCHOR`) where everything was sealed again, or nobody, with the
reason, which `docs/faults.md` repeats.
"""

from dataclasses import dataclass

# Nothing in the databases contradicts it; the reason stands beside the fraud.
NOBODY = "nobody"

_PAID = "(SELECT enrolment_id FROM bill WHERE due_fen = 18000)"
_UNPAID = "(SELECT enrolment_id FROM bill WHERE state = 'OPEN')"
_APPROVAL = (
    "INSERT INTO approval (id, act, subject, region, body, reason, proposed_by, proposed_on, expires_on, state,"
    " decided_by, decided_on, decided_at, correlation_id)"
    " SELECT '01900000-0000-7000-8000-00000000aaaa', '{act}', {subject}, region, '{{}}', 'x', 'one', '2023-10-20',"
    " '2023-11-19', 'APPROVED', 'other', '2023-10-20', now(), correlation_id FROM {of}"
)


@dataclass(frozen=True)
class Invention:
    """What is done in which databases, with whose login, whether all is sealed again after it, and who finds it."""

    name: str
    found_by: str
    done: tuple[tuple[str, str], ...]
    service: bool = False
    sealed_again: bool = False

    def __str__(self) -> str:
        """As it is called."""
        return self.name


def _in(database: str, *statements: str) -> tuple[tuple[str, str], ...]:
    return tuple((database, statement) for statement in statements)


INVENTIONS = (
    # Who is who.
    Invention(
        "the unpaid takes the name of the paid",
        "PAID_AS_BILLED",
        _in(
            "registration",
            "DROP INDEX enrolment_one_live_per_person_and_year",
            "UPDATE enrolment AS e SET person_token = o.person_token, document_number = o.document_number,"
            " person_name = o.person_name FROM enrolment AS o"
            " WHERE e.id <> o.id AND e.paid_fen IS NOT DISTINCT FROM CASE o.state WHEN 'PENDING_PAYMENT' THEN 18000 END"
            " AND (e.state = 'PENDING_PAYMENT' AND o.paid_fen = 18000 OR e.paid_fen = 18000 AND o.state ="
            " 'PENDING_PAYMENT')",
        ),
    ),
    Invention(
        "a stranger assessed in the place of a poor person",
        "ASSESSMENTS_KNOWN",
        _in(
            "subsidy",
            "UPDATE assessment SET person_token = 'stranger' WHERE identities::text LIKE '%DIBAO%'",
            "UPDATE roster_line SET person_token = 'stranger' WHERE identity = 'DIBAO'",
        ),
    ),
    Invention(
        "a roster line entered after the assessment that counts it",
        "IDENTITIES_CERTIFIED",
        _in("subsidy", "UPDATE roster_line SET recorded_at = now() WHERE identity = 'DIBAO'"),
    ),
    # Money of the channel.
    Invention(
        "a payment that the channel never took, invented whole with the services login",
        "CHANNEL_BILLS",
        _in(
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
        _in(
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
        _in(
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
        _in(
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
        _in(
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
        _in(
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
        _in(
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
        _in(
            "payment",
            "UPDATE payout SET batch_id = (SELECT id FROM remittance_batch WHERE statement_no = 'S1')",
        ),
        service=True,
    ),
    Invention(
        "a difference explained away for money that the bank did not pay",
        "BANK_STATEMENT",
        _in(
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
        _in(
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
        _in(
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
    # Village cash and the bank.
    Invention(
        "a matched deposit unmatched by the services login",
        "BANK_STATEMENT",
        _in("payment", "UPDATE bank_line SET batch_id = NULL WHERE reference = 'J1'"),
        service=True,
    ),
    Invention(
        "a slip withdrawn after it was matched",
        "MOVED_FOR_A_REASON",
        _in("payment", "UPDATE deposit_slip SET withdrawn = true WHERE slip_no = 'J1'"),
        service=True,
    ),
    Invention(
        "a receipt given to another person",
        "MONEY_HAS_A_SOURCE",
        _in(
            "payment",
            f"UPDATE cash_receipt SET enrolment_id = {_UNPAID} WHERE receipt_no = 'R1-0'",
            f"UPDATE transfer SET enrolment_id = {_UNPAID} WHERE enrolment_id = (SELECT enrolment_id FROM"
            " remittance_line WHERE receipt_no = 'R1-0')",
            f"UPDATE remittance_line SET enrolment_id = {_UNPAID} WHERE receipt_no = 'R1-0'",
        ),
        sealed_again=True,
    ),
    Invention(
        "cash of a receipt that is in the books given back to the village",
        "CASH_GIVEN_BACK",
        _in(
            "payment",
            "INSERT INTO cash_refund (receipt_id, region, recalled_on, approved_on, approved_by, fetched_on,"
            " fetched_by, returned_on, returned_by, signed_by, actor, correlation_id) SELECT id, region, '2023-10-09',"
            " '2023-10-20', 'bureau', '2023-10-20', 'clerk', '2023-10-20', 'clerk', 'SELF', actor, correlation_id"
            " FROM cash_receipt WHERE receipt_no = 'R1-0'",
            "INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token,"
            " benefit_year, batch_id, effective_on, caused_by, region, actor, correlation_id)"
            " SELECT gen_random_uuid(), v.kind, v.kind, v.debit, v.credit, amount_fen, enrolment_id, person_token,"
            " benefit_year, batch_id, '2023-10-20', id, region, actor, correlation_id FROM cash_receipt,"
            " (VALUES ('refund_cash_fetched', 'village_cash', 'pending'),"
            " ('refund_cash_signed_for', 'refund_payable', 'village_cash')) AS v (kind, debit, credit)"
            " WHERE receipt_no = 'R1-0'",
        ),
        service=True,
    ),
    Invention(
        "a second receipt of the same cash entered and not handed in",
        "BOOKS_EQUATION",
        _in(
            "payment",
            "INSERT INTO cash_receipt (id, receipt_no, enrolment_id, person_token, benefit_year, amount_fen,"
            " received_on, state, entered_on, entry_days, region, actor, correlation_id) SELECT gen_random_uuid(),"
            " 'R7-7', enrolment_id, person_token, benefit_year, amount_fen, received_on, 'USED', entered_on,"
            " entry_days, region, actor, correlation_id FROM cash_receipt WHERE receipt_no = 'R1-0'",
        ),
        service=True,
    ),
    Invention(
        "a deposit that the bank never booked, entered with the services login",
        NOBODY,
        _in(
            "payment",
            "INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, region, actor,"
            " correlation_id) SELECT gen_random_uuid(), 'B-X', 1, '2023-10-20', 'OTHER', 'INTEREST', 1, region, actor,"
            " correlation_id FROM bank_line WHERE reference = 'J1'",
        ),
        service=True,
    ),
    # The way to the treasury.
    Invention(
        "a batch called in the treasury while its lines follow it",
        "REMITTED_ONCE",
        _in(
            "payment",
            "UPDATE remittance_batch SET state = 'TREASURY_CONFIRMED', received_on = '2023-10-12'"
            " WHERE statement_no = 'S1'",
            "INSERT INTO remittance_step (id, batch_id, step, from_state, to_state, version, effective_on, facts,"
            " region, actor, correlation_id) SELECT '01ffffff-0000-7000-8000-000000000001', id, 'CONFIRM_TREASURY',"
            " 'REMITTED', 'TREASURY_CONFIRMED', 1, '2023-10-12', '{}', region, actor, correlation_id"
            " FROM remittance_batch WHERE statement_no = 'S1'",
            "INSERT INTO remittance_move (step_id, batch_id, step, lines_left, region, actor, correlation_id,"
            " recorded_at) SELECT '01ffffff-0000-7000-8000-000000000001', id, 'CONFIRM_TREASURY', line_count, region,"
            " actor, correlation_id, now() - interval '25 hours' FROM remittance_batch WHERE statement_no = 'S1'",
        ),
        service=True,
    ),
    Invention(
        "two lines of one batch exchange their amounts",
        "REMITTED_ONCE",
        _in(
            "payment",
            "UPDATE remittance_line SET amount_fen = CASE amount_fen WHEN 18000 THEN 38000 ELSE 18000 END"
            f" WHERE enrolment_id = {_PAID} OR enrolment_id = (SELECT min(enrolment_id::text)::uuid FROM"
            " remittance_line WHERE receipt_no IS NULL AND amount_fen = 38000)",
        ),
    ),
    Invention(
        "the collection notices serial exchanged for an invented one by the services login",
        NOBODY,
        _in(
            "payment",
            "UPDATE remittance_batch SET collection_notice_serial = 'INVENTED' WHERE statement_no = 'S1'",
        ),
        service=True,
    ),
    # Enrolments and counters.
    Invention(
        "a paid enrolment ended by registrations login to free the person",
        "PAID_AS_BILLED",
        _in("registration", "UPDATE enrolment SET state = 'TERMINATED' WHERE paid_fen = 18000"),
        service=True,
    ),
    Invention(
        "a villages figures moved to the next by quotas login",
        "COUNTERS_RECOMPUTED",
        _in(
            "quota",
            "UPDATE village_counter SET enrolled = enrolled + CASE region WHEN '411521101201' THEN -1 ELSE 1 END",
        ),
        service=True,
    ),
    Invention(
        "a target lowered with the total that the notice declares",
        "SAID_AS_STORED",
        _in(
            "quota",
            "UPDATE town_target SET target = target - 1 WHERE region = '411521101'",
            "UPDATE target_set SET declared_total = declared_total - 1",
        ),
    ),
    # Events.
    Invention(
        "an enrolment called paid whose event is on its way since long ago",
        "PAID_MEANS_CREDITED",
        (
            *_in(
                "registration",
                "ALTER TABLE enrolment DROP CONSTRAINT enrolment_paid_whole_check",
                "UPDATE enrolment SET state = 'PENDING_PAYMENT', paid_basis = NULL WHERE paid_fen = 18000",
                "UPDATE cursor SET seq = 1, last_event_id = NULL WHERE publisher = 'payment' AND aggregate_id ="
                " (SELECT id FROM enrolment WHERE paid_fen = 18000)",
            ),
            *_in("payment", "UPDATE outbox SET recorded_at = recorded_at - interval '2 days'"),
        ),
        sealed_again=True,
    ),
    Invention(
        "events called those of a later epoch",
        "EVENTS_CONTIGUOUS",
        _in(
            "payment",
            "INSERT INTO epoch (epoch, began_by, because, restored_to) VALUES (2, 'x', 'x', now())",
            "INSERT INTO outbox_moved (id, epoch) SELECT id, 2 FROM outbox WHERE event LIKE '%contribution_paid%'",
        ),
    ),
    # The seals themselves.
    Invention(
        "a books line rewritten and everything sealed again",
        "SEALS_ANCHOR",
        _in("payment", "UPDATE transfer SET actor = 'innocent', correlation_id = gen_random_uuid()"),
        sealed_again=True,
    ),
    Invention(
        "a bank lines account rewritten and everything sealed again",
        "SEALS_ANCHOR",
        _in("payment", "UPDATE bank_line SET account = 'mine'"),
        sealed_again=True,
    ),
    Invention(
        "an anchored block laundered as if a restoration had abandoned it",
        "SEALS_ANCHOR",
        _in(
            "payment",
            "INSERT INTO epoch (epoch, began_by, because, restored_to, abandoned) SELECT 2, 'x', 'x', now(),"
            " jsonb_build_object('transfer', jsonb_agg(jsonb_build_object('block', block,"
            " 'hash', encode(hash, 'hex'))))"
            " FROM sealed_block WHERE table_name = 'transfer'",
            "UPDATE transfer SET actor = 'innocent'",
        ),
        sealed_again=True,
    ),
    Invention(
        "an anchored block laundered by a restoration to long ago",
        "EVENTS_CONTIGUOUS",
        _in(
            "payment",
            "INSERT INTO epoch (epoch, began_at, began_by, because, restored_to, abandoned) SELECT 2, now(), 'x', 'x',"
            " now() - interval '10 days', jsonb_build_object('transfer', jsonb_agg(jsonb_build_object('block', block,"
            " 'hash', encode(hash, 'hex')))) FROM sealed_block WHERE table_name = 'transfer'",
            "UPDATE transfer SET actor = 'innocent'",
        ),
        sealed_again=True,
    ),
    Invention(
        "a service allowed to forget that it was sealed",
        "SEALS_CHAIN",
        _in("payment", "DROP TRIGGER sealed_block_append_only ON sealed_block"),
    ),
    Invention(
        "all blocks of the books thrown away",
        "SEALS_CURRENT",
        _in("payment", "DELETE FROM sealed_block WHERE table_name = 'transfer'"),
    ),
    Invention(
        "an outbox older than its blocks emptied as if it were purged",
        "SEALS_PURGED",
        _in(
            "payment",
            "DELETE FROM outbox",
            "INSERT INTO purged_block (table_name, block, purged_at) SELECT table_name, block, now() FROM sealed_block"
            " WHERE table_name = 'outbox'",
        ),
    ),
)
