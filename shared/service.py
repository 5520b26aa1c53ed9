"""Service: what a service is made of. Each service folder declares one, and that declaration is its only wiring."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, runtime_checkable

from fastapi import APIRouter
from typing_extensions import TypeVar

from shared.audit.table import AuditedTable
from shared.background_failures import BackgroundFailures
from shared.database.engine import Database
from shared.database.sealed import SealedColumn
from shared.domain.clock import Clock
from shared.messaging.bus.protocol import Bus
from shared.messaging.consumer.loop import Subscription
from shared.messaging.outbox.audited import OUTBOX
from shared.pack_in_force import PackFit
from shared.settings import Settings

Role = Literal["web", "work", "all"]
# What a service keeps open. Code that runs any service names none: there it is Any.
R = TypeVar("R", default=Any)
R_co = TypeVar("R_co", covariant=True, default=Any)
R_contra = TypeVar("R_contra", contravariant=True, default=Any)


def _nothing(_: Settings) -> Any:
    return None


@dataclass(frozen=True)
class Job(Generic[R_contra]):
    """Background work in bounded steps: ``step`` does one batch in its own transactions and says how much it did.

    A step that did something is called again at once; otherwise the job waits for its wake-up or ``interval_s``.
    """

    name: str
    step: "Callable[[ServiceContext[R_contra]], Awaitable[int]]"
    interval_s: float = 1.0


@dataclass(frozen=True)
class Service(Generic[R]):
    """A service: its name, routes, events, background work, tables and what it keeps open while it runs."""

    name: str
    routers: tuple[APIRouter, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    jobs: tuple[Job[R], ...] = ()
    migrations: Path | None = None
    resources: Callable[[Settings], R] = _nothing
    public_paths: frozenset[str] = frozenset()
    # What it measures of its own rows, by name; read now and then, where metrics are served at all.
    gauges: "Mapping[str, Callable[[ServiceContext[R]], Awaitable[None]]]" = field(default_factory=dict)
    mount: str | None = None
    # Its encrypted columns: the keys that sealed them are needed for as long as the rows stand.
    sealed: tuple[SealedColumn, ...] = ()
    # Its tables whose rows are hashed in blocks; the outbox is one of them wherever there is a database.
    audited: tuple[AuditedTable, ...] = ()

    @property
    def prefix(self) -> str:
        """Where its routes begin: ``/name``, unless the service says otherwise."""
        return f"/{self.name}" if self.mount is None else self.mount

    @property
    def audited_tables(self) -> tuple[AuditedTable, ...]:
        """Every table of its database that is sealed in blocks."""
        return () if self.migrations is None else (*self.audited, OUTBOX)


@runtime_checkable
class Startable(Protocol):
    """Resources that need the running service before the first request, such as a writer with its own task."""

    async def start(self, context: "ServiceContext[object]") -> None:
        """Begin."""


@runtime_checkable
class Complete(Protocol):
    """Resources that may lack something without which the service is of no use, though it runs."""

    needs: str  # what it is, as readiness names it

    def missing(self) -> str:
        """What is missing and its remedy; nothing where all is there."""


@runtime_checkable
class Noted(Protocol):
    """Resources about which something may be amiss though the service is of use all the same."""

    def notes(self) -> str:
        """What is amiss; nothing where all is well."""


@runtime_checkable
class UnderPolicy(Protocol):
    """Resources that work by a policy pack."""

    @property
    def fit(self) -> PackFit:
        """Whether the pack is that of the region and year that are set."""


@runtime_checkable
class Closable(Protocol):
    """Resources that hold something open."""

    async def aclose(self) -> None:
        """Let go."""


@dataclass
class ServiceContext(Generic[R_co]):
    """A service while it runs, with its resources: what routes, jobs and handlers may use.

    Code that needs a service's resources asks for ``ServiceContext[ThatServicesResources]``; code that needs none asks
    for ``ServiceContext[object]`` and is given any.
    """

    service: Service[Any]
    settings: Settings
    clock: Clock
    database: Database
    resources: R_co
    role: Role = "all"
    bus: Bus | None = None
    failures: BackgroundFailures = field(default_factory=BackgroundFailures)
    keys_complete: bool = False  # every key that sealed a row was found at hand, in this process's life
    active_key_checked: bool = False  # a row was found that the key which seals new ones opens
    keys_asked_again_at: float = 0.0  # monotonic seconds; until then the rows are not read again
    refused: str | None = None  # why the bus is not ours, with the remedy
    # Set unless the bus shows that others know what this database does not: its jobs would build on what was lost.
    may_work: asyncio.Event = field(default_factory=asyncio.Event)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    # Set before the web server waits for replies in hand: a reply that has no end of its own ends now.
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    _wakes: dict[str, asyncio.Event] = field(default_factory=dict)

    def wake(self, job: str) -> None:
        """Let a job look for work now."""
        self.wake_event(job).set()

    def wake_in(self, job: str, seconds: float) -> None:
        """Let a job look for work in so many seconds, sooner than its interval says."""
        asyncio.get_running_loop().call_later(seconds, self.wake, job)

    def wake_event(self, job: str) -> asyncio.Event:
        """The event that a job waits on."""
        return self._wakes.setdefault(job, asyncio.Event())
