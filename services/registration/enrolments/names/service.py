"""Names entered by earlier versions get their token, which is announced to payment."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments.names import repository
from services.registration.enrolments.names.repository import TokenedName, UntokenedName
from services.registration.resources import RegistrationResources
from shared.contracts.registration import PersonNamed
from shared.messaging.outbox.publication import publish
from shared.protection import name_token


async def name_portion(session: AsyncSession, resources: RegistrationResources, most: int) -> int:
    """Give up to ``most`` names their token and announce them; returns how many.

    A name of before names were checked gets one as well: it is compared as it stands, and changed by nobody here.
    """
    found = await repository.lock_untokened(session, most)
    tokens = {one.id: _token(resources, one) for one in found}
    await repository.record(session, [TokenedName(*each) for each in tokens.items()])
    await publish(session, [(_named(one, tokens[one.id]), one.trace) for one in found])
    return len(found)


def _token(resources: RegistrationResources, one: UntokenedName) -> str:
    name = resources.vault.decrypt("enrolment", "person_name", one.id, one.person_name)
    return name_token(resources.token_key, one.person_token, name)


def _named(one: UntokenedName, token: str) -> PersonNamed:
    return PersonNamed(
        region=one.region,
        benefit_year=one.benefit_year,
        enrolment_id=one.id,
        person_token=one.person_token,
        name_token=token,
    )
