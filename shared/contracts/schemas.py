"""The JSON Schema of each event, and which changes of a published one are refused.

Each reader of an event was built against its schema, and events of last season are read again by this season's code. So
a published schema may gain optional fields and otherwise stays as it is; another meaning is another event, ``.v2``.
"""

from collections.abc import Iterator
from typing import Any

from shared.contracts.event import EVENT_TYPES, Event
from shared.contracts.examples import EXAMPLES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REMARKS = frozenset({"$id", "$schema", "title", "description", "examples"})


def published() -> dict[str, type[Event]]:
    """The events that services publish, by name: those of this folder, not what somebody else declared."""
    return {name: event for name, event in EVENT_TYPES.items() if event.__module__.startswith("shared.contracts.")}


def schema_of(event: type[Event]) -> dict[str, Any]:
    """What readers may rely on, with examples."""
    schema = event.model_json_schema()
    head = {"$schema": _DIALECT, "$id": f"urn:canbao:event:{event.name}", "title": event.name}
    rest = {name: value for name, value in schema.items() if name != "title"}
    otherwise = {"x-key-otherwise": event.key_otherwise} if event.key_otherwise else {}
    return head | rest | {"x-key": event.key_field} | otherwise | {"examples": [*EXAMPLES.get(event.name, ())]}


def breaks(published: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What a reader of the published schema would stumble over; empty where only optional fields were added."""
    gone = [place for place, each in enumerate(published["examples"], 1) if each not in now["examples"]]
    return [*_differences("", published, now), *(f"example {place} is gone" for place in gone)]


def _differences(place: str, published: Any, now: Any) -> Iterator[str]:
    if not (isinstance(published, dict) and isinstance(now, dict)):
        if published != now:
            yield f"{place or '/'}: {published!r} became {now!r}"
        return
    named = place.endswith(("/properties", "/$defs"))
    for name in published.keys() | now.keys():
        if name in _REMARKS and not named:
            continue
        where = f"{place}/{name}"
        if name not in now:
            yield f"{where} is gone"
        elif name in published:
            yield from _differences(where, published[name], now[name])
        elif name in ("properties", "$defs"):
            continue  # the first ones; if one is required, "required" has changed as well
        elif not named:
            yield f"{where} is new: {now[name]!r}"
