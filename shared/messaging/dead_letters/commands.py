"""``canbao replay``: see dead letters, take them in again, or give them up; and send again what the bus has lost."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from shared.command_line import Commands
from shared.messaging.dead_letters import replay
from shared.messaging.dead_letters.replay import DeadLetterContext, ReplayOutcome
from shared.messaging.outbox.sending_again import send_again

T = TypeVar("T")
# Before it there are no events, and the calendar ends where a moment of its first year is counted in another zone.
_FIRST_YEAR = 2000
# Opens what a service's dead letters need, by the service's name.
Opener = Callable[[str], AbstractAsyncContextManager[DeadLetterContext]]

_OUTCOME_TEXT: dict[ReplayOutcome, str] = {
    "DONE": "已处理 · done",
    "STILL_DEAD": "仍然失败 · fails again, still waiting",
    "NOT_WAITING": "无需处理 · nothing waits under this id",
}
_ServiceName = Annotated[str, typer.Argument(help="死信所属的服务 · the service whose dead letters these are")]


def replay_commands(open_context: Opener, services: Collection[str]) -> typer.Typer:
    """The commands, for the services that an installation has."""
    commands = _ReplayCommands(open_context, services)
    app = Commands(help="死信处理与补发 · dead letters: list, run, discard; outbox: send again", no_args_is_help=True)
    app.command("list")(commands.list_)
    app.command("run")(commands.run)
    app.command("discard")(commands.discard)
    app.command("outbox")(commands.outbox)
    return app


class _ReplayCommands:
    def __init__(self, open_context: Opener, services: Collection[str]) -> None:
        self._open, self._services = open_context, services

    def list_(self, service: _ServiceName) -> None:
        """列出一个服务的死信 · list the dead letters of a service, oldest first."""
        letters = self._on(service, lambda context: replay.waiting(context.database, context.region))
        for letter in letters:
            typer.echo(
                f"{letter.id}  {letter.recorded_at:%Y-%m-%d %H:%M:%S}  {letter.event or '?'}  {letter.reason}"
                f"  tried {letter.attempts}×  behind it {letter.behind}\n    {letter.error}"
            )
        typer.echo(f"{len(letters)} 封死信 · dead letters waiting")

    def run(
        self,
        service: _ServiceName,
        letter: Annotated[UUID | None, typer.Argument(help="死信编号 · the dead letter's id")] = None,
        all_: Annotated[
            bool, typer.Option("--all", help="全部死信，先旧后新 · every one that waits, oldest first")
        ] = False,
    ) -> None:
        """重新处理死信，可重复执行 · take dead letters in again, and what waits behind them; safe to repeat."""
        if all_ == (letter is not None):
            raise typer.BadParameter("一个编号或 --all · either an id or --all")
        outcomes = self._on(service, lambda context: _replay(context, letter))
        for each, outcome in outcomes:
            typer.echo(f"{each}  {_OUTCOME_TEXT[outcome]}")
        if any(outcome == "STILL_DEAD" for _, outcome in outcomes):
            raise typer.Exit(1)

    def discard(
        self,
        service: _ServiceName,
        letter: Annotated[UUID, typer.Argument(help="死信编号 · the dead letter's id")],
        because: Annotated[str, typer.Option(help="放弃的理由，一并留存 · why this event may be lost; kept with it")],
    ) -> None:
        """放弃一条死信，其后的事件继续处理 · give a dead letter up for good; what waits behind it goes on."""
        outcome = self._on(service, lambda context: replay.discard(context, letter, operator(), because))
        said = (
            "已放弃，其后的事件继续处理 · given up; what waited behind it goes on"
            if outcome == "DONE"
            else _OUTCOME_TEXT[outcome]
        )
        typer.echo(f"{letter}  {said}")

    def outbox(
        self,
        since: Annotated[
            datetime,
            typer.Option(
                metavar="WHEN",
                formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
                help="补发自此时起标为已发送的事件；不带时区时按本机时区"
                " · send again what was marked as sent from then on; in this machine's time zone unless it has one",
            ),
        ],
        service: Annotated[
            str | None, typer.Option(help="只补发一个服务的事件，默认全部 · only this service's events; all without it")
        ] = None,
    ) -> None:
        """补发已标为发送的事件，供总线丢失后用；订阅方自行去重，可重复执行 · send again what was marked as sent, for a
        bus that lost it; consumers drop what they know, so it is safe to repeat.
        """
        if since.year < _FIRST_YEAR:
            raise typer.BadParameter(f"早于 {_FIRST_YEAR} 年 · before the year {_FIRST_YEAR}", param_hint="--since")
        for name in [service] if service is not None else self._services:
            again = self._on(
                name, lambda context: send_again(context.database, context.region, since=since.astimezone())
            )
            typer.echo(f"{name}  {again} 条事件将再次发送 · events will be sent again")

    def _on(self, service: str, work: Callable[[DeadLetterContext], Awaitable[T]]) -> T:
        if service not in self._services:
            known = ", ".join(self._services)
            raise typer.BadParameter(f"没有名为 {service} 的服务 · no such service; choose {known}")

        async def opened() -> T:
            async with self._open(service) as context:
                return await work(context)

        return asyncio.run(opened())


async def _replay(context: DeadLetterContext, letter: UUID | None) -> list[tuple[UUID, ReplayOutcome]]:
    if letter is not None:
        return [(letter, await replay.replay(context, letter, operator()))]
    outcomes: list[tuple[UUID, ReplayOutcome]] = []
    after = None
    while page := await replay.waiting(context.database, context.region, after=after):
        after = page[-1].id
        outcomes += [(each.id, await replay.replay(context, each.id, operator())) for each in page]
    return outcomes


def operator() -> str:
    """Who types the command, as it is recorded beside what it does."""
    return f"operator:{getpass.getuser()}"
