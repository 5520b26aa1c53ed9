"""A bug is one answer, one line about it and one about the request, and never the text of the error."""

import asyncio
import io
import json
import logging

import httpx
import pytest
import structlog
from fastapi import APIRouter, Request, Response
from structlog.testing import capture_logs

from services.composition import running_all
from services.payment.callbacks.routes import route_in
from services.payment.channels.table import ADAPTERS
from services.web_server import serve_requests
from shared.observability.logs import configure_logs
from shared.service import Service
from shared.web.lean_route import LeanRoute
from tests.harness.installation import Installation
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched

NUMBER = "411521199001010014"

pytestmark = pytest.mark.expects_errors


async def broken() -> None:
    """Raises an error about a person."""
    raise ValueError(f"nobody has the number {NUMBER}")


async def broken_lean(_: Request) -> Response:
    """Raises an error about a person."""
    raise ValueError(f"nobody has the number {NUMBER}")


def service() -> Service:
    """A service of broken routes."""
    public = frozenset({"/v1/broken", "/v1/lean", "/v1/wechat"})
    ordinary, lean, wechat = (
        APIRouter(),
        APIRouter(route_class=LeanRoute),
        APIRouter(route_class=route_in(ADAPTERS[0].form)),
    )
    ordinary.add_api_route("/v1/broken", broken)
    lean.add_api_route("/v1/lean", broken_lean, response_model=None)
    wechat.add_api_route("/v1/wechat", broken_lean, response_model=None)
    return Service(name="payment", routers=(ordinary, lean, wechat), public_paths=public)


@pytest.mark.parametrize("path", ["/payment/v1/broken", "/payment/v1/lean", "/payment/v1/wechat"])
async def test_a_bug_over_a_real_socket_leaves_two_lines_without_the_text_of_the_error(
    installation: Installation, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    port, stop, started = free_port(), asyncio.Event(), asyncio.Event()
    async with running_all(installation.settings, (service(),), role="web") as app:
        serving = asyncio.create_task(serve_requests(app, stop, "127.0.0.1", port, on_started=started.set))
        await asyncio.wait_for(started.wait(), stretched(10))
        with capture_logs() as captured:
            async with httpx.AsyncClient(trust_env=False, timeout=stretched(10)) as client:
                answer = await client.get(f"http://127.0.0.1:{port}{path}")
            stop.set()
            await serving
    bug, request = captured
    assert (bug["event"], bug["error"], bug["place"].split(":")[0]) == (
        "unexpected error",
        "ValueError",
        "shared/web/test_bug_lines.py",
    )
    assert (request["event"], request["path"], request["status"]) == ("request", path, 500)
    assert caplog.records == [], "the web server says nothing of its own"
    assert NUMBER not in json.dumps(captured, default=str) + answer.text
    assert answer.status_code == 500
    if path.endswith("wechat"):
        assert answer.json() == {"code": "FAIL", "message": "失败"}
        assert request["trace_id"] == bug["trace_id"]
    else:
        assert (answer.json()["code"], answer.json()["trace_id"]) == ("INTERNAL_ERROR", bug["trace_id"])


def test_an_exception_that_a_library_logs_is_its_type_and_its_places() -> None:
    to, root = io.StringIO(), logging.getLogger()
    before, known = root.handlers[:], structlog.get_config()
    root.handlers.clear()
    try:
        configure_logs(to=to)
        try:
            raise ValueError(NUMBER)
        except ValueError:
            logging.getLogger("a.library").exception("it failed")
    finally:
        root.handlers[:] = before
        structlog.configure(**known)
    line = json.loads(to.getvalue())
    assert (line["event"], line["error"]) == ("it failed", "ValueError")
    assert line["places"][-1].endswith("test_an_exception_that_a_library_logs_is_its_type_and_its_places")
    assert NUMBER not in to.getvalue()
