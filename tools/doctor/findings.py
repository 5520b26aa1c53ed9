"""What a check can find, as data: a stable code, how grave it is, and the remedy, in both languages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.domain.clock import Clock
from shared.service import Service
from shared.settings import Settings

Level = Literal["ok", "info", "warn", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, about one subject such as a database or a file; never holds a secret."""

    code: str
    level: Level
    subject: str
    zh: str
    en: str
    remedy_zh: str = ""
    remedy_en: str = ""


@dataclass(frozen=True, slots=True)
class FindingType:
    """A kind of finding. The code never changes once released: monitoring relies on it."""

    code: str
    level: Level
    zh: str
    en: str
    remedy_zh: str = ""
    remedy_en: str = ""

    def at(self, subject: str = "", **values: object) -> Finding:
        """This type of finding at one subject, with the places of its sentences filled."""
        said = (each.format(**values) for each in (self.zh, self.en, self.remedy_zh, self.remedy_en))
        return Finding(self.code, self.level, subject, *said)


@dataclass(frozen=True, slots=True)
class ExaminedInstallation:
    """What is examined, and from where: settings, services, data folder and port."""

    settings: Settings
    services: Sequence[Service]
    clock: Clock
    folder: Path
    port: int
    # Databases that could not be opened: nothing else is asked of them.
    closed: set[str] = field(default_factory=set)

    @property
    def with_database(self) -> Mapping[str, Service]:
        """The services that have a database, by name."""
        return {service.name: service for service in self.services if service.migrations is not None}


@dataclass(frozen=True, slots=True)
class Check:
    """A question about the installation as a whole, and how long the answer may take."""

    name: str
    ask: Callable[[ExaminedInstallation], Awaitable[Sequence[Finding]]]
    within_s: float = 10.0


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """One database, opened as the service's own role."""

    installation: ExaminedInstallation
    name: str
    connection: AsyncConnection


@dataclass(frozen=True, slots=True)
class DatabaseCheck:
    """A question to each database, and how long the answer may take."""

    name: str
    ask: Callable[[OpenDatabase], Awaitable[Sequence[Finding]]]
    within_s: float = 10.0
