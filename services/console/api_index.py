"""The way to the API pages of the services that the page watches. Public; it holds no figure."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from shared.names import names_of
from shared.web.api_page import render

ROUTER = APIRouter(include_in_schema=False)


@ROUTER.get("/docs")
async def show_index(lang: Annotated[str | None, Query()] = None) -> HTMLResponse:
    """Links to each service's page; the page itself is the service's own."""
    page = render.index_page(tuple(names_of("service")), render.language(lang))
    return HTMLResponse(page, headers=dict(render.headers()))
