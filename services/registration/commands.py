"""Registration's part of the CLI: who may call."""

import asyncio
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated

import typer

from services.registration.clients import service
from shared.database.engine import Database
from shared.domain.region import InvalidRegion, covers, parse_region
from shared.settings import Settings


def client_commands(known_scopes: Callable[[], Collection[str]]) -> typer.Typer:
    """``canbao clients``; ``known_scopes`` are those that the doors of all services ask for."""
    clients = typer.Typer(help="API 客户端 · the systems that may call", no_args_is_help=True)

    @clients.callback()
    def group() -> None:
        """Keep ``add`` a command of its own: typer would otherwise fold the only one away."""

    @clients.command()
    def add(
        name: Annotated[str, typer.Argument(help="what the client is called; its name stands beside all it causes")],
        scope: Annotated[list[str], typer.Option(help="service:verb, may be given several times")],
        region: Annotated[str, typer.Option(help="region prefix that the client may see: county, town or village")],
        secret_file: Annotated[
            Path | None, typer.Option(help="file with the secret that the client has already; then none is printed")
        ] = None,
    ) -> None:
        """Let a client call; prints its new secret, once. A client of that name gets the new secret and scopes."""
        settings = Settings()
        _refuse_unknown_scopes(scope, known_scopes())
        _refuse_foreign_region(region, settings.region)
        secret = secrets.token_urlsafe(32) if secret_file is None else secret_file.read_text(encoding="utf-8").strip()
        asyncio.run(save_client(settings, name, secret, scope, region))
        if secret_file is None:
            typer.echo(secret)

    return clients


def _refuse_unknown_scopes(scopes: list[str], known: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(known))
    if unknown:
        raise typer.BadParameter(
            f"没有这样的权限 · no door asks for: {', '.join(unknown)}\n可用 · choose from: {', '.join(sorted(known))}",
            param_hint="--scope",
        )


def _refuse_foreign_region(region: str, area: str) -> None:
    try:
        inside = region == area or covers(area, parse_region(region))
    except InvalidRegion as invalid:
        raise typer.BadParameter(f"区划代码应为 6、9 或 12 位数字 · {invalid}", param_hint="--region") from invalid
    if not inside:
        raise typer.BadParameter(
            f"不在本统筹区内 · {region} is not in {area}, this installation's CANBAO_REGION", param_hint="--region"
        )


async def save_client(settings: Settings, name: str, secret: str, scopes: list[str], region: str) -> None:
    """Store one client in registration's database."""
    database = Database(settings.service_url("registration"), pool_size=1, application_name="canbao clients")
    try:
        async with database.transaction(settings.region) as session:
            await service.save(session, name, secret, scopes, region)
    finally:
        await database.dispose()
