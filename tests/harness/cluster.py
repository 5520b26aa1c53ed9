"""One PostgreSQL per test session, and databases copied from a template per test, so that real commits happen."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.database.embedded import EmbeddedPostgres
from shared.database.provision import BUS, connect_privileges, login_role, member_of
from shared.setting_groups.databases import database_name

SERVICES = ("registration", "payment", "subsidy", "quota")
_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 1 << 30
_PREFIX = "canbao-test-"
_A_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Clones:
    """Databases of one test: a copy of each template, named by the template and a common suffix."""

    cluster: Cluster
    suffix: str
    names: Mapping[str, str]

    def url(self, template: str, role: str | None = None) -> str:
        """Where a role (a service, `owner`, `auditor`; by default the template's own service) finds its copy."""
        return self.cluster.url(role or template, self.names[template])


@dataclass(slots=True)
class Cluster:
    """A provisioned server; `registration`, `payment`, … and `bus` exist, empty until somebody migrates them."""

    postgres: EmbeddedPostgres
    passwords: Mapping[str, str]

    @property
    def admin_url(self) -> str:
        """The superuser's URL, for making and dropping databases."""
        return self.postgres.admin_url

    def url(self, role: str, database: str) -> str:
        """Where a service, `owner` or `auditor` connects to a database."""
        return self.postgres.url(login_role(role), self.passwords[role], _name(database))

    @asynccontextmanager
    async def cloned(self, templates: Sequence[str]) -> AsyncIterator[Clones]:
        """Copies for the length of a block; nobody may be connected to a template meanwhile."""
        clones = await self.clone(templates)
        try:
            yield clones
        finally:
            await self.drop(clones)

    async def clone(self, templates: Sequence[str], suffix: str | None = None) -> Clones:
        """Copy each template under a name of its own (10 ms each in memory, 100 ms on a disk)."""
        suffix = suffix or new_suffix()
        names = {template: f"{_name(template)}{suffix}" for template in templates}
        admin = await asyncpg.connect(self.admin_url)
        try:
            for template, name in names.items():
                # Copying files beats writing the copy to the log three times over for databases as small as these.
                await admin.execute(
                    f'CREATE DATABASE "{name}" OWNER canbao_owner TEMPLATE "{_name(template)}" STRATEGY FILE_COPY'
                )
                await admin.execute(connect_privileges(name, member=member_of(_kind(template))))
        finally:
            await admin.close()
        return Clones(self, suffix, names)

    async def drop(self, clones: Clones) -> None:
        """Remove the copies, and end the sessions in them."""
        admin = await asyncpg.connect(self.admin_url)
        try:
            for name in clones.names.values():
                await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        finally:
            await admin.close()


def _name(template: str) -> str:
    """A template by the name that the server knows: a service's own, or that of a copy (`canbao_payment_t7`)."""
    return template if template.startswith("canbao_") else database_name(template)


def _kind(template: str) -> str:
    """Whose database a template is, also when it is itself a copy (`canbao_payment_t7`)."""
    short = template.removeprefix("canbao_")
    known = (name for name in (*SERVICES, BUS) if short == name or short.startswith(f"{name}_"))
    return next(known, template)


_NUMBERS = itertools.count(1)


def new_suffix() -> str:
    """An ending that no copy has yet."""
    return f"_t{next(_NUMBERS)}"


def scratch_folder() -> Path:
    """A new folder in memory where there is enough of it: commits stay real, but waiting for a disk is not the test."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ENOUGH_BYTES:
        return Path(tempfile.mkdtemp(prefix=_PREFIX))
    for left in _MEMORY.glob(f"{_PREFIX}*"):  # by a session that was killed: it would hold memory until the next boot
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - _A_DAY_S:
                shutil.rmtree(left)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY))
