"""The bank's statement as an audited table: what the bank booked is sealed, what we made of it is not."""

from typing import Final

from shared.audit.table import AuditedTable

BANK_LINE: Final = AuditedTable(
    name="bank_line",
    form=1,
    columns=(
        "id",
        "statement_no",
        "line_no",
        "account",
        "booked_on",
        "kind",
        "reference",
        "amount_fen",
        "bank_reference",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "batch_id": "what the line was found to be",
        "set_aside_because": "why nothing was found",
        "reversed_on": "a reversal is two people's, with an approval of its own",
        "reversed_by": "a reversal is two people's, with an approval of its own",
        "look_alike": "which of its numbers look like another line's",
        "statement_form": "computed from the number beside it",
        "account_form": "computed from the number beside it",
        "reference_form": "computed from the number beside it",
        "bank_reference_form": "computed from the number beside it",
    },
)
