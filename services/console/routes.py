"""The console's endpoints: the page, its event stream and its own files. Public.

It shows the county's totals in whole tens; on a loopback address exact figures and the townships, too.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import FileResponse, HTMLResponse
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.console.page_renderer import FOLDER
from services.console.resources import ConsoleResources
from services.console.translations import Lang, language
from shared.errors import NotFound
from shared.web.dependencies import CurrentContext

ROUTER = APIRouter(include_in_schema=False)

FILES = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
# Nothing from another host, no inline script or style, no frame: an office network needs nothing else.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def _resources(context: CurrentContext[ConsoleResources]) -> ConsoleResources:
    return context.resources


def _language(lang: Annotated[str | None, Query()] = None) -> Lang:
    return language(lang)


Console = Annotated[ConsoleResources, Depends(_resources)]
Language = Annotated[Lang, Depends(_language)]


@ROUTER.head("/", include_in_schema=False)
@ROUTER.get("/")
async def show(console: Console, lang: Language) -> HTMLResponse:
    """The page, whole without any script."""
    return HTMLResponse(console.pages.whole(await console.poller.poll(), lang), headers=HEADERS)


@ROUTER.get("/stream")
async def stream(
    console: Console,
    lang: Language,
    seen: Annotated[str, Query(max_length=64)] = "",
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> EventSourceResponse:
    """The live part of the page, each time it differs from what the browser has seen."""
    return EventSourceResponse(_changes(console, lang, last_event_id or seen), ping=15)


@ROUTER.get("/static/{name}")
async def static(name: str) -> Response:
    """One of the page's own files."""
    if name not in FILES:
        raise NotFound
    return FileResponse(FOLDER / "static" / name, media_type=FILES[name], headers=HEADERS)


async def _changes(console: ConsoleResources, lang: Lang, seen: str) -> AsyncIterator[ServerSentEvent]:
    async with aclosing(console.poller.watch()) as snapshots:
        async for snapshot in snapshots:
            html, digest = console.pages.live(snapshot, lang)
            if digest != seen:
                seen = digest
                yield ServerSentEvent(html, event="live", id=digest, retry=2000)
