"""Guards of village cash: receipts, short deposits, reversed deposits."""

from tests.mutants.mutation import Edit, Mutation

_CASH = "tests/services/payment/cash/test_village_cash.py::"
_HALL = "tests/services/payment/remittance/test_entrusted_cash.py::"
_SHORT = "tests/services/payment/cash/test_short_deposits.py::"
_REVERSED_CASH = "tests/services/payment/cash/test_reversed_deposits.py::"
_CASH_TABLES = "services/payment/migrations/0002_cash_and_remittance.py"
_NUMBERS = "services/payment/migrations/0019_numbers_of_documents.py"

CASH_GUARDS = (
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
)
