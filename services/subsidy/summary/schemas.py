"""What HTTP answers about subsidy in figures."""

from datetime import date

from pydantic import BaseModel

from shared.messaging.topics.stats import MessagesOut


class IdentityOut(BaseModel):
    """People whose relief comes from one identity; amounts in fen."""

    identity: str
    name: str
    people: int
    paid: int
    aided_fen: int


class FunderOut(BaseModel):
    """What one budget pays: for those whose enrolment is paid, and for those who have not paid yet; in fen."""

    funder: str
    earned_fen: int
    expected_fen: int


class CollectionWindowOut(BaseModel):
    """First and last day on which everybody may pay and nobody pays late."""

    first: date
    last: date


class SubsidySummaryOut(BaseModel):
    """The caller's region in figures."""

    benefit_year: int
    pack: str
    document: str
    amounts: str | None
    collection_window: CollectionWindowOut | None
    outcomes: dict[str, int]
    held: int
    reasons: dict[str, int]
    identities: list[IdentityOut]
    funders: list[FunderOut]
    roster_lines: dict[str, int]
    messages: MessagesOut
