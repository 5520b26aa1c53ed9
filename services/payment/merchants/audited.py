"""The versions of merchants as an audited table: who may collect, with which files, is sealed as it was approved."""

from typing import Final

from shared.audit.table import AuditedTable

MERCHANT_VERSION: Final = AuditedTable(
    name="merchant_version",
    form=1,
    columns=(
        "id",
        "channel",
        "merchant_id",
        "version",
        "step",
        "mechanism",
        "appid",
        "collects_for",
        "takes_orders",
        "settings",
        "secrets",
        "keys",
        "approval_id",
        "approved_on",
        "region",
        "recorded_at",
        "written_by",
    ),
)
