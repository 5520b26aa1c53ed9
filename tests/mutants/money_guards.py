"""Guards of payouts, differences, attributions, reversals, closings, chronology and restoration; see `catalogue.py`."""

from tests.mutants.mutation import Edit, Mutation

_PAYOUTS = "tests/services/payment/bank/test_payouts.py::"
_PARTS = "tests/services/payment/bank/test_parts_of_a_day.py::"
_REVERSALS = "tests/services/payment/bank/test_reversals.py::"
_UNASKED = "tests/services/payment/bank/test_unasked_refunds.py::"
_CLOSINGS = "tests/services/payment/test_closing_notices.py::"
_DAYS = "tests/services/payment/test_chronology.py::"
_LOST = "tests/services/payment/test_lost_orders.py::"
_AGAIN = "tests/services/registration/test_registered_again.py::"
_ANCHOR = "tests/verify/test_seals.py::TestAnchor::"
_FIELDS = "tests/services/payment/test_wechat_fields.py::TestNotices::"
_UNCOVERED = "tests/services/payment/bank/test_uncovered_payouts.py::"
_RECOVERED = "tests/services/payment/bank/test_recovered_refunds.py::"

MONEY_GUARDS = (
    Mutation(
        "strictness of the channel's messages",
        (Edit("services/payment/channels/wechat/messages.py", "strict=True", "strict=False"),),
        (_FIELDS + "test_a_payment_with_any_field_in_another_form_is_kept_and_pays_nothing",),
    ),
    Mutation(
        "wait of a payout for the end of the one before it",
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
        "sum that makes a refund good",
        (
            Edit(
                "services/payment/refunds/recovery/service.py",
                "if sum(refund.amount_fen for refund in missing[whose]) == item.amount_fen:",
                "if missing[whose]:",
            ),
        ),
        (_RECOVERED + "test_a_payment_of_another_sum_makes_nothing_good",),
    ),
    Mutation(
        "amount by which a payout is met",
        (
            Edit(
                "services/payment/payouts/repository.py",
                "AND amount_fen - unusual_fen = :amount_fen AND",
                "AND :amount_fen > 0 AND",
            ),
        ),
        (_PAYOUTS + "test_a_bank_line_that_differs_holds_its_payout_only",),
    ),
    Mutation(
        "wait of a payout whose line was reversed",
        (
            Edit(
                "services/payment/payouts/payout_match.py", "    await repository.await_again(session, payout_id)\n", ""
            ),
        ),
        (_PAYOUTS + "test_a_matched_payouts_line_is_reversed_and_the_payout_waits_for_the_right_one",),
    ),
    Mutation(
        "record of what a payout did not count",
        (
            Edit(
                "services/payment/payouts/payout_portions.py",
                "    await entries.record_uncounted(",
                "    0 and await entries.record_uncounted(",
            ),
        ),
        (_PAYOUTS + "test_a_payment_of_another_amount_is_held_alone",),
    ),
    Mutation(
        "state of a payout that the bank has shown",
        (
            Edit(
                "services/payment/payouts/payout_portions.py",
                "    await portions.meet(session, payout.id, batch.id)\n",
                "",
            ),
        ),
        (_PAYOUTS + "test_a_payout_meets_the_banks_line_and_what_agrees_goes_on",),
    ),
    Mutation(
        "difference that is closed once",
        (Edit("services/payment/differences/service.py", 'if difference.state != "OPEN":', "if False:"),),
        (_PAYOUTS + "test_a_payment_of_another_amount_is_held_alone",),
    ),
    Mutation(
        "day that a bill settles",
        (
            Edit(
                "services/payment/attributions/service.py",
                "if await payouts.is_by_bill(",
                "if False and await payouts.is_by_bill(",
            ),
        ),
        (_PAYOUTS + "test_a_day_with_bills_is_attributed_by_nobody",),
    ),
    Mutation(
        "attribution of what a settlement counted",
        (Edit("services/payment/attributions/service.py", "if money.counted:", "if False:"),),
        (_PARTS + "test_what_was_settled_or_was_not_paid_yet_is_attributed_to_no_day",),
    ),
    Mutation(
        "attribution to a day before the payment",
        (
            Edit(
                "services/payment/attributions/service.py", "if asked.settlement_day < money.happened_on:", "if False:"
            ),
        ),
        (_PARTS + "test_what_was_settled_or_was_not_paid_yet_is_attributed_to_no_day",),
    ),
    Mutation(
        "line whose money was remitted",
        (Edit("services/payment/reversals/service.py", "and batch.remitted_on is not None:", "and False:"),),
        (_REVERSALS + "test_a_reversal_of_a_line_whose_money_was_remitted_is_refused",),
    ),
    Mutation(
        "line that is reversed once",
        (Edit("services/payment/reversals/service.py", "if line.reversed_on is not None:", "if False:"),),
        (_REVERSALS + "test_a_reversal_has_no_reversal",),
    ),
    Mutation(
        "refund that fits no payment",
        (
            Edit(
                "services/payment/refunds/unasked/service.py",
                "    if shares is None:\n        return False",
                "    if shares is None:\n        return True",
            ),
        ),
        (_UNASKED + "test_a_refund_that_does_not_fit_its_payment_is_looked_at_by_a_person",),
    ),
    Mutation(
        "difference of a refund that nobody asked for",
        (
            Edit(
                "services/payment/refunds/unasked/service.py",
                "await entries.record_unasked(",
                "0 and await entries.record_unasked(",
            ),
        ),
        (_UNASKED + "test_a_refund_of_a_credited_contribution_is_to_be_recovered_and_the_enrolment_stays_paid",),
    ),
    Mutation(
        "paper for money of ours that nobody has",
        (Edit("services/payment/closings/service.py", "if notice.money_at_risk and evidence is None:", "if False:"),),
        (_CLOSINGS + "test_money_of_ours_that_nobody_has_is_closed_only_with_the_paper_that_shows_where_it_is",),
    ),
    Mutation(
        "state in which a notice is closed",
        (Edit("services/payment/closings/service.py", "if notice.state != state:", "if False:"),),
        (
            _CLOSINGS + "test_what_is_closed_is_neither_worked_nor_closed_again",
            _CLOSINGS + "test_a_notice_that_was_worked_meanwhile_is_not_closed",
        ),
    ),
    Mutation(
        "certificate of the tax bureaus own channels",
        (Edit("services/payment/chronology.py", "if path is MoneyPath.TAX_BUREAU and ", "if False and "),),
        (_DAYS + "test_the_tax_bureaus_certificate_comes_with_the_payment",),
    ),
    Mutation(
        "last day on which one person enters a receipt",
        (
            Edit(
                "services/payment/chronology.py",
                "today - timedelta(days=limit_days)",
                "today - timedelta(days=limit_days + 1)",
            ),
        ),
        (_DAYS + "test_a_receipt_is_late_the_day_after_the_limit",),
    ),
    Mutation(
        "order of a lost window that stands already",
        (Edit("services/payment/orders/lost.py", "if event.order_no in known:", "if False:"),),
        (_LOST + "test_a_lost_order_waits_for_its_bill_and_one_that_stands_is_not_written_twice",),
    ),
    Mutation(
        "id that others know of a person who was lost",
        (
            Edit(
                "services/registration/applications/service.py", "people) if people else {}", "people) if False else {}"
            ),
        ),
        (_AGAIN + "test_a_person_registered_again_takes_the_id_that_others_know",),
    ),
    Mutation(
        "moment to which a restoration went back",
        (
            Edit(
                "verify/anchor.py",
                "          AND asked.written_at BETWEEN began.restored_to AND began.began_at\n",
                "",
            ),
        ),
        tuple(
            f"{_ANCHOR}test_a_block_that_was_anchored_before_a_restoration_is_not_abandoned_by_it[{moment}]"
            for moment in ("to_tomorrow", "begun_yesterday")
        ),
    ),
)
