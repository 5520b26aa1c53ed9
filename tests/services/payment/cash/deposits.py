"""Steps of the tests about deposits: accepting short ones and reversing wrong ones by two clients, and the auditor."""

from typing import Any

import httpx

from tests.harness.eventually import eventually
from tests.harness.village_cash import TAX_HALL, Village
from tests.services.payment.bank.statement_steps import OF_PAYMENT
from verify.checks import CHECKS
from verify.snapshot import open_databases

SCOPES = (*TAX_HALL, "payment:approve")
GROUNDS = {"reason": "收款人承认短款", "evidence": "欠条 2023-10-11"}
AUDITED = frozenset((*OF_PAYMENT, "MOVED_FOR_A_REASON", "CHRONOLOGY"))


async def propose(village: Village, batch: str, *, client: str = "bank", expect: int = 202) -> Any:
    """Propose that a short deposit is accepted; the proposal, or the answer that refuses it."""
    answer = await village.post(f"remittances/{batch}/short-acceptance", GROUNDS, scopes=SCOPES, client=client)
    assert answer.status_code == expect, answer.text
    return answer.json()["id"] if expect == 202 else answer


async def decide(village: Village, proposal: str, client: str) -> httpx.Response:
    """Approve it as a client."""
    because = {"because": "已与收款人核对"}
    return await village.post(f"approvals/{proposal}/approval", because, scopes=SCOPES, client=client)


async def accept(village: Village, batch: str) -> None:
    """Accept a short deposit: the bank's client proposes, the tax bureau's approves."""
    answer = await decide(village, await propose(village, batch), "tax")
    assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED"), answer.text


async def reversal(village: Village, line: str, *, client: str = "bank") -> httpx.Response:
    """Propose the reversal of a line."""
    return await village.post(f"bank-lines/{line}/reversal", {"reason": "录错"}, scopes=SCOPES, client=client)


async def reverse(village: Village, line: str) -> None:
    """Reverse a line by two clients."""
    proposal = await reversal(village, line)
    assert proposal.status_code == 202, proposal.text
    answer = await decide(village, proposal.json()["id"], "tax")
    assert (answer.status_code, answer.json()["state"]) == (200, "APPROVED"), answer.text


async def line_of(village: Village, slip: str, booked_on: str) -> str:
    """The bank's line for a slip on a day."""
    (line,) = (await village.get(f"bank-lines?statement_no=B-DEPOSIT-{slip}-{booked_on}"))["items"]
    found: str = line["id"]
    return found


async def paid(village: Village, batch: str, in_account_fen: int) -> None:
    """Wait until the account has so much of a short part."""

    async def there() -> bool:
        items = [one for one in (await village.get("collector-shortages"))["items"] if one["batch_id"] == batch]
        assert len(items) == 1, items
        found = items[0]
        return bool(found["in_account_fen"] == in_account_fen)

    await eventually(there)


async def breaks(village: Village) -> list[str]:
    """What the auditor finds wrong in payment's rows."""
    async with open_databases(village.installation.settings) as databases:
        results = [await check.result(databases) for check in CHECKS if check.code in AUDITED]
    assert len(results) == len(AUDITED)
    return [f"{result.code}: {each}" for result in results if result.breaks for each in result.rows]
