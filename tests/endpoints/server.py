"""A county's web and work roles in a process of their own, with somebody registered, billed and holding a receipt."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from services.composition import known_scopes
from services.registration.commands import save_client
from tests.harness.environment import variables
from tests.harness.installation import COUNTY, Installation
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched

ROOT = Path(__file__).parents[2]
VILLAGE = "411521101201"
SCOPES = tuple(sorted(known_scopes()))
CLIENT, SECRET = "caller", "the caller's secret in a test"
_WITHIN_S = 60.0


@dataclass
class Served:
    """Where it answers, what is known there, and where it writes its log."""

    base_url: str
    installation: Installation
    log: Path
    known: dict[str, str] = field(default_factory=dict)
    _tokens: dict[tuple[tuple[str, ...], str, int], dict[str, str]] = field(default_factory=dict)

    def caller(self, *scopes: str, region: str = COUNTY) -> dict[str, str]:
        """The header of a caller; a new token is made every five minutes."""
        key = (scopes, region, int(time.monotonic()) // 300)
        if key not in self._tokens:
            self._tokens[key] = self.installation.caller(*scopes, region=region)
        return self._tokens[key]

    def errors(self) -> list[str]:
        """What the process logged as an error, or as work that broke off."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if '"level": "error"' in line or "starting again" in line or "Traceback" in line]


@contextmanager
def served(installation: Installation, folder: Path) -> Iterator[Served]:
    """Serve everything until the block ends."""
    port, log = free_port(), folder / "serve.log"
    asyncio.run(save_client(installation.settings, CLIENT, SECRET, list(SCOPES), COUNTY))
    # The console's client: without a secret its /readyz is 503.
    environment = {**os.environ, **variables(installation.settings), "CANBAO_CONSOLE_CLIENT_SECRET": SECRET}
    environment["CANBAO_CONSOLE_CLIENT_ID"] = CLIENT
    command = [sys.executable, "-c", "from tools.cli import main; main()", "serve", "all", "--port", str(port)]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=out)
        try:
            here = Served(f"http://127.0.0.1:{port}", installation, log)
            _until(lambda: _answers(here.base_url), f"{here.base_url} answers")
            here.known = _settled(here)
            yield here
        finally:
            process.terminate()
            process.wait(stretched(60))


def _settled(here: Served) -> dict[str, str]:
    """Somebody who is registered and billed, whose cash is received, stated and deposited; by name of the parameter."""
    with httpx.Client(base_url=here.base_url, headers=here.installation.caller(*SCOPES), trust_env=False) as http:

        def post(path: str, body: Mapping[str, Any]) -> Any:
            answer = http.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

        post("/registration/v1/business-date", {"date": "2023-10-01"})
        post("/registration/v1/regions", {"regions": [{"code": VILLAGE, "name": "灵山街村"}]})
        person = {"document_number": "411521199003074513", "name": "张三", "birth_date": "1990-03-07"}
        enrolment = post("/registration/v1/enrolments", {**person, "region": VILLAGE, "benefit_year": 2024})["id"]
        _until(lambda: http.get(f"/payment/v1/bills/{enrolment}").is_success, "a bill was issued")
        # Payment learns the business date from an event; before, a receipt of that day would be years late.
        money = "/payment/v1/summary?benefit_year=2024"
        _until(lambda: http.get(money).json()["business_date"] == "2023-10-01", "payment knows the business date")
        receipt = {"receipt_no": "R-1", "enrolment_id": enrolment, "amount_fen": 38000, "received_on": "2023-10-01"}
        post("/payment/v1/cash-receipts", {"village": VILLAGE, "receipts": [receipt]})
        del receipt["received_on"]
        statement = {"statement_no": "S-1", "village": VILLAGE, "benefit_year": 2024, "total_fen": 38000}
        batch = post("/payment/v1/collection-statements", {**statement, "lines": [receipt]})["id"]
        line = {**person, "region": VILLAGE}
        del line["birth_date"]
        head = {"identity": "DIBAO", "department": "民政局", "document": "罗民1号", "certified_on": "2023-09-20"}
        roster = post("/subsidy/v1/rosters", {**head, "lines": [line]})["id"]
        # The roster has the person priced again. Until that has come through, tables fill by themselves.
        bill = f"/payment/v1/bills/{enrolment}"
        _until(lambda: http.get(bill).json()["state"] == "SUPERSEDED", "the bill follows the roster")
        return {
            "enrolment_id": enrolment,
            "roster_id": roster,
            "batch_id": batch,
            "statement_no": "S-1",
            "receipt_no": "R-1",
            "village": VILLAGE,
            "region": VILLAGE,
        }


def _answers(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _until(holds: Any, message: str) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + stretched(_WITHIN_S), f"not within {_WITHIN_S} s and more: {message}"
        time.sleep(0.05)
