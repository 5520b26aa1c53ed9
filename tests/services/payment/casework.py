"""Suspended money and what two people decide about it, as the offices do it over HTTP."""

from typing import Any
from uuid import UUID

import httpx

from tests.harness.assessments import DUE_FEN
from tests.harness.wechat_peer import paid_notice
from tests.services.payment.running_payment import RunningPayment

GROUNDS = {"reason": "本人持支付记录到窗口核实", "evidence": "支付凭证 4200000001"}


async def orphan(payment: RunningPayment, transaction_id: str = "4200000001", fen: int = DUE_FEN, **said: Any) -> str:
    """Our money under an order that nobody knows: it stands in suspense under the county."""
    notice = paid_notice("SOMEBODYS0001", fen, transaction_id=transaction_id, **said)
    assert (await payment.notify(notice)).status_code == 204
    await payment.worked()
    return next(str(one["id"]) for one in await payment.get("suspense") if one["transaction_id"] == transaction_id)


async def propose(
    payment: RunningPayment, suspense: str, what: str, *, client: str = "clerk", **body: Any
) -> httpx.Response:
    """Put a decision forward."""
    return await payment.post(f"suspense/{suspense}/{what}", GROUNDS | body, client=client)


async def approve(payment: RunningPayment, proposed: httpx.Response, client: str = "checker") -> httpx.Response:
    """Approve what was put forward."""
    assert proposed.status_code == 202, proposed.text
    return await payment.post(f"approvals/{proposed.json()['id']}/approval", {"because": "已核对"}, client=client)


async def matched(payment: RunningPayment, suspense: str, person: UUID) -> dict[str, Any]:
    """Two people match suspended money to a person's bill."""
    answer = await approve(payment, await propose(payment, suspense, "match", enrolment_id=str(person)))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
