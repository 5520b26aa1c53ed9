"""A page says where the next one begins, and keeps its own name and shape in OpenAPI."""

from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel

from shared.web.page import Page


class ThingOut(BaseModel):
    """Something listed."""

    id: UUID


class ThingPage(Page[ThingOut, UUID]):
    """A page of things."""


THINGS = [ThingOut(id=UUID(int=number)) for number in (1, 2, 3)]


def test_a_full_page_names_the_last_key_and_a_shorter_one_is_the_last() -> None:
    assert ThingPage.of(THINGS, 3, key=lambda thing: thing.id).next == UUID(int=3)
    assert ThingPage.of(THINGS, 4, key=lambda thing: thing.id).next is None
    assert ThingPage.of([], 4, key=lambda thing: thing.id) == ThingPage(items=[], next=None)


def test_openapi_shows_the_page_by_its_own_name() -> None:
    app = FastAPI()

    @app.get("/things")
    async def things() -> ThingPage:
        """Things."""
        return ThingPage.of(THINGS, 3, key=lambda thing: thing.id)

    schemas = app.openapi()["components"]["schemas"]
    assert schemas["ThingPage"]["required"] == ["items", "next"]
    assert schemas["ThingPage"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/ThingOut"}
    assert schemas["ThingPage"]["description"] == "A page of things."
