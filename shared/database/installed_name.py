"""Whose the databases on a server are: the installation's name that was written down when they were first migrated."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from shared.database.older_names import OWNER, database_at, read_only_at
from shared.setting_groups.databases import database_name
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, fixed_at_installation

_TIMEOUT_S = 60.0
# Another owner's are not looked into here: provisioning refuses them.
_PRESENT = "SELECT datname FROM pg_database WHERE datname = ANY($1::text[]) AND pg_get_userbyid(datdba) = $2"
_HAS_NAMES = """
    SELECT EXISTS (
        SELECT FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.oid = to_regclass('public.messaging_installation') AND c.relkind = 'r'
        AND a.attname IN ('service', 'installation') AND a.atttypid = 'text'::regtype
        HAVING count(*) = 2
    )
"""
_NAME = "SELECT installation FROM ONLY public.messaging_installation WHERE service = $1"


async def refuse_other_installation(settings: Settings, services: Sequence[str]) -> None:
    """Raise UnusableSetting where a service's database on the server was installed under another name; changes nothing.

    A database that was never migrated has no name yet; `canbao migrate` asks those that still have an older name.
    """
    admin = await asyncpg.connect(settings.admin_url, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S)
    try:
        names = [database_name(service) for service in services]
        present = {row["datname"] for row in await admin.fetch(_PRESENT, names, OWNER)}
    finally:
        await admin.close()
    for service in services:
        if database_name(service) not in present:
            continue
        found = await _name_of(database_at(settings.admin_url, database_name(service)), service)
        if found is not None and found != settings.installation:
            raise UnusableSetting(
                fixed_at_installation(
                    "CANBAO_INSTALLATION", service, "installation", found=found, given=settings.installation
                )
            )


async def _name_of(place: str, service: str) -> str | None:
    async with read_only_at(place) as connection:
        if not await connection.fetchval(_HAS_NAMES):
            return None
        name: str | None = await connection.fetchval(_NAME, service)
        return name
