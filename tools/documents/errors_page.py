"""The catalogue of errors as a page: code, status, what it means and the remedy, in both languages."""

from collections import defaultdict

from services.composition import SERVICES
from shared.errors import ErrorCode
from shared.web.error_responses import error_codes_of
from shared.web.strict_route import StrictRoute

_HEAD = """\
# Errors 错误代码

Written by `canbao docs` from `shared/errors`; do not edit. Every refusal is answered as `application/problem+json`
(RFC 9457) with a stable `code`, a title and a remedy in Chinese and English, `errors[].pointer` where one field is to
blame, and a `trace_id` that stands in the log as well. A code is never renamed and never vanishes. Channel callbacks
answer in the channel's own form instead.

| code | status | 中文 · English | 办法 · remedy | answered by |
| --- | --- | --- | --- | --- |
"""
_EVERYWHERE = "every service"


def errors_page() -> str:
    """One row per code, in the catalogue's order."""
    answered_by: dict[ErrorCode, set[str]] = defaultdict(set)
    for service in SERVICES:
        for router in service.routers:
            for route in router.routes:
                if isinstance(route, StrictRoute):
                    for code in error_codes_of(route):
                        answered_by[code].add(service.name)
    everybody = {service.name for service in SERVICES if service.mount is None}
    return _HEAD + "".join(_row(code, answered_by[code], everybody) for code in ErrorCode)


def _row(code: ErrorCode, services: set[str], everybody: set[str]) -> str:
    spec = code.value
    where = ", ".join(sorted(services)) if services and services < everybody else _EVERYWHERE
    cells = (
        f"`{code.name}`",
        str(spec.status),
        f"{spec.zh}<br>{spec.en}",
        f"{spec.remedy_zh}<br>{spec.remedy_en}",
        where,
    )
    return f"| {' | '.join(cells)} |\n"
