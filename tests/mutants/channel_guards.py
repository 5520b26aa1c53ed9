"""Guards of bills, orders, notices and refunds, and of talking to a channel."""

from tests.mutants.mutation import Edit, Mutation

_CREDITING = "tests/services/payment/test_crediting.py::"
_WECHAT = "tests/services/payment/test_talking_to_wechat.py::"
_QUARANTINE = "tests/services/payment/test_quarantine.py::"
_ABSENT = "tests/services/payment/test_absent_bills.py::"
_ORDERS = "tests/services/payment/test_orders.py::"
_MONEY_TABLES = "services/payment/migrations/0001_money_in.py"
_RELEASED = "tests/services/payment/bank/test_released_payouts.py::"

CHANNEL_GUARDS = (
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
)
