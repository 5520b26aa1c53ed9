"""The rows of names, one for each enrolment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.registration import EnrolmentRegistered, PersonNamed
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all


@dataclass(frozen=True, slots=True)
class KnownName:
    """A registered person and the token of their name; None where registration has not said it yet."""

    person_token: str
    name_token: str | None


_NAMES = ColumnMap[EnrolmentRegistered | PersonNamed](
    {"enrolment_id": "uuid", "region": "text", "person_token": "text", "name_token": "text"}
)
# What an enrolment's events say comes in their order; one without a token takes none away.
_RECORD = insert_rows(
    "person_name",
    _NAMES,
    order_by="n.enrolment_id",
    then="""
    ON CONFLICT (enrolment_id) DO UPDATE SET name_token = EXCLUDED.name_token
    WHERE EXCLUDED.name_token IS NOT NULL AND person_name.name_token IS DISTINCT FROM EXCLUDED.name_token
    """,
)
# The name of a person is that of the enrolment registered last, of those that the caller's region may see. One look
# into an index for each of those asked about.
_NEWEST = text(
    """
    SELECT n.person_token, known.name_token
    FROM unnest(CAST(:people AS text[])) AS n (person_token)
    CROSS JOIN LATERAL (
        SELECT name_token FROM person_name
        WHERE person_token = n.person_token ORDER BY person_token, enrolment_id DESC LIMIT 1
    ) AS known
    """
)


async def record(session: AsyncSession, named: Sequence[EnrolmentRegistered | PersonNamed]) -> None:
    """Store what registration said of names, each enrolment at most once."""
    if named:
        await session.execute(_RECORD, _NAMES.arrays(named))


async def newest(session: AsyncSession, people: Collection[str]) -> Mapping[str, KnownName]:
    """What is known of these people, as far as the transaction's region may see it; strangers are left out."""
    found = await fetch_all(session, _NEWEST, KnownName, {"people": sorted(set(people))}) if people else []
    return {one.person_token: one for one in found}
