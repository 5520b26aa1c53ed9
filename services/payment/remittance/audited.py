"""Moves of a batch's lines as an audited table: which batch moves by which step, not how far it is."""

from typing import Final

from shared.audit.table import AuditedTable

REMITTANCE_MOVE: Final = AuditedTable(
    name="remittance_move",
    form=1,
    columns=(
        "step_id",
        "batch_id",
        "step",
        "replaced_by",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        **dict.fromkeys(("moved_to", "lines_left"), "how far the lines have moved"),
    },
    key="step_id",
)
