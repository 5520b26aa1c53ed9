"""The outbox as an audited table: what was announced, to whom and why; not whether it was sent."""

from shared.audit.table import AuditedTable

# Before there were epochs.
_FIRST_FORM = (
    "id",
    "lane",
    "topic",
    "key",
    "aggregate_seq",
    "event",
    "region",
    "benefit_year",
    "actor",
    "service",
    "correlation_id",
    "causation_id",
    "payload",
    "recorded_at",
    "written_by",
)
OUTBOX = AuditedTable(
    name="outbox",
    form=2,
    columns=(*_FIRST_FORM, "epoch"),
    earlier={1: _FIRST_FORM},
    left_out={
        "position": "the order of sending, which a start-over may give again",
        "published_at": "set when the bus has acknowledged the event",
    },
)
