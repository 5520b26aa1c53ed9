"""The kinds of text and day that HTTP takes in, narrowed once: what is printable, what our calendars hold."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from shared.domain.document_number import canonical_number
from shared.domain.names import MAX_LENGTH, entered_name

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
_FULL_WIDTH_SPACE = "\u3000"


def printable(text: str) -> str:
    """Refuse control and formatting characters: in a list or a log they would pass for something else."""
    if not text.replace(_FULL_WIDTH_SPACE, "").isprintable():
        raise ValueError("a text has printable characters only")
    return text


def _iso_day(value: Any) -> Any:
    """A day is written YYYY-MM-DD: a bare number would otherwise be taken for seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _ISO_DAY.fullmatch(value)):
        return value
    raise ValueError("a day is written YYYY-MM-DD")


def _written(value: Any) -> Any:
    """A moment is written with its zone: a bare number would otherwise be taken for seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO_MOMENT.match(value)):
        return value
    raise ValueError("a moment is written YYYY-MM-DDThh:mm:ss+08:00")


def _of_our_days(moment: datetime) -> datetime:
    if not _FIRST < moment.date() < _LAST:
        raise ValueError(f"a moment lies between {_FIRST} and {_LAST}")
    return moment


def canonical(value: Any) -> Any:
    """A document's number in its one form; what is no text is left for its type to refuse."""
    return canonical_number(value) if isinstance(value, str) else value


def _shown(first: date, last: date) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": "date", "description": f"{first} … {last}"})


_FIRST, _FIRST_BIRTH, _LAST = date(2000, 1, 1), date(1800, 1, 1), date(2199, 12, 31)
# Days on which business happens. Beyond these, adding a month or a benefit year would leave the calendar. What narrows
# a type stands beside it: an Annotated within another's metadata is read by nobody.
Day = Annotated[date, BeforeValidator(_iso_day), Field(ge=_FIRST, le=_LAST), _shown(_FIRST, _LAST)]
BirthDay = Annotated[date, BeforeValidator(_iso_day), Field(ge=_FIRST_BIRTH, le=_LAST), _shown(_FIRST_BIRTH, _LAST)]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written),
    AfterValidator(_of_our_days),
    WithJsonSchema({"type": "string", "format": "date-time", "description": f"{_FIRST} … {_LAST}"}),
]
ReferenceNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[\w./-]+$")
]
# The number of a paper, in its one form; a number of an order, refund, merchant or transaction is none.
DocumentNumber = Annotated[ReferenceNumber, BeforeValidator(canonical)]
SingleLineText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(printable)
]
# The name of a person, as it is written on the document; two of them are compared by `shared.domain.names` alone. The
# format marks every such field in the OpenAPI document. Of lines that are refused one by one, each says what is wrong.
_NAMES_A_PERSON = {"format": "person-name"}
PersonName = Annotated[
    str,
    Field(min_length=1, max_length=MAX_LENGTH, json_schema_extra={**_NAMES_A_PERSON}),
    AfterValidator(entered_name),
]
PersonNameOfLine = Annotated[str, Field(max_length=200, json_schema_extra={**_NAMES_A_PERSON})]
FreeText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(printable)
]
Year = Annotated[int, Field(ge=2000, le=2100, strict=True)]


def example(**values: Any) -> ConfigDict:
    """A body as a caller would send it, for the OpenAPI document; a test sends it through the model."""
    return ConfigDict(json_schema_extra={"examples": [values]})
