"""Guards of the records: regions, books, seals and evidence."""

from tests.mutants.mutation import Edit, Mutation

_REGIONS = "tests/shared/database/test_row_security.py::"
_LEDGER = "tests/services/payment/test_ledger.py::"
_OUTBOX = "tests/shared/messaging/test_outbox.py::"
_SEALS = "tests/shared/audit/test_sealing.py::"
_ANCHOR = "tests/verify/test_seals.py::TestAnchor::"
_MONEY_TABLES = "services/payment/migrations/0001_money_in.py"

RECORD_GUARDS = (
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
)
