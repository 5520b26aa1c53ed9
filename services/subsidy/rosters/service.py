"""Records rosters and takes people off them; the people affected are priced again afterwards."""

import asyncio
import hashlib
import hmac
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.changes import repository as changes
from services.subsidy.changes.repository import ChangedPerson
from services.subsidy.resources import SubsidyResources
from services.subsidy.rosters import repository
from services.subsidy.rosters.line_checks import AcceptedLine, InvalidNumberInRoster, deduplicate, validate_lines
from services.subsidy.rosters.repository import Roster, SealedLine, StoredLine
from services.subsidy.rosters.schemas import RefusedLine, RosterIn, WithdrawalIn
from shared.contracts.event import Trace
from shared.domain.identity_number import InvalidIdentityNumber, mask, normalise
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode, NotFound
from shared.protection import Vault, person_token

PORTION = 250  # lines between two turns of the loop: ciphers are work, and others want to be served


class RosterLineWithdrawn(DomainError):
    """The person was taken off the roster before, on another day or for another reason."""

    code = ErrorCode.ROSTER_LINE_WITHDRAWN


async def upload(
    session: AsyncSession, resources: SubsidyResources, region: str, body: RosterIn, trace: Trace
) -> tuple[Roster, bool]:
    """Record a roster and return whether it is new; the same content again is answered as it was the first time."""
    mac = hmac.new(resources.token_key, body.model_dump_json().encode(), hashlib.sha256).hexdigest()
    before = await repository.same_roster(session, region, mac)
    if before is not None:
        return before, False
    accepted, refused = await _validated(body, region, resources.token_key)
    roster_id = new_id()
    new: list[ChangedPerson] = []
    for start in range(0, len(accepted), PORTION):
        sealed = [_sealed(resources.vault, line) for line in accepted[start : start + PORTION]]
        new += await repository.add_lines(session, roster_id, body.identity, body.certified_on, sealed, trace)
    roster = Roster(
        id=roster_id,
        identity=body.identity.value,
        department=body.department,
        certified_on=body.certified_on,
        document=body.document,
        accepted=len(accepted),
        unchanged=len(accepted) - len(new),
        refused=[line.model_dump() for line in refused],
    )
    await repository.add_roster(session, roster, region, mac, trace)
    await changes.queue(session, new, trace)
    return roster, True


async def withdraw(
    session: AsyncSession, resources: SubsidyResources, roster_id: UUID, body: WithdrawalIn, trace: Trace
) -> StoredLine:
    """Take one person off a roster; the same withdrawal again changes nothing."""
    try:
        number = normalise(body.document_type, body.document_number)
    except InvalidIdentityNumber as problem:
        raise InvalidNumberInRoster(problem.detail, pointer="/document_number") from None
    token = person_token(resources.token_key, body.document_type, number)
    line = await repository.lock_line(session, roster_id, token)
    if line is None:
        raise NotFound
    if line.withdrawn_on is None:
        await repository.withdraw(session, line.line_id, body.withdrawn_on, body.reason, trace.actor)
        await changes.queue(session, [ChangedPerson(token, line.region)], trace)
    elif (line.withdrawn_on, line.reason) != (body.withdrawn_on, body.reason):
        raise RosterLineWithdrawn(f"已于 {line.withdrawn_on} 撤销 · withdrawn")
    return line


def _sealed(vault: Vault, line: AcceptedLine) -> SealedLine:
    """Encrypt a line's number and name, bound to the id of the line."""
    line_id = new_id()
    return SealedLine(
        id=line_id,
        region=line.region,
        person_token=line.person_token,
        document_type=line.document_type,
        document_number=vault.encrypt("roster_line", "document_number", line_id, line.number),
        masked_number=mask(line.number),
        person_name=vault.encrypt("roster_line", "person_name", line_id, line.name),
    )


async def _validated(body: RosterIn, region: str, token_key: bytes) -> tuple[list[AcceptedLine], list[RefusedLine]]:
    """Accepted lines in the order of their tokens, in which everybody locks people, and the refused ones."""
    naming: list[AcceptedLine] = []
    refused: list[RefusedLine] = []
    for start in range(0, len(body.lines), PORTION):
        some, others = validate_lines(body.lines[start : start + PORTION], start + 1, region, token_key)
        naming += some
        refused += others
        await asyncio.sleep(0)
    accepted, repeated = deduplicate(body.department, body.identity, naming)
    refused = sorted([*refused, *repeated], key=lambda line: line.line)
    return sorted(accepted, key=lambda line: line.person_token), refused
