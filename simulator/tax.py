"""The tax exchange platform: it answers with the details that it was sent itself, and knows nothing else."""

import hmac
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.journal import Journal


@dataclass(slots=True)
class TaxPeer:
    """Batches sent by the villages' software, and by the channels for each payout."""

    journal: Journal
    token: str

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route("/tax/v1/batches", self._receive, methods=["POST"]),
            Route("/tax/v1/batches/{serial}", self._batch, methods=["GET"]),
            Route("/tax/v1/settlements/{settlement:path}", self._settlement, methods=["GET"]),
        ]

    async def take(self, key: str, lines: list[dict[str, Any]]) -> None:
        """Keep a batch under its key; a batch sent again replaces the earlier one (a correction)."""
        numbered = [{"line_no": f"{key}-{place:05d}", **line} for place, line in enumerate(lines, start=1)]
        await self.journal.put("tax", key, numbered)

    def _known(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self.token}")

    async def _receive(self, request: Request) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        sent = await request.json()
        await self.take(sent["serial"], sent["lines"])
        return Response(status_code=204)

    async def _batch(self, request: Request) -> Response:
        return self._answer(request, request.path_params["serial"])

    async def _settlement(self, request: Request) -> Response:
        return self._answer(request, request.path_params["settlement"])

    def _answer(self, request: Request, key: str) -> Response:
        if not self._known(request):
            return Response(status_code=401)
        lines = self.journal.get("tax", key)
        if lines is None:
            return JSONResponse({"code": "UNKNOWN_SERIAL"}, 404)
        return JSONResponse({"serial": key, "total_fen": sum(line["amount_fen"] for line in lines), "lines": lines})
