"""What the console keeps while it runs: one poller for all browsers, and the renderer of its pages."""

import asyncio

from services.console.page_renderer import PageRenderer
from services.console.service_client import ServiceClient
from services.console.snapshot_poller import SnapshotPoller
from shared.service import ServiceContext
from shared.settings import Settings


class ConsoleResources:
    """The poller and the renderer."""

    needs = "client"

    def __init__(self, settings: Settings) -> None:
        """Prepare; the poller begins with the service's clock when it starts."""
        self.pages = PageRenderer(settings)
        self._client = ServiceClient(settings)
        self._poller: SnapshotPoller | None = None
        self._stop_task: asyncio.Task[None] | None = None

    def missing(self) -> str:
        """What the console cannot work without: its client, with the command that makes one; else nothing."""
        if not self._client.lacks_client:
            return ""
        return (
            "CANBAO_CONSOLE_CLIENT_SECRET: 缺少或无效，运行 canbao clients add"
            " · missing or refused, run canbao clients add"
        )

    @property
    def poller(self) -> SnapshotPoller:
        """The one poller of the services."""
        if self._poller is None:
            raise RuntimeError("the console has not been started")
        return self._poller

    async def start(self, context: ServiceContext[object]) -> None:
        """Begin with the service's clock."""
        self._poller = SnapshotPoller(self._client, context.clock)
        self._stop_task = asyncio.create_task(_stop_when_leaving(self._poller, context))

    async def aclose(self) -> None:
        """Stop the background poll and close open event streams and connections."""
        if self._stop_task is not None:
            self._stop_task.cancel()
        if self._poller is not None:
            await self._poller.aclose()
        else:
            await self._client.aclose()


async def _stop_when_leaving(poller: SnapshotPoller, context: ServiceContext[object]) -> None:
    """An event stream has no end of its own; without this the web server would wait for it until its time limit."""
    await context.leaving.wait()
    await poller.stop()
