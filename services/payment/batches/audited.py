"""Batches as an audited table: whose money of which day a batch was opened for, not how far it is."""

from typing import Final

from shared.audit.table import AuditedTable

REMITTANCE_BATCH: Final = AuditedTable(
    name="remittance_batch",
    form=1,
    columns=(
        "id",
        "kind",
        "benefit_year",
        "channel",
        "merchant_id",
        "settlement_day",
        "part",
        "by_bill",
        "previous_batch_id",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        **dict.fromkeys(("held_at", "differences"), "what is wrong with it, until it is put right"),
        "statement_no": "two people may correct a number that looks like another one",
        "statement_form": "computed from the number",
        "look_alike": "which of its numbers look like another's",
        **dict.fromkeys(("state", "version", "moved_on"), "how far it is"),
        **dict.fromkeys(
            ("declared_fen", "counted_fen", "amount_fen", "line_count", "payout_id"),
            "what was declared and counted for it until it was matched",
        ),
        **dict.fromkeys(
            (
                "collection_notice_serial",
                "remitted_on",
                "received_on",
                "certificate_no",
                "certificate_issued_on",
                "returned_on",
                "return_reason",
            ),
            "what the tax bureau and the treasury said of it",
        ),
    },
)
