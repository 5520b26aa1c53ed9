"""Which lines of a roster can be taken, and why the others cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.subsidy.rosters.schemas import RefusedLine, RosterLineIn
from shared.domain.identity_number import InvalidIdentityNumber, normalise
from shared.domain.region import InvalidRegion, covers, is_village, parse_region
from shared.errors import DomainError, ErrorCode
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
    """A line has no name to compare with the document."""

    code = ErrorCode.ROSTER_NAME_MISSING


@dataclass(frozen=True, slots=True)
class Accepted:
    """A line that names a person."""

    document_type: str
    number: str
    name: str
    region: str
    person_token: str


def sort_out(
    lines: Sequence[RosterLineIn], first: int, caller_region: str, token_key: bytes, seen: dict[str, int]
) -> tuple[list[Accepted], list[RefusedLine]]:
    """Separate the lines that name a person from those that do not; ``seen`` remembers people across calls."""
    accepted: list[Accepted] = []
    refused: list[RefusedLine] = []
    for number, line in enumerate(lines, start=first):
        try:
            one = _accepted(line, caller_region, token_key)
            if one.person_token in seen:
                raise DuplicateRosterLine(f"与第 {seen[one.person_token]} 行为同一人 · the same person as there")
        except DomainError as refusal:
            detail = refusal.detail or refusal.code.value.both
            refused.append(RefusedLine(line=number, code=refusal.code.name, detail=detail))
            continue
        seen[one.person_token] = number
        accepted.append(one)
    return accepted, refused


def _accepted(line: RosterLineIn, caller_region: str, token_key: bytes) -> Accepted:
    try:
        number = normalise(line.document_type, line.document_number)
    except InvalidIdentityNumber as problem:
        raise InvalidNumberInRoster(problem.detail) from None
    if not line.name or not line.name.isprintable():
        raise NameMissing
    try:
        region = parse_region(line.region)
    except InvalidRegion:
        raise UnknownRegionInRoster from None
    if not is_village(region) or not covers(caller_region, region):
        raise UnknownRegionInRoster
    token = person_token(token_key, line.document_type, number)
    return Accepted(line.document_type, number, line.name, region, token)
