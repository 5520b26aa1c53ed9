"""Registration's part of the CLI: who may call."""

import asyncio
import secrets
from typing import Annotated

import typer

from services.registration.clients import service
from shared.database.engine import Database
from shared.settings import Settings

clients = typer.Typer(help="API 客户端 · the systems that may call", no_args_is_help=True)


@clients.command()
def add(
    name: str,
    scope: Annotated[list[str], typer.Option(help="service:verb, may be given several times")],
    region: Annotated[str, typer.Option(help="region prefix that the client may see")],
) -> None:
    """Let a client call; prints its new secret, once."""
    secret = secrets.token_urlsafe(32)
    asyncio.run(save_client(Settings(), name, secret, scope, region))
    typer.echo(secret)


async def save_client(settings: Settings, name: str, secret: str, scopes: list[str], region: str) -> None:
    """Store one client in registration's database."""
    database = Database(settings.service_url("registration"), pool_size=1, application_name="canbao clients")
    try:
        async with database.transaction(settings.region) as session:
            await service.save(session, name, secret, scopes, region)
    finally:
        await database.dispose()
