"""What HTTP takes and answers about rosters."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.domain.identity_number import DocumentType
from shared.policy.vocabulary import Identity
from shared.web.fields import Day, PersonNameOfLine, SingleLineText, example

Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]
MAX_LINES = 5_000


class RosterLineIn(BaseModel):
    """One person of a roster. A line that is wrong is refused by itself and stops no other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document_type: Short = DocumentType.RESIDENT_ID.value
    document_number: Short
    name: PersonNameOfLine
    region: Short


class RosterIn(BaseModel):
    """A department's roster of people with one identity, with the number of its document (文号)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        **example(
            identity="DIBAO",
            department="罗山县民政局",
            certified_on="2023-09-20",
            document="罗民〔2023〕18号",
            lines=[{"document_number": "411521199003074513", "name": "张三", "region": "411521101201"}],
        ),
    )

    identity: Identity
    department: SingleLineText
    certified_on: Day
    document: SingleLineText
    lines: Annotated[tuple[RosterLineIn, ...], Field(min_length=1, max_length=MAX_LINES)]


class RefusedLine(BaseModel):
    """A line that was not taken: its place in the roster, from 1, and why; never the person's data."""

    line: int
    code: str
    detail: str


class RosterOut(BaseModel):
    """What became of a roster: lines in force, how many of them were in force before, and lines refused."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    identity: str
    department: str
    certified_on: date
    document: str
    accepted: int
    unchanged: int
    refused: list[RefusedLine]


class WithdrawalIn(BaseModel):
    """A department takes a person off a roster: from that day on the identity counts no more."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        **example(document_number="411521199003074513", withdrawn_on="2023-11-01", reason="收入超过标准"),
    )

    document_type: DocumentType = DocumentType.RESIDENT_ID
    document_number: Annotated[str, Field(min_length=5, max_length=60)]
    withdrawn_on: Day
    reason: SingleLineText


class WithdrawalOut(BaseModel):
    """The line that was withdrawn."""

    line_id: UUID
    identity: str
    document_number: str
    certified_on: date
    withdrawn_on: date
    reason: str


class UninsuredOut(BaseModel):
    """A certified person without insurance for the year; ``registered``: enrolled, and what is due is not paid."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    region: str
    document_number: str
    identities: list[str]
    registered: bool
