"""What HTTP answers about progress; percentages are texts, so that no reader rounds them again."""

from pydantic import BaseModel

from shared.messaging.topics.stats import MessagesOut


class TargetDocumentOut(BaseModel):
    """The document that a county's targets come from, and a note about them."""

    region: str
    version: int
    document: str
    note: str


class ProgressFigures(BaseModel):
    """How far a place is; ``percent`` is of ``enrolled`` in ``target``, and nothing where the target is nobody."""

    registered: int
    enrolled: int
    terminated: int
    target: int
    percent: str | None
    remaining: int
    over: int


class TownProgress(ProgressFigures):
    """How far a township is."""

    region: str
    name: str


class CountyProgress(ProgressFigures):
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


class ProgressOut(BaseModel):
    """Targets and counters of a benefit year: towns plus unattributed make the county."""

    benefit_year: int
    notices: list[TargetDocumentOut]
    towns: list[TownProgress]
    unattributed: Unattributed
    county: CountyProgress
    messages: MessagesOut
