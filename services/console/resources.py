"""What the console keeps while it runs: one look-out for all browsers, and the pages."""

import asyncio

from services.console.asking import Asker
from services.console.lookout import Lookout
from services.console.pages import Pages
from shared.service import ServiceContext
from shared.settings import Settings


class ConsoleResources:
    """The look-out and the pages."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; the look-out begins with the service's clock when it starts."""
        self.pages = Pages(settings)
        self._asker = Asker(settings)
        self._lookout: Lookout | None = None
        self._farewell: asyncio.Task[None] | None = None

    def missing(self) -> str:
        """What the console cannot work without: its client, with the command that makes one; else nothing."""
        if not self._asker.lacks_client:
            return ""
        return (
            "CANBAO_CONSOLE_CLIENT_SECRET: 缺少或无效，运行 canbao clients add"
            " · missing or refused, run canbao clients add"
        )

    @property
    def lookout(self) -> Lookout:
        """The one look at the services."""
        if self._lookout is None:
            raise RuntimeError("the console has not been started")
        return self._lookout

    async def start(self, context: ServiceContext[object]) -> None:
        """Begin with the service's clock."""
        self._lookout = Lookout(self._asker, context.clock)
        self._farewell = asyncio.create_task(_dismiss_when_leaving(self._lookout, context))

    async def aclose(self) -> None:
        """Send the watchers home."""
        if self._farewell is not None:
            self._farewell.cancel()
        if self._lookout is not None:
            await self._lookout.aclose()
        else:
            await self._asker.aclose()


async def _dismiss_when_leaving(lookout: Lookout, context: ServiceContext[object]) -> None:
    """A stream never ends by itself; without this the web server would wait for it until its patience ends."""
    await context.leaving.wait()
    await lookout.dismiss()
