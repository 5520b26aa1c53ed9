"""Which lines of a roster can be taken, and why the others cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.subsidy.rosters.schemas import RefusedLine, RosterLineIn
from shared.domain.identity_number import InvalidIdentityNumber, normalise
from shared.domain.names import InvalidPersonName, entered_name
from shared.domain.region import InvalidRegion, covers, is_village, parse_region
from shared.errors import DomainError, ErrorCode
from shared.policy.institutions.rosters import RosterMember, aggregate
from shared.policy.vocabulary import Identity
from shared.protection import person_token


class InvalidNumberInRoster(DomainError):
    """The number on a line cannot belong to a document of that type."""

    code = ErrorCode.INVALID_IDENTITY_NUMBER


class UnknownRegionInRoster(DomainError):
    """A line names no village of the department's region."""

    code = ErrorCode.UNKNOWN_REGION


class DuplicateRosterLine(DomainError):
    """The person stands in the roster twice."""

    code = ErrorCode.DUPLICATE_ROSTER_LINE


class NameMissing(DomainError):
    """A line has no name, or none that can be compared with the document."""

    code = ErrorCode.ROSTER_NAME_MISSING


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """A line that names a person, by its place in the roster, from 1."""

    line: int
    document_type: str
    number: str
    name: str
    region: str
    person_token: str


def validate_lines(
    lines: Sequence[RosterLineIn], first: int, caller_region: str, token_key: bytes
) -> tuple[list[AcceptedLine], list[RefusedLine]]:
    """Separate the lines that name a person, counted from ``first``, from those that do not."""
    accepted: list[AcceptedLine] = []
    refused: list[RefusedLine] = []
    for number, line in enumerate(lines, start=first):
        try:
            accepted.append(_accepted(number, line, caller_region, token_key))
        except DomainError as refusal:
            refused.append(_refused(number, refusal))
    return accepted, refused


def deduplicate(
    department: str, identity: Identity, lines: Sequence[AcceptedLine]
) -> tuple[list[AcceptedLine], list[RefusedLine]]:
    """Let the first line of each person stand; every later one goes back, naming the one that stands."""
    found = aggregate(RosterMember(department, line.line, line.person_token, identity) for line in lines)
    standing = {row.number for row in found.rows}
    refused = [
        _refused(
            each.row.number, DuplicateRosterLine(f"与第 {each.stands.number} 行为同一人 · the same person as there")
        )
        for each in found.returned
        if each.stands is not None
    ]
    return [line for line in lines if line.line in standing], refused


def _refused(line: int, refusal: DomainError) -> RefusedLine:
    detail = refusal.detail or refusal.code.value.both
    return RefusedLine(line=line, code=refusal.code.name, detail=detail)


def _accepted(place: int, line: RosterLineIn, caller_region: str, token_key: bytes) -> AcceptedLine:
    try:
        number = normalise(line.document_type, line.document_number)
    except InvalidIdentityNumber as problem:
        raise InvalidNumberInRoster(problem.detail) from None
    try:
        name = entered_name(line.name)
    except InvalidPersonName as problem:
        raise NameMissing(problem.detail) from None
    try:
        region = parse_region(line.region)
    except InvalidRegion:
        raise UnknownRegionInRoster from None
    if not is_village(region) or not covers(caller_region, region):
        raise UnknownRegionInRoster
    token = person_token(token_key, line.document_type, number)
    return AcceptedLine(place, line.document_type, number, name, region, token)
