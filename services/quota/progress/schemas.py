"""What the progress door speaks; percentages are texts, so that no reader rounds them again."""

from pydantic import BaseModel

from shared.messaging.topics.stats import MessagesOut


class NoticeOut(BaseModel):
    """The notice that a county's targets stand on, and what is to be known about them."""

    region: str
    version: int
    document: str
    note: str


class Standing(BaseModel):
    """How far a place is; ``percent`` is of ``enrolled`` in ``target``, and nothing where the target is nobody."""

    registered: int
    enrolled: int
    terminated: int
    target: int
    percent: str | None
    remaining: int
    over: int


class TownOut(Standing):
    """How far a township is."""

    region: str
    name: str


class CountyOut(Standing):
    """How far the caller's whole area is, people outside known townships included."""

    region: str


class VillageOut(BaseModel):
    """The counters of one village."""

    region: str
    registered: int
    enrolled: int
    terminated: int


class Unattributed(BaseModel):
    """People counted in villages of no township with a target: complete sums, and the first villages by code."""

    registered: int
    enrolled: int
    terminated: int
    villages: list[VillageOut]


class Progress(BaseModel):
    """Targets and counters of a benefit year: towns plus unattributed make the county."""

    benefit_year: int
    notices: list[NoticeOut]
    towns: list[TownOut]
    unattributed: Unattributed
    county: CountyOut
    messages: MessagesOut
