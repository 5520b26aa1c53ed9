"""What routes ask for: the caller, one transaction per request in the caller's region, and the running service.

Every route is closed unless it names a scope with ``requires`` or its path is on its service's public list.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode
from shared.protection_check import examine_active_key
from shared.service import R_co, Service, ServiceContext
from shared.web import tokens
from shared.web.problems import trace_id


class ScopeMissing(DomainError):
    """The caller may not use this endpoint."""

    code = ErrorCode.SCOPE_MISSING


class PoolingAreaRequired(DomainError):
    """Only who answers for the whole pooling area may do this."""

    code = ErrorCode.POOLING_AREA_REQUIRED


class ProtectionKeysDiffer(DomainError):
    """What would be sealed now could not be read beside what is stored."""

    code = ErrorCode.PROTECTION_KEYS_DIFFER


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a client with its scopes and region; everything it causes carries its name."""

    client: str
    scopes: frozenset[str]
    region: str
    correlation_id: UUID

    def trace(self) -> Trace:
        """The beginning of a causal chain."""
        return Trace(actor=self.client, correlation_id=self.correlation_id)


# Dependencies are coroutines though they await nothing: FastAPI would send a plain function to a thread and back.


async def current_context(request: Request) -> ServiceContext:
    """The service that serves this request."""
    running: ServiceContext = request.app.state.running
    return running


# With the service's resources in brackets, ``CurrentContext[SubsidyResources]``, where a route uses them.
CurrentContext = Annotated[ServiceContext[R_co], Depends(current_context)]


async def current_caller(request: Request) -> Caller:
    """The caller that the bearer token names; raises ``Unauthenticated``."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        known = request.state.caller = _authenticated(request)
    return known


def _authenticated(request: Request) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise tokens.Unauthenticated
    running: ServiceContext = request.app.state.running
    grant = tokens.check(request.app.state.token_key, token.strip(), running.clock.now())
    return Caller(grant.client, grant.scopes, grant.region, trace_id(request))


CurrentCaller = Annotated[Caller, Depends(current_caller)]


@dataclass(frozen=True)
class _Scope:
    """Marks a route's dependency as its scope, so that the lock on the whole app can see it."""

    name: str
    for_whole_area: bool

    async def __call__(self, caller: CurrentCaller, running: CurrentContext) -> None:
        self.authorize(caller, running)

    def authorize(self, caller: Caller, running: ServiceContext) -> None:
        if self.name not in caller.scopes:
            raise ScopeMissing(f"需要 needs {self.name}")
        if self.for_whole_area and not covers(caller.region, running.settings.region):
            raise PoolingAreaRequired


def requires(scope: str, *, for_whole_area: bool = False) -> Any:
    """Open a route to callers that hold ``scope``, where asked only to those who answer for the whole pooling area."""
    return Depends(_Scope(scope, for_whole_area))


async def _seal_rightly(running: CurrentContext) -> None:
    """Refuse to seal with a key that does not open what its name sealed before; asked until a row has shown it."""
    if running.active_key_checked:
        return
    async with running.database.transaction(running.settings.region) as session:
        found = await examine_active_key(await session.connection(), running.service.sealed, running.settings)
    if fault := found.fault():
        raise ProtectionKeysDiffer(fault)
    running.active_key_checked = bool(found.used)


def seals() -> Any:
    """Keep a route that seals names and numbers shut while the keys are not those of the stored rows."""
    return Depends(_seal_rightly)


def scope_of(route: APIRoute) -> str | None:
    """The scope that a route asks for, or None where it names none."""
    scope = _scope_of(route)
    return scope.name if scope is not None else None


def whole_area_only(route: APIRoute) -> bool:
    """Whether a route lets in only those who answer for the whole pooling area."""
    scope = _scope_of(route)
    return scope is not None and scope.for_whole_area


def _scope_of(route: APIRoute) -> _Scope | None:
    for dependency in route.dependencies:
        if isinstance(dependency.dependency, _Scope):
            return dependency.dependency
    return None


def scopes_of(service: Service) -> frozenset[str]:
    """Every scope that a service's routes ask for."""
    routes = [route for router in service.routers for route in router.routes if isinstance(route, APIRoute)]
    return frozenset(filter(None, map(scope_of, routes)))


def authorize(request: Request, route: APIRoute) -> None:
    """Let the caller of a guarded route in, or raise; dependencies ask the same, but only after the body is read."""
    scope = _scope_of(route)
    if scope is not None:
        request.state.caller = caller = _authenticated(request)
        scope.authorize(caller, request.app.state.running)


async def closed_by_default(request: Request, running: CurrentContext) -> None:
    """Refuse a route that names no scope and is not public: a route without a guard stays closed."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        raise ScopeMissing("此接口不对任何人开放 · this endpoint is not open to anybody")
    if scope_of(route) is None and route.path not in running.service.public_paths:
        raise ScopeMissing("此接口不对任何人开放 · this endpoint is not open to anybody")


async def _session(caller: CurrentCaller, running: CurrentContext) -> AsyncIterator[AsyncSession]:
    async with running.database.transaction(caller.region) as session:
        yield session


# scope="function": the commit happens before the reply is sent; by default it would happen after, and a failed commit
# would already have been answered with success.
Session = Annotated[AsyncSession, Depends(_session, scope="function")]


async def _snapshot(caller: CurrentCaller, running: CurrentContext) -> AsyncIterator[AsyncSession]:
    async with running.database.snapshot(caller.region) as session:
        yield session


# For figures that are set beside each other: every statement of the request sees the same moment, and none may write.
Snapshot = Annotated[AsyncSession, Depends(_snapshot, scope="function")]
