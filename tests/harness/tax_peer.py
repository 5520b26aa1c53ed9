"""A tax exchange platform for tests: real HTTP on loopback, answering only with what it was sent itself."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "tax-exchange-token"


@dataclass
class TaxPeer:
    """Its own records: details by serial (cash) or by channel, merchant and day (online)."""

    url: str = ""
    asked: int = 0
    out_of_order: bool = False
    details: dict[str, dict[str, Any]] = field(default_factory=dict)

    def receive(self, reference: str, amounts: Mapping[UUID, int] | Iterable[tuple[UUID, int]]) -> None:
        """Take in what the villages' software or a channel sent under this reference."""
        pairs = list(amounts.items() if isinstance(amounts, Mapping) else amounts)
        lines = [
            {"line_no": f"{reference}-{number:04d}", "enrolment_id": str(enrolment_id), "amount_fen": amount_fen}
            for number, (enrolment_id, amount_fen) in enumerate(pairs, start=1)
        ]
        total_fen = sum(amount_fen for _, amount_fen in pairs)
        self.details[reference] = {"serial": reference, "total_fen": total_fen, "lines": lines}

    def answer(self, request: Request, reference: str) -> Response:
        """Answer one question, to those who know the token."""
        self.asked += 1
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        if self.out_of_order:
            return Response("<html>维护中</html>", media_type="text/html")
        detail = self.details.get(reference)
        return JSONResponse(detail) if detail else JSONResponse({"code": "UNKNOWN"}, 404)


@asynccontextmanager
async def tax_peer() -> AsyncIterator[TaxPeer]:
    """A platform on a free port, for the length of a block."""
    peer = TaxPeer()

    async def batch(request: Request) -> Response:
        return peer.answer(request, request.path_params["serial"])

    async def settlement(request: Request) -> Response:
        return peer.answer(request, "{channel}/{mchid}/{day}".format(**request.path_params))

    routes = [Route("/v1/batches/{serial}", batch), Route("/v1/settlements/{channel}/{mchid}/{day}", settlement)]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.01)
    peer.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield peer
    finally:
        server.should_exit = True
        await serving
