"""Databases of one test, each copied from its template when it is first asked for: most tests use one of the five."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import PrivateAttr

from shared.database.provision import BUS
from shared.settings import Settings
from tests.harness.cluster import SERVICES, Clones, Cluster, new_suffix

TEMPLATES = (*SERVICES, BUS)


class Copies:
    """What has been copied so far, all under one suffix."""

    def __init__(self, cluster: Cluster) -> None:
        self.suffix = new_suffix()
        self._cluster = cluster
        self._made: dict[str, str] = {}

    def __reduce__(self) -> tuple[type["Elsewhere"], tuple[()]]:
        """Another process finds the databases that this one has made."""
        return Elsewhere, ()

    def need(self, *templates: str) -> None:
        """Have these copied; from inside a loop too, because an address is asked for anywhere."""
        missing = [each for each in templates if each in TEMPLATES and each not in self._made]
        if missing:
            with ThreadPoolExecutor(1) as aside:
                made = aside.submit(lambda: asyncio.run(self._cluster.clone(missing, self.suffix))).result()
            self._made.update(made.names)

    async def drop(self) -> None:
        """Remove what was copied."""
        await self._cluster.drop(Clones(self._cluster, self.suffix, self._made))


class Elsewhere:
    """The copies as another process sees them: made already."""

    def need(self, *templates: str) -> None:
        """Nothing is left to be copied."""


class CopiedSettings(Settings):
    """Settings whose databases come to be when their addresses are asked for."""

    _copies: Copies | Elsewhere = PrivateAttr(default_factory=Elsewhere)

    def on(self, copies: Copies, **places: Any) -> "CopiedSettings":
        """The same, on these copies."""
        changed = self.model_copy(update=places)
        changed._copies = copies
        return changed

    def need(self, *templates: str) -> None:
        """Have these databases copied now, for somebody who puts addresses together alone."""
        self._copies.need(*templates)

    def service_url(self, service: str) -> str:
        """As in settings, once the database is there."""
        self._copies.need(service)
        return super().service_url(service)

    def bus_url(self, service: str) -> str:
        """As in settings, once the database is there."""
        self._copies.need(BUS)
        return super().bus_url(service)

    def owner_url(self, database: str) -> str:
        """As in settings, once the database is there."""
        self._copies.need(database)
        return super().owner_url(database)

    def auditor_url(self, database: str) -> str:
        """As in settings, once the database is there."""
        self._copies.need(database)
        return super().auditor_url(database)


def copied(settings: Settings) -> None:
    """Have every database of a test's settings copied, before other processes know of them."""
    if isinstance(settings, CopiedSettings):
        settings.need(*TEMPLATES)
