"""Comparing names without knowing any: by tokens that registration and the endpoint of a bank made of one key."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.people import repository
from services.payment.people.repository import KnownName


class NameVerdict(StrEnum):
    """What is known of a person and a name; only the first two compare anything, and none of them decides by itself.

    NOT_REGISTERED says that no enrolment of the person is known here, in the caller's region, by now: the announcement
    may be on its way. NOT_COMPARED says that a person is registered, and that one of the two sides has no name.
    """

    MATCHES = "MATCHES"
    NAME_DIFFERS = "NAME_DIFFERS"
    NOT_REGISTERED = "NOT_REGISTERED"
    NOT_COMPARED = "NOT_COMPARED"


async def compare(session: AsyncSession, names: Mapping[str, str | None]) -> dict[str, NameVerdict]:
    """For each person token: whether the name token given with it is that of the person's newest enrolment.

    Give None where a line names nobody. The tokens are those of `shared.protection`; at most 5,000 people at once.
    """
    known = await repository.newest(session, names)
    return {person: _verdict(known.get(person), token) for person, token in names.items()}


def _verdict(known: KnownName | None, token: str | None) -> NameVerdict:
    if known is None:
        return NameVerdict.NOT_REGISTERED
    if known.name_token is None or token is None:
        return NameVerdict.NOT_COMPARED
    return NameVerdict.MATCHES if known.name_token == token else NameVerdict.NAME_DIFFERS
