"""Days that HTTP takes in: each field of each body and query is narrowed to days of our calendars."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.composition import SERVICES
from shared.web.fields import BirthDay, Day
from shared.web.strict_route import StrictRoute

BAD = [
    "0001-01-01",
    "9999-12-31",
    "2200-01-01",
    "2023-10-10T00:00:00",
    "20231010",
    "２０２３-10-10",
    "2023-02-30",
    0,
    1e9,
]
# A question about policy has a calendar of its own, and changes nothing.
ELSEWHERE = "/v1/assessments:preview/"
NARROWED = {"2000-01-01 … 2199-12-31", "1800-01-01 … 2199-12-31"}


def _routes() -> Iterator[APIRoute]:
    for service in SERVICES:
        for router in service.routers:
            yield from (route for route in router.routes if isinstance(route, StrictRoute))


def _days(schema: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every place of a schema that holds a day or a moment, and how it is described."""
    if isinstance(schema, dict):
        if schema.get("format") in ("date", "date-time"):
            yield place, schema.get("description", "")
        for name, inner in schema.items():
            yield from _days(inner, f"{place}/{name}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from _days(inner, f"{place}/{number}")


def test_every_day_of_a_body_or_a_query_is_narrowed() -> None:
    """D, attacked: an Annotated in another's metadata is read by nobody, and every endpoint took the year 1."""
    found: list[tuple[str, str]] = []
    for route in _routes():
        if route.body_field is not None:
            model = route.body_field.field_info.annotation
            assert isinstance(model, type)
            if issubclass(model, BaseModel):
                found += _days(model.model_json_schema(), route.path)
        for parameter in get_flat_params(route.dependant):
            # What is declared of a required parameter stands beside its type.
            asked: Any = Annotated[parameter.field_info.annotation, "as declared", *parameter.field_info.metadata]
            found += _days(TypeAdapter(asked).json_schema(), f"{route.path}?{parameter.name}")
    assert len(found) > 15
    wide = [place for place, described in found if not NARROWED & {*described.splitlines()}]
    assert [place for place in wide if not place.startswith(ELSEWHERE)] == []


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_day_of_our_calendars_is_refused(bad: object) -> None:
    for kind in (Day, BirthDay):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(bad)


def test_the_first_and_the_last_day_are_taken() -> None:
    for kind, first in ((Day, "2000-01-01"), (BirthDay, "1800-01-01")):
        for day in (first, "2199-12-31"):
            assert TypeAdapter(kind).validate_python(day).isoformat() == day
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python("1999-12-31")
