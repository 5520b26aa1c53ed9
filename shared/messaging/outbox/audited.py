"""The outbox as an audited table: what was announced, to whom and why; not whether it was sent."""

from shared.audit.table import AuditedTable

OUTBOX = AuditedTable(
    name="outbox",
    form=1,
    columns=(
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
    ),
    left_out={
        "position": "the order of sending, which a start-over may give again",
        "published_at": "set when the bus has acknowledged the event",
    },
)
