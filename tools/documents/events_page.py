"""The events as a page: who announces each, by what they are ordered, and who reads them."""

from collections import defaultdict

from services.composition import SERVICES
from shared.contracts.schemas import published

_HEAD = """\
# Events 事件

Written by `canbao docs` from `shared/contracts/`; do not edit. Services announce what has happened and read what others
announced; the JSON Schema of each event stands in `docs/events/`. Facts with one key keep their order. An event that no
service reads is there for outside readers 外部读者: a county's own data platform or a supervisor.

| 事件 · event | 键 · key | 读者 · read by | 含义 · meaning |
| --- | --- | --- | --- |
"""
_OUTSIDE = "外部读者 outside readers"


def events_page() -> str:
    """One row per event, in the order of their names."""
    readers: dict[str, list[str]] = defaultdict(list)
    for service in SERVICES:
        for subscription in service.subscriptions:
            readers[subscription.event.name].append(service.name)
    rows = []
    for name, event in sorted(published().items()):
        read_by = [*sorted(readers[name]), *([_OUTSIDE] if event.outside_readers else ())]
        keys = [f"`{key}`" for key in (event.key_field, event.key_otherwise) if key is not None]
        meaning = (event.__doc__ or "").partition("\n")[0]
        rows.append(f"| [`{name}`](events/{name}.json) | {' or '.join(keys)} | {', '.join(read_by)} | {meaning} |\n")
    return _HEAD + "".join(rows)
