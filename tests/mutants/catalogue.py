"""The guards that hold money and people together, how each is taken out, and the tests that must notice."""

from collections.abc import Iterator
from pathlib import Path

from tests.mutants.money_guards import MONEY_GUARDS
from tests.mutants.mutation import Edit, Mutation

ROOT = Path(__file__).parents[2]


def _on_both_buses(test: str) -> Iterator[str]:
    return (f"{test}[{bus}]" for bus in ("postgres", "kafka"))


_ORDER = "tests/shared/messaging/conformance/test_order_and_once.py::"
_EPOCHS = "tests/shared/messaging/conformance/test_epochs.py::"
_OWN = "tests/shared/messaging/conformance/test_own_topic.py::"
_MEMBERS = "tests/shared/messaging/conformance/test_members.py::"
_RELAYS = "tests/shared/messaging/conformance/test_relays.py::"
_POISON = "tests/shared/messaging/conformance/test_poison.py::"
_POSITIONS = "tests/shared/messaging/test_offset_tracker.py::"
_LOCKS = "tests/shared/messaging/test_locks.py::"
_CREDITING = "tests/services/payment/test_crediting.py::"
_FIELDS = "tests/services/payment/test_wechat_fields.py::TestNotices::"
_UNCOVERED = "tests/services/payment/bank/test_uncovered_payouts.py::"
_RECOVERED = "tests/services/payment/bank/test_recovered_refunds.py::"
_WECHAT = "tests/services/payment/test_talking_to_wechat.py::"
_QUARANTINE = "tests/services/payment/test_quarantine.py::"
_ABSENT = "tests/services/payment/test_absent_bills.py::"
_ONCE = "tests/services/payment/test_announcing_once.py::"
_ORDERS = "tests/services/payment/test_orders.py::"
_REGIONS = "tests/shared/database/test_row_security.py::"
_CASH = "tests/services/payment/cash/test_village_cash.py::"
_HALL = "tests/services/payment/remittance/test_entrusted_cash.py::"
_LEDGER = "tests/services/payment/test_ledger.py::"
_OUTBOX = "tests/shared/messaging/test_outbox.py::"
_SEALS = "tests/shared/audit/test_sealing.py::"
_ANCHOR = "tests/verify/test_seals.py::TestAnchor::"
_MONEY_TABLES = "services/payment/migrations/0001_money_in.py"
_SHORT = "tests/services/payment/cash/test_short_deposits.py::"
_REVERSED_CASH = "tests/services/payment/cash/test_reversed_deposits.py::"
_RELEASED = "tests/services/payment/bank/test_released_payouts.py::"
_CASH_TABLES = "services/payment/migrations/0002_cash_and_remittance.py"
_NUMBERS = "services/payment/migrations/0019_numbers_of_documents.py"

MUTATIONS = (
    Mutation(
        "second look for a bill",
        (
            Edit(
                "services/payment/bills/repository.py",
                "        wanted = list((await session.execute(_LIVE, ",
                "        return found\n        wanted = list((await session.execute(_LIVE, ",
            ),
        ),
        (
            _ABSENT + "test_a_payment_that_waits_for_a_repricing_pays_the_new_bill",
            _ABSENT + "test_cash_that_waits_for_a_repricing_is_imported",
        ),
    ),
    Mutation(
        "announcing together what crediting announces",
        (
            Edit(
                "services/payment/crediting/worker.py",
                "    async with collected(session):\n        return outcomes",
                "    async with session.begin_nested():\n        return outcomes",
            ),
            Edit("shared/messaging/outbox/publication.py", "if _LAST_KEY in session.info:", "if False:"),
            Edit("shared/messaging/outbox/publication.py", "if last is not None and min(", "if False and min("),
        ),
        (_ONCE + "test_crediting_locks_nobody_before_whom_it_waits_for",),
    ),
    Mutation(
        "region of all lines in which an order is closed",
        (
            Edit(
                "services/payment/orders/service.py",
                "transaction(order.region) as session:\n        turned",
                "transaction(order.lines[0].dimensions.region) as session:\n        turned",
            ),
        ),
        (_ORDERS + "test_an_order_over_two_towns_is_seen_and_cancelled_by_each_of_them",),
    ),
    Mutation(
        "cursor per publisher and aggregate",
        (
            Edit(
                "shared/messaging/consumer/cursors.py",
                "elif item.place <= state.place or item.place == state.dead or ",
                "elif item.place == state.dead or ",
            ),
            Edit("shared/messaging/consumer/cursors.py", "<= self.place < item.place", "<= self.place"),
        ),
        (
            *_on_both_buses(_ORDER + "test_a_redelivered_event_changes_nothing"),
            *_on_both_buses(
                _ORDER + "test_a_relay_that_crashed_between_sending_and_marking_sends_again_and_nobody_notices"
            ),
        ),
    ),
    Mutation(
        "comparison before an offset is moved",
        (Edit("shared/messaging/topics/offsets.py", " AND n.expected = o.next_offset\n", "\n"),),
        tuple(
            _on_both_buses(
                _MEMBERS + "test_a_member_that_was_stopped_with_a_batch_in_hand_counts_nothing_when_it_wakes_up"
            )
        ),
    ),
    Mutation(
        "token of a lane's lease when marking",
        (Edit("shared/messaging/outbox/relay.py", " AND n.token = l.token AND l.owner", " AND l.owner"),),
        tuple(
            _on_both_buses(
                _RELAYS + "test_a_relay_that_lost_its_lanes_and_won_them_again_marks_nothing_under_the_old_lease"
            )
        ),
    ),
    Mutation(
        "lease of a lane when marking",
        (Edit("shared/messaging/outbox/relay.py", " AND n.token = l.token AND l.owner = :me\n", " AND :me = :me\n"),),
        tuple(_on_both_buses(_RELAYS + "test_a_relay_whose_lanes_were_taken_over_can_no_longer_mark")),
    ),
    Mutation(
        "other event under a known number",
        (Edit("shared/messaging/consumer/cursors.py", "        if state.contradicts(item):", "        if False:"),),
        tuple(_on_both_buses(_EPOCHS + "test_another_fact_under_a_known_number_becomes_a_dead_letter")),
    ),
    Mutation(
        "rest of the epoch before",
        (
            Edit(
                "shared/messaging/bus/envelope.py",
                "return (self.previous_epoch or self.epoch, self.seq - 1) if self.seq > 1 else BEFORE_ALL",
                "return (self.epoch, self.seq - 1) if self.previous_epoch is None and self.seq > 1 else BEFORE_ALL",
            ),
        ),
        tuple(_on_both_buses(_EPOCHS + "test_who_is_behind_waits_for_the_rest_of_the_epoch_before")),
    ),
    Mutation(
        "refusal while others are ahead",
        (Edit("shared/messaging/outbox/own_topic.py", "        await self.refuse_if_behind()\n", ""),),
        tuple(
            _on_both_buses(
                _OWN + "test_a_publisher_that_was_restored_to_earlier_refuses_to_work_until_its_epoch_is_raised"
            )
        ),
    ),
    Mutation(
        "first record of a partition never read",
        (
            Edit(
                "shared/messaging/topics/offset_tracker.py",
                "position.proven = first.offset == 0 or position.suspicions == _SUSPICIONS - 1",
                "position.proven = True",
            ),
        ),
        (_POSITIONS + "test_the_end_of_a_fetch_whose_beginning_went_elsewhere_is_read_again_from_the_beginning",),
    ),
    Mutation(
        "order in which offsets are locked",
        (
            Edit(
                "shared/messaging/topics/offsets.py",
                "        ORDER BY o.topic, o.partition\n        FOR",
                "        FOR",
            ),
        ),
        (_LOCKS + "test_offsets_are_locked_in_order_whatever_order_they_come_in[postgres]",),
    ),
    Mutation(
        "order in which cursors are written",
        (Edit("shared/messaging/consumer/cursors.py", '    order_by="n.publisher, n.aggregate_id",\n', ""),),
        (_LOCKS + "test_cursors_are_written_in_order_whatever_order_they_come_in[postgres]",),
    ),
    Mutation(
        "lock that a replay shares with the consumer",
        (
            Edit(
                "shared/messaging/dead_letters/replay.py",
                '    await session.execute(_LOCK_PARTITION, {"id": letter})\n',
                "",
            ),
        ),
        (_LOCKS + "test_a_replay_waits_for_the_consumer_that_parks_an_event_behind_the_letter[postgres]",),
    ),
    Mutation(
        "time that a send may take within the lease",
        (Edit("shared/messaging/outbox/relay.py", " or self.lanes.age_s > self._lease_s / 2:", ":"),),
        tuple(_on_both_buses(_RELAYS + "test_what_was_fetched_too_late_to_be_sent_within_the_lease_is_not_sent")),
    ),
    Mutation(
        "size of an event",
        (Edit("shared/messaging/consumer/delivery.py", "if len(value) > MAX_EVENT_BYTES:", "if False:"),),
        tuple(_on_both_buses(_POISON + "test_records_that_cannot_be_read_stop_nobody")),
    ),
    Mutation(
        "unique key on the transaction",
        (
            Edit(
                _MONEY_TABLES,
                ",\n    CONSTRAINT payment_one_per_transaction UNIQUE (channel, mchid, transaction_id)\n",
                "\n",
            ),
            Edit(
                "services/payment/payments/repository.py",
                "ON CONFLICT (channel, merchant_id, transaction_id) DO NOTHING RETURNING notice_id",
                "RETURNING notice_id",
            ),
        ),
        (
            _CREDITING + "test_a_second_notice_for_the_same_transaction_changes_nothing",
            _CREDITING + "test_one_transaction_cannot_pay_two_orders_even_when_both_are_worked_at_once",
        ),
    ),
    Mutation(
        "deduplication of notices",
        (
            Edit(_MONEY_TABLES, ",\n    UNIQUE (channel, notify_id)\n", "\n"),
            Edit("services/payment/notices/repository.py", ', then="ON CONFLICT (channel, notify_id) DO NOTHING"', ""),
        ),
        (_CREDITING + "test_the_same_notice_fifty_times_at_once_has_one_effect",),
    ),
    Mutation(
        "comparison of the amount with the order's",
        (
            Edit(
                "services/payment/crediting/decision.py",
                "    if notice.amount_fen != order.amount_fen:\n        return SuspenseReason.WRONG_AMOUNT\n",
                "",
            ),
        ),
        (_CREDITING + "test_a_wrong_amount_enrols_nobody_and_is_suspended",),
    ),
    Mutation(
        "suspense branch",
        (
            Edit(
                "services/payment/crediting/service.py",
                "    await _suspend(session, [item for suspended in parts for item in _suspended(*suspended)])\n",
                "",
            ),
        ),
        (
            _CREDITING + "test_a_wrong_amount_enrols_nobody_and_is_suspended",
            _CREDITING + "test_money_for_an_unknown_order_is_suspended_and_named_as_unattributed",
            _CREDITING + "test_two_transactions_on_one_order_pay_once",
        ),
    ),
    Mutation(
        "row-level security",
        (Edit("shared/database/row_security.py", 'f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"', '"SELECT 1"'),),
        (
            _REGIONS + "test_every_table_with_a_region_is_under_row_level_security[payment]",
            _REGIONS + "test_without_a_region_of_proper_length_nothing_is_seen[None]",
            _REGIONS + "test_a_region_sees_what_lies_in_it_and_nothing_beside_it",
            _LEDGER + "test_another_region_sees_nothing_of_the_books",
        ),
    ),
    Mutation(
        "books that are only added to",
        (Edit(_MONEY_TABLES, "BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer", "BEFORE TRUNCATE ON transfer"),),
        (_LEDGER + "test_the_books_are_append_only_even_for_their_owner",),
    ),
    Mutation(
        "horizon behind which blocks are sealed",
        (
            Edit(
                "shared/audit/repository.py",
                "          AND written_by < pg_snapshot_xmin(pg_current_snapshot())\n        ORDER",
                "        ORDER",
            ),
        ),
        (_SEALS + "test_an_open_transaction_holds_back_what_was_written_after_it_and_nothing_is_skipped",),
    ),
    Mutation(
        "heads of before that a later examination proves",
        (Edit("verify/anchor.py", "    WHERE known.hash IS DISTINCT FROM asked.hash AND ", "    WHERE false AND "),),
        (
            _ANCHOR + "test_rows_changed_and_sealed_again_pass_without_it_and_not_with_it",
            _ANCHOR + "test_the_last_block_deleted_is_found",
        ),
    ),
    Mutation(
        "evidence that is not purged",
        (Edit("shared/messaging/outbox/retention.py", "        raise BlockDiffers(differing)\n", "        pass\n"),),
        (_OUTBOX + "test_events_that_were_changed_since_they_were_sealed_are_never_purged[postgres]",),
    ),
    Mutation(
        "unique number of a receipt",
        (
            Edit(_CASH_TABLES, "receipt_no text NOT NULL UNIQUE,", "receipt_no text NOT NULL,"),
            Edit(_NUMBERS, "CREATE UNIQUE INDEX cash_receipt_form", "CREATE INDEX cash_receipt_form"),
            Edit("services/payment/receipts/repository.py", "ON CONFLICT DO NOTHING ", ""),
        ),
        # Within a region a look finds it; only the key knows of another region's.
        (_CASH + "TestReceipts::test_a_number_taken_in_another_town_is_taken_here",),
    ),
    Mutation(
        "unique serial of a collection notice",
        (
            Edit(_CASH_TABLES, "collection_notice_serial text UNIQUE,", "collection_notice_serial text,"),
            Edit(
                _NUMBERS,
                "CREATE UNIQUE INDEX remittance_batch_serial_form",
                "CREATE INDEX remittance_batch_serial_form",
            ),
        ),
        (_HALL + "TestSerial::test_it_belongs_to_one_batch",),
    ),
    Mutation(
        "naming of the key that an answer is to be signed with",
        (
            Edit(
                "services/payment/channels/wechat/client.py",
                'request.headers["Wechatpay-Serial"] = self._merchant.answers_signed_by',
                "pass",
            ),
        ),
        (
            _WECHAT + "TestNamingTheKey::test_every_request_names_the_key_of_its_answer_and_who_asks",
            _WECHAT + "TestNamingTheKey::test_with_the_public_key_alone_orders_are_opened_while_the_platform_switches",
        ),
    ),
    Mutation(
        "apartness of a service provider's money",
        (
            Edit(
                "services/payment/crediting/decision.py",
                "notice.payee_provider_id is not None or notice.payee_merchant_id != notice.merchant_id",
                "notice.payee_merchant_id != notice.merchant_id",
            ),
        ),
        (_QUARANTINE + "TestPartnerMode::test_it_is_never_credited_even_where_it_names_us_as_the_payee",),
    ),
    Mutation(
        "earlier numbers of our own refunds",
        (Edit("services/payment/refunds/service.py", "attempt < refund.attempt", "attempt > refund.attempt"),),
        ("tests/services/payment/test_refunds.py::test_late_word_about_an_earlier_number_of_ours_is_a_repetition",),
    ),
    Mutation(
        "order in which money covers a short statement's receipts",
        (
            Edit(
                "services/payment/shortages/coverage.py",
                "order[covered].amount_fen <= left:",
                "left > 0:",
            ),
        ),
        (
            _SHORT + "test_people_are_insured_and_the_collector_owes_the_rest",
            _SHORT + "test_too_little_for_one_receipt_insures_everybody_and_remits_nobody",
        ),
    ),
    Mutation(
        "the collector apart from who accepts what the collector owes",
        (
            Edit(
                "services/payment/shortages/acceptance.py",
                "    not_by = [batch.actor]\n",
                "    not_by: list[str] = []\n",
            ),
        ),
        (_SHORT + "test_nobody_accepts_alone_and_never_the_collector",),
    ),
    Mutation(
        "amounts that two people accepted as short",
        (
            Edit(
                "services/payment/shortages/acceptance.py",
                "!= (body.version, body.receipts_fen, body.booked_fen):",
                "!= (body.version, body.receipts_fen, found.booked_fen):",
            ),
        ),
        (_SHORT + "test_what_changed_since_it_was_proposed_is_not_accepted",),
    ),
    Mutation(
        "size of what pays a shortage",
        (
            Edit(
                "services/payment/shortages/repayment.py",
                "return OVERPAID if line.amount_fen > open_fen else None",
                "return None",
            ),
        ),
        (_SHORT + "test_more_than_what_is_missing_is_named_and_pays_nothing",),
    ),
    Mutation(
        "day of what pays a shortage",
        (Edit("services/payment/shortages/repayment.py", "    if before:\n", "    if False:\n"),),
        (_SHORT + "test_a_deposit_before_the_short_one_is_named_and_pays_nothing",),
    ),
    Mutation(
        "parts of a reversed deposit's statement that were remitted",
        (
            Edit(
                "services/payment/reversals/service.py",
                "    _refuse_remitted(batch)\n    if isinstance(batch, OnlineBatch) and batch.is_being_settled",
                "    if isinstance(batch, OnlineBatch) and batch.is_being_settled",
            ),
            Edit(
                "services/payment/reversals/service.py",
                "        for part in resting:\n            _refuse_remitted(part)\n",
                "",
            ),
        ),
        (_REVERSED_CASH + "test_a_deposit_that_was_remitted_is_not_reversed",),
    ),
    Mutation(
        "cash that left the account again before its deposit is reversed",
        (Edit("services/payment/reversals/service.py", "        if fetched:\n", "        if False:\n"),),
        (_REVERSED_CASH + "test_a_deposit_of_which_cash_was_given_back_is_not_reversed",),
    ),
    Mutation(
        "receipts of insured people in a correction",
        (
            Edit(
                "services/payment/cash/corrections.py",
                "if by_village is not None and by_village.is_imported and correction.lines is not None:",
                "if False:",
            ),
        ),
        (_REVERSED_CASH + "test_no_line_is_restated_for_people_who_are_insured",),
    ),
    Mutation(
        "fee that the bank has to show for a released payout",
        (
            Edit(
                "services/payment/payouts/release.py",
                "replace(cover, released_by=approval.id)",
                "replace(cover, unusual_fen=0, released_by=approval.id)",
            ),
        ),
        (_RELEASED + "test_a_payout_with_a_fee_goes_on_once_the_bank_has_all_of_it",),
    ),
    Mutation(
        "strictness of the channel's messages",
        (Edit("services/payment/channels/wechat/messages.py", "strict=True", "strict=False"),),
        (_FIELDS + "test_a_payment_with_any_field_in_another_form_is_kept_and_pays_nothing",),
    ),
    Mutation(
        "that a payout's end waits for the one before it",
        (
            Edit(
                "services/payment/payouts/bill_job.py",
                " or await uncovered.oldest(session, bill.channel, bill.merchant_id) is not None",
                "",
            ),
        ),
        (_UNCOVERED + "test_sums_taken_out_by_hand_go_on_together_and_the_next_one_by_itself",),
    ),
    Mutation(
        "that only what is missing makes a refund good",
        (
            Edit(
                "services/payment/refunds/recovery/service.py",
                "if sum(refund.amount_fen for refund in missing[whose]) == item.amount_fen:",
                "if missing[whose]:",
            ),
        ),
        (_RECOVERED + "test_a_payment_of_another_sum_makes_nothing_good",),
    ),
    *MONEY_GUARDS,
)
