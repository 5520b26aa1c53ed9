"""What every event is: a past-tense, versioned, frozen fact with a key, the trace it belongs to, and how it arrives."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.domain.ids import new_id

EVENT_TYPES: dict[str, type["Event"]] = {}

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*")


class Event(BaseModel):
    """A fact that one service announces; subclassing registers it under its name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str]
    key_field: ClassVar[str] = "enrolment_id"
    key_otherwise: ClassVar[str | None] = None  # the field that is the key where ``key_field`` is not known
    outside_readers: ClassVar[bool] = False  # no service reads it: it is announced for readers outside

    region: str
    benefit_year: int | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        name = cls.__dict__.get("name", "")
        if not _NAME.fullmatch(name):
            raise TypeError(f"{cls.__name__}: an event is named publisher.past_tense.vN, not {name!r}")
        for field in (cls.key_field, cls.key_otherwise):
            if field is not None and field not in cls.model_fields:
                raise TypeError(f"{cls.__name__}: its key field {field!r} is not one of its fields")
        if name in EVENT_TYPES:
            raise TypeError(f"{name} is already the name of {EVENT_TYPES[name].__qualname__}")
        EVENT_TYPES[name] = cls

    @property
    def key(self) -> UUID:
        """The aggregate that the fact concerns; all facts about it keep their order."""
        key: UUID | None = getattr(self, self.key_field)
        if key is None and self.key_otherwise is not None:
            key = getattr(self, self.key_otherwise)
        if key is None:
            raise ValueError(f"{self.name} without {self.key_field} has no key")
        return key

    @classmethod
    def publisher(cls) -> str:
        """The service that announces it: the first part of the name."""
        return cls.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Trace:
    """Who set something off, and the chain of causes it belongs to."""

    actor: str
    correlation_id: UUID
    causation_id: UUID | None = None

    @classmethod
    def start(cls, actor: str) -> Self:
        """Begin a chain: nothing we know of caused this."""
        return cls(actor=actor, correlation_id=new_id())


E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """An event as a handler gets it: the fact, its place among its aggregate's facts, and its trace."""

    event: E_co
    id: UUID
    seq: int
    publisher: str
    occurred_at: datetime
    trace: Trace

    def then(self) -> Trace:
        """The trace of whatever this event causes: same actor and correlation, caused by this event."""
        return Trace(actor=self.trace.actor, correlation_id=self.trace.correlation_id, causation_id=self.id)
