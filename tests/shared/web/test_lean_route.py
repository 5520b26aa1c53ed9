"""Lean routes stand in front of their service and must be on its public list."""

import pytest
from fastapi import APIRouter, Request, Response

from shared.service import Service, ServiceContext
from shared.web.app import root_app
from shared.web.lean_route import LeanRoute
from tests.harness.installation import Installation, http_client


async def answer(request: Request) -> Response:
    """Answers with the service's name, which it finds in the application's state."""
    running: ServiceContext = request.app.state.running
    return Response(running.service.name + request.path_params["what"])


def lean(*, public: bool) -> Service:
    """A service with one lean route."""
    router = APIRouter(route_class=LeanRoute)
    router.add_api_route("/v1/lean/{what}", answer, methods=["POST"], response_model=None)
    return Service(name="payment", routers=(router,), public_paths=frozenset({"/v1/lean/{what}"} if public else ()))


async def test_a_lean_route_answers_in_the_state_of_its_service(installation: Installation) -> None:
    async with installation.running(lean(public=True), role="web") as runs, http_client(runs) as http:
        assert (await http.post("/payment/v1/lean/!")).text == "payment!"
        assert (await http.get("/payment/v1/lean/!")).status_code == 405


async def test_a_lean_route_that_is_not_public_does_not_start(installation: Installation) -> None:
    async with installation.running(lean(public=False), role="web") as runs:
        with pytest.raises(ValueError, match="the public list must name"):
            root_app(runs)
